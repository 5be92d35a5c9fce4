"""``dualspike experiment widths``: how exact the chip's numbers must be."""

import os
from functools import partial
from pathlib import Path

from dualspike.commands.studies import STUDIES
from dualspike.golden.alone import writing
from dualspike.golden.experiments.folder import Folder
from dualspike.golden.experiments.processes import run_processes
from dualspike.golden.experiments.report import to_json
from dualspike.golden.experiments.widths import NAMES, NetworkName, execute
from dualspike.golden.experiments.widths_figures import draw
from dualspike.golden.experiments.widths_report import collect, left, markdown, results, text
from dualspike.golden.files import write_atomic
from dualspike.golden.locks import sweep
from dualspike.model.errors import BadInput
from dualspike.output import console, emit_json
from dualspike.progress import progress_bar

SEEDS = 3
JOBS = 256


def run_widths(
    network: str | None,
    output: Path,
    seeds: int | None,
    quick: bool,
    jobs: int | None,
    updates: int | None,
    as_json: bool,
    given: list[str],
) -> None:
    """Run what has not ended, then write results.json, table.md and the figure.

    Raises BadInput if one of the options ``given`` means nothing here, for an unknown network,
    numbers outside their ranges, and a folder that holds runs of an experiment or of other
    settings.
    """
    for option in given:
        if option not in STUDIES["widths"]:
            raise BadInput(f"experiment widths does not take {option}")
    names = _networks(network or "all")
    for option, value, most in (("--jobs", jobs, JOBS), ("--updates", updates, 10**8)):
        if value is not None and not 1 <= value <= most:
            raise BadInput(f"{option} must be in [1, {most}], not {value}")
    folder, count = output, seeds or (1 if quick else SEEDS)
    with writing(folder, "runs"):
        if Folder(folder).settings.exists():
            raise BadInput(f"{output} holds runs of an experiment: give another folder")
        sweep(folder / "runs")
        todo = left(folder, names, count, updates, quick)
        if todo:
            with progress_bar("widths", sum(trial.updates for trial in todo)) as show:
                run_processes(todo, partial(execute, folder), jobs or os.cpu_count() or 1, show)
        study = collect(folder, names, count, updates, quick)
        write_atomic(folder / "results.json", to_json(results(study)))
        write_atomic(folder / "table.md", markdown(study))
        files = ["results.json", "table.md", *draw(study, folder)]
    out = console(as_json)
    out.print(text(study))
    out.print(f"Wrote {', '.join(files)} in {output}")
    if as_json:
        emit_json(results(study) | {"folder": str(output), "files": files})


def _networks(wanted: str) -> list[NetworkName]:
    chosen: list[NetworkName] = [name for name in NAMES if wanted in (name, "all")]
    if not chosen:
        raise BadInput(f"--network must be all or one of {', '.join(NAMES)}, not {wanted!r}")
    return chosen
