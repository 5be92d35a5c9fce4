"""Many runs: which are left to do in a folder, and where they are executed."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

from dualspike.golden.experiments.cluster import connected, run_cluster
from dualspike.golden.experiments.folder import Folder
from dualspike.golden.experiments.methods import Method
from dualspike.golden.experiments.processes import Notice, Show, run_processes
from dualspike.golden.experiments.run import Run, execute
from dualspike.golden.experiments.settings import Settings

Execute = Callable[[Sequence[Run], Show], None]


def runs_of(settings: Settings, methods: Sequence[Method], seeds: int) -> list[Run]:
    """Every method from seeds 1 to ``seeds``."""
    return [Run(settings, method, seed) for method in methods for seed in range(1, seeds + 1)]


def left(runs: Sequence[Run], folder: Folder) -> list[Run]:
    """The runs that have not ended in the folder."""
    return [run for run in runs if not run.record(folder.runs).outcome.exists()]


@contextmanager
def executor(folder: Folder, jobs: int, cluster: str | None) -> Generator[Execute, None, None]:
    """What executes runs: ``jobs`` processes here, or the Dask cluster at the address ``cluster``.

    The numbers are the same either way. Raises BadInput as ``connected`` does.
    """
    if cluster is None:
        yield lambda runs, show: run_processes(runs, partial(_work, folder), jobs, show)
    else:
        with connected(cluster, jobs, folder) as client:
            yield lambda runs, show: run_cluster(client, runs, folder, show)


def _work(folder: Folder, run: Run, notice: Notice) -> None:
    execute(run, folder.problem(run.settings), folder.runs, notice)
