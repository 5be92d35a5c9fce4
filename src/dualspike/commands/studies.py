"""The studies of ``dualspike experiment`` that train none of its tables of methods."""

import os
from pathlib import Path
from typing import Any

from dualspike.golden.alone import writing
from dualspike.golden.experiments import (
    cost_report,
    estimator_report,
    exact_figures,
    exact_report,
    neighbours,
    neighbours_report,
    opzo,
    opzo_report,
)
from dualspike.golden.experiments.estimator_figures import draw
from dualspike.golden.experiments.estimator_study import QUICK, Plan, measurements, study
from dualspike.golden.experiments.exact_training import epochs_of, train_all
from dualspike.golden.experiments.folder import Folder
from dualspike.golden.experiments.opzo_data import dataset
from dualspike.golden.experiments.report import to_json
from dualspike.golden.files import write_atomic
from dualspike.golden.online.samples import Samples
from dualspike.model.errors import BadInput
from dualspike.output import console, emit_json
from dualspike.progress import progress_bar

STUDIES = {
    "estimator": ("--seeds", "--quick"),
    "cost": (),
    "exact-gradient": ("--seeds",),
    "widths": ("--network", "--seeds", "--quick", "--jobs", "--updates"),
    "opzo": ("--seeds", "--quick", "--jobs", "--data"),
    "neighbours": ("--seeds", "--quick", "--jobs"),
}
"""What each takes beside --output and --json."""


def run_study(
    name: str,
    output: Path,
    seeds: int | None,
    quick: bool,
    jobs: int | None,
    data: str | None,
    as_json: bool,
    given: list[str],
) -> None:
    """Run one of the studies and write results.json, table.md and its figures.

    Raises BadInput if one of the options ``given`` means nothing to it, and for a folder that
    holds runs of an experiment.
    """
    for option in given:
        if option not in STUDIES[name]:
            raise BadInput(f"experiment {name} does not take {option}")
    samples = dataset(data or "digits") if name == "opzo" else None
    with writing(output) as folder:
        if Folder(folder).settings.exists():
            raise BadInput(f"{output} holds runs of an experiment: give another folder")
        results, table, text, figures = _studied(name, folder, seeds, quick, jobs, data, samples)
        write_atomic(folder / "results.json", to_json(results))
        write_atomic(folder / "table.md", table)
    files = ["results.json", "table.md", *figures]
    out = console(as_json)
    out.print(text)
    out.print(f"Wrote {', '.join(files)} in {output}")
    if as_json:
        emit_json(results | {"folder": str(output), "files": files})


def _studied(
    name: str,
    folder: Path,
    seeds: int | None,
    quick: bool,
    jobs: int | None,
    data: str | None,
    samples: Samples | None,
) -> tuple[dict[str, Any], str, str, list[str]]:
    """Results, table for a page and for a terminal, and the figures that the folder now has."""
    if name == "cost":
        rows = cost_report.study()
        results, table, text = (
            cost_report.results(rows),
            cost_report.markdown(rows),
            cost_report.text(rows),
        )
        figures = cost_report.draw(rows, folder)
    elif name == "exact-gradient":
        with progress_bar(name, epochs_of(seeds or 1)) as show:
            circuits = train_all(seeds or 1, show)
        results, table, text = (
            exact_report.results(circuits),
            exact_report.markdown(circuits),
            exact_report.text(circuits),
        )
        figures = exact_figures.draw(circuits, folder)
    elif samples is not None:
        sizes = opzo.QUICK if quick else opzo.Plan()
        count = seeds or sizes.seeds
        with progress_bar(name, opzo.runs(sizes, samples, count)) as show:
            label, processes = (data or "digits").partition("=")[0], jobs or os.cpu_count() or 1
            compared = opzo.study(label, sizes, samples, count, processes, show)
        results, table, text = (
            opzo_report.results(compared),
            opzo_report.markdown(compared),
            opzo_report.text(compared),
        )
        figures = opzo_report.draw(compared, folder)
    elif name == "neighbours":
        extent = neighbours.QUICK if quick else neighbours.Plan()
        count = seeds or extent.seeds
        with progress_bar(name, neighbours.runs(extent, count)) as show:
            rules = neighbours.study(extent, count, jobs or os.cpu_count() or 1, show)
        results, table, text = (
            neighbours_report.results(rules),
            neighbours_report.markdown(rules),
            neighbours_report.text(rules),
        )
        figures = neighbours_report.draw(rules, folder)
    else:
        plan = QUICK if quick else Plan()
        with progress_bar(name, measurements(seeds or 1)) as show:
            found = study(plan, seeds or 1, show)
        results, table, text = (
            estimator_report.results(found, plan),
            estimator_report.markdown(found, plan),
            estimator_report.text(found),
        )
        figures = draw(found, folder)
    return results, table, text, figures
