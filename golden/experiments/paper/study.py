"""The paper's experiments: runs of its methods, kept in a folder, on this machine or a cluster."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from dualspike.golden.experiments.paper.figures import draw
from dualspike.golden.experiments.paper.methods import Experiment, Method, chosen
from dualspike.golden.experiments.paper.models import write_models
from dualspike.golden.experiments.paper.report import Report, collect
from dualspike.golden.experiments.paper.run import Run, execute
from dualspike.golden.experiments.paper.settings import (
    OURS,
    PaperSettings,
    load_settings,
    read_settings,
)
from dualspike.golden.experiments.runner.cluster import connected, run_cluster
from dualspike.golden.experiments.runner.folder import RunsFolder, opened
from dualspike.golden.experiments.runner.processes import Notice, cores, run_processes
from dualspike.golden.experiments.runner.study import Job, Progress, Study
from dualspike.model.errors import BadInput


def paper_study(name: Experiment) -> Study[Report]:
    """The experiment of that name."""

    def written(report: Report, folder: Path) -> list[str]:
        return [*draw(report, folder), *write_models(report, folder)]

    return Study(partial(_job, name), Report.results, Report.markdown, Report.text, written)


def _job(
    name: Experiment,
    methods: str = "all",
    columns: str = "all",
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    cluster: str | None = None,
    updates: int | None = None,
    settings: Path | None = None,
    force: bool = False,
) -> Job[Report]:
    rows = chosen(name, methods)
    described = read_settings(settings) if settings else load_settings(name)
    if described.experiment != name:
        raise BadInput(f"{settings}: experiment must be {name}, not {described.experiment}")
    lacking = [row for row in rows if row.rule not in described.training.rates]
    if lacking and methods != "all":
        raise BadInput(f"{settings}: training.rates must have {lacking[0].rule} to run it")
    wanted = columns_of(described, columns)
    count = seeds or (1 if quick else described.seeds)
    described = described.with_training(updates, quick)

    def run(path: Path, progress: Progress) -> Report:
        folder = RunsFolder(path)
        problem = folder.problem(described)
        runs = left(runs_of(described, rows, count, wanted), folder)
        run_left(runs, folder, jobs, cluster, progress)
        return collect(folder, described, problem)

    return Job(run, partial(opened, settings=described, force=force))


def columns_of(settings: PaperSettings, wanted: str) -> list[str]:
    """Those that ``wanted`` lists, names with commas between them, or ``all``, ours first."""
    known = [OURS, *settings.columns]
    names = known if wanted == "all" else [word.strip() for word in wanted.split(",")]
    for name in names:
        if name not in known:
            raise BadInput(f"--columns must be all or some of {', '.join(known)}, not {name!r}")
    return [name for name in known if name in names]


def runs_of(
    settings: PaperSettings, methods: Sequence[Method], seeds: int, columns: Sequence[str] = (OURS,)
) -> list[Run]:
    """Every method that a column has a rate for, from seeds 1 to ``seeds``."""
    made = [
        (settings.column(column, method), method, column)
        for column in columns
        for method in methods
    ]
    return [
        Run(described, method, seed, column)
        for described, method, column in made
        if method.rule in described.training.rates
        for seed in range(1, seeds + 1)
    ]


def left(runs: Sequence[Run], folder: RunsFolder) -> list[Run]:
    """The runs that have not ended in the folder."""
    return [run for run in runs if not run.record(folder.runs).outcome.exists()]


def run_left(
    runs: Sequence[Run],
    folder: RunsFolder,
    jobs: int | None,
    cluster: str | None,
    progress: Progress,
) -> None:
    """Execute the runs, if there are any, in processes here or on the cluster at that address.

    The numbers are the same either way. Raises BadInput as ``connected`` does.
    """
    updates = sum(run.updates for run in runs)
    if runs and cluster is None:
        with progress(updates) as show:
            run_processes(runs, partial(_work, folder), jobs, show)
    elif runs and cluster is not None:
        at_once = min(jobs or cores(), len(runs))
        with connected(cluster, at_once, folder) as client, progress(updates) as show:
            run_cluster(client, runs, folder, show)


def _work(folder: RunsFolder, run: Run, notice: Notice) -> None:
    execute(run, folder.problem(run.settings), folder.runs, notice)
