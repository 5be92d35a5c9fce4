"""``dualspike experiment``: the paper's experiments in the golden model, and further studies."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from dualspike.commands.source import FolderOption
from dualspike.golden.experiments.runner.studies import STUDIES
from dualspike.model.errors import BadInput, not_one_of
from dualspike.output import JsonFlag, console, emit_json
from dualspike.progress import progress_bar

SEEDS = 1000
JOBS = 256


def experiment(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(STUDIES)}.")],
    output: FolderOption,
    methods: Annotated[
        str, typer.Option(metavar="all|NAME,...", help="Rows of the paper's table to run.")
    ] = "all",
    columns: Annotated[
        str,
        typer.Option(
            metavar="all|NAME,...", help="Ways to train of a paper's experiment: ours, faithful."
        ),
    ] = "all",
    seeds: Annotated[
        int | None, typer.Option(metavar="N", help="Run seeds 1 to N; the settings name a number.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A smoke run of a minute.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processes at once; as many as cores if left out."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS|local", help="Run on a Dask cluster that shares the folder."),
    ] = None,
    updates: Annotated[
        int | None, typer.Option(metavar="N", help="Updates to run; the rate schedule spans them.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Other settings than the built-in ones."),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(metavar="all|NAME", help="Network of widths: hat, poisson, ..."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[=FOLDER]",
            help="Data of opzo or on-chip: digits, or mnist, spoken-digits, ... with a folder.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Delete earlier runs first.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run an experiment of the paper; the same command goes on where one was stopped."""
    for option, value, most in (("--seeds", seeds, SEEDS), ("--jobs", jobs, JOBS)):
        if value is not None and not 1 <= value <= most:
            raise BadInput(f"{option} must be in [1, {most}], not {value}")
    if name not in STUDIES:
        raise BadInput(not_one_of("experiment", STUDIES, name))
    study = STUDIES[name]
    came = {"methods": None if methods == "all" else methods, "seeds": seeds}
    came |= {"columns": None if columns == "all" else columns}
    came |= {"quick": quick or None, "jobs": jobs, "cluster": cluster, "updates": updates}
    came |= {"settings": settings, "force": force or None, "network": network, "data": data}
    options = {option: value for option, value in came.items() if value is not None}
    for option in options:
        if option not in study.options:
            raise BadInput(f"experiment {name} does not take --{option}")
    results, text, files = study.carry_out(options, output, partial(progress_bar, name))
    out = console(as_json)
    out.print(text)
    out.print(f"Wrote {', '.join(files)} in {output}")
    if as_json:
        emit_json(results | {"folder": str(output), "files": files})
