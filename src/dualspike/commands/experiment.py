"""``dualspike experiment``: the paper's experiments in the golden model."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dualspike.commands.source import FolderOption
from dualspike.commands.studies import STUDIES, run_study
from dualspike.commands.widths import run_widths
from dualspike.golden.experiments.figures import draw
from dualspike.golden.experiments.folder import Folder, opened
from dualspike.golden.experiments.methods import METHODS, chosen
from dualspike.golden.experiments.methods import experiment as known
from dualspike.golden.experiments.report import Report, collect, to_json
from dualspike.golden.experiments.run import Run
from dualspike.golden.experiments.settings import load_settings, read_settings
from dualspike.golden.experiments.study import executor, left, runs_of
from dualspike.golden.files import write_atomic
from dualspike.golden.problems.problem import Problem
from dualspike.golden.problems.store import checksum
from dualspike.model.errors import BadInput
from dualspike.output import JsonFlag, console, emit_json
from dualspike.progress import progress_bar

SEEDS = 1000
JOBS = 256


def experiment(
    name: Annotated[str, typer.Argument(metavar="|".join((*METHODS, *STUDIES)))],
    output: FolderOption,
    methods: Annotated[
        str, typer.Option(metavar="all|NAME,...", help="Rows of the paper's table to run.")
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
            help="Data of opzo: digits, bars, or mnist, nmnist, dvs-gesture with their folder.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Delete earlier runs first.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run an experiment of the paper; the same command goes on where one was stopped."""
    _check("--seeds", seeds, SEEDS)
    _check("--jobs", jobs, JOBS)
    if name in STUDIES:
        options = {"--methods": methods != "all", "--seeds": seeds, "--quick": quick}
        options |= {"--jobs": jobs, "--cluster": cluster, "--updates": updates}
        options |= {"--settings": settings, "--force": force, "--network": network}
        options |= {"--data": data}
        given = [option for option, came in options.items() if came]
        if name == "widths":
            run_widths(network, output, seeds, quick, jobs, updates, as_json, given)
        else:
            run_study(name, output, seeds, quick, jobs, data, as_json, given)
        return
    if name not in METHODS:
        names = ", ".join((*METHODS, *STUDIES))
        raise BadInput(f"experiment must be one of {names}, not {name!r}")
    for option, came in (("--network", network), ("--data", data)):
        if came is not None:
            raise BadInput(f"experiment {name} does not take {option}")
    chosen_name = known(name)
    rows = chosen(chosen_name, methods)
    described = read_settings(settings) if settings else load_settings(chosen_name)
    if described.experiment != chosen_name:
        raise BadInput(f"{settings}: experiment must be {name}, not {described.experiment}")
    count = seeds or (1 if quick else described.seeds)
    described = described.with_training(updates, quick)
    with opened(output, described, force) as folder:
        problem = folder.problem(described)
        runs = left(runs_of(described, rows, count), folder)
        if runs:
            _execute(runs, folder, jobs or os.cpu_count() or 1, cluster)
        report = collect(folder, described, checksum(problem))
        files = _write(report, problem, folder)
    out = console(as_json)
    out.print(report.text())
    out.print(f"Wrote {', '.join(files)} in {output}")
    if as_json:
        emit_json(report.results() | {"folder": str(output), "files": files})


def _check(option: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise BadInput(f"{option} must be in [1, {most}], not {value}")


def _execute(runs: list[Run], folder: Folder, jobs: int, cluster: str | None) -> None:
    updates = runs[0].settings.training.updates
    with (
        executor(folder, min(jobs, len(runs)), cluster) as execute,
        progress_bar(runs[0].settings.experiment, len(runs) * updates) as show,
    ):
        execute(runs, show)


def _write(report: Report, problem: Problem, folder: Folder) -> list[str]:
    write_atomic(folder.path / "results.json", to_json(report.results()))
    write_atomic(folder.path / "table.md", report.markdown())
    return ["results.json", "table.md", *draw(report, problem, folder)]
