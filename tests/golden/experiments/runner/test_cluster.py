"""What can be wrong with a Dask cluster; that its results are the same is in test_paper."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from dualspike.golden.experiments.paper.run import Run
from dualspike.golden.experiments.runner import cluster
from dualspike.golden.experiments.runner.cluster import LOCAL, connected, run_cluster
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.model.version import VERSION
from tests.refusals import refusal


@pytest.fixture
def folder(tmp_path: Path) -> RunsFolder:
    (tmp_path / "runs").mkdir()
    return RunsFolder(tmp_path)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Two workers inside this process."""
    workers: Any = LocalCluster(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    )
    with workers:
        yield workers.scheduler_address


def refused(folder: RunsFolder, address: str) -> str:
    said = refusal(connected(address, 1, folder).__enter__)
    assert [p.name for p in folder.path.iterdir()] == ["runs"]
    return said


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:9", "what://ever", "tcp://"])
def test_a_scheduler_that_does_not_answer_is_one_line(
    folder: RunsFolder, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.3)
    assert refused(folder, nowhere) == f"no Dask scheduler answers at {nowhere}"


def test_without_dask_there_is_one_line(
    folder: RunsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    line = "--cluster needs Dask: install it with pip install 'dualspike[cluster]'"
    assert refused(folder, LOCAL) == line


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (("0.0.9", ""), "must have dualspike {version}, not 0.0.9"),
        ((VERSION, ""), "does not see {path}: give a folder that all machines share"),
    ],
)
def test_workers_that_are_no_good(
    folder: RunsFolder,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[str, str],
    line: str,
) -> None:
    monkeypatch.setattr(cluster, "_answer", lambda _: answer)
    found = refused(folder, address)
    assert found.startswith("worker inproc://")
    assert found.endswith(line.format(version=VERSION, path=folder.path))


def test_a_cluster_without_workers(folder: RunsFolder) -> None:
    empty: Any = LocalCluster(processes=False, n_workers=0, dashboard_address="127.0.0.1:0")
    with empty:
        line = f"the Dask scheduler at {empty.scheduler_address} must have a worker, it has none"
        assert refused(folder, empty.scheduler_address) == line


def test_an_error_in_a_run_is_raised_and_the_others_stop(
    run_of: Callable[..., Run], folder: RunsFolder, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.05)
    good, bad = (run_of("hat", "BP", seed, updates=10**8) for seed in (1, 2))
    folder.problem(good.settings)
    path = bad.record(folder.runs).checkpoint
    path.write_bytes(b"?" * 100)
    with connected(address, 2, folder) as client:
        line = f"{path} is damaged (SHA-256): delete it to start that run again"
        assert refusal(run_cluster, client, [good, bad], folder, lambda *_: None) == line
        idle(client)
    assert not good.record(folder.runs).outcome.exists()


def idle(client: Any) -> None:
    """Wait until no worker computes any more, and fail if that takes longer than to compile."""

    until = time.monotonic() + 120
    while any(client.processing().values()):
        assert time.monotonic() < until
        time.sleep(0.05)
