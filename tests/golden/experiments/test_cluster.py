"""What can be wrong with a Dask cluster; that its results are the same is in test_study."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from dualspike.golden.experiments import cluster
from dualspike.golden.experiments.cluster import LOCAL, connected, run_cluster
from dualspike.golden.experiments.folder import Folder
from dualspike.golden.experiments.run import Run
from dualspike.model.errors import BadInput
from dualspike.model.identity import VERSION


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "runs").mkdir()
    return Folder(tmp_path)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Two workers inside this process."""
    workers: Any = LocalCluster(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    )
    with workers:
        yield workers.scheduler_address


def refusal(folder: Folder, address: str) -> str:
    with pytest.raises(BadInput) as caught, connected(address, 1, folder):
        pass
    assert [p.name for p in folder.path.iterdir()] == ["runs"]
    return str(caught.value)


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:9", "what://ever", "tcp://"])
def test_a_scheduler_that_does_not_answer_is_one_line(
    folder: Folder, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.3)
    assert refusal(folder, nowhere) == f"no Dask scheduler answers at {nowhere}"


def test_without_dask_there_is_one_line(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    line = "--cluster needs Dask: install it with pip install 'dualspike[cluster]'"
    assert refusal(folder, LOCAL) == line


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (("0.0.9", ""), "must have dualspike {version}, not 0.0.9"),
        ((VERSION, ""), "does not see {path}: give a folder that all machines share"),
    ],
)
def test_workers_that_are_no_good(
    folder: Folder,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[str, str],
    line: str,
) -> None:
    monkeypatch.setattr(cluster, "_answer", lambda _: answer)
    found = refusal(folder, address)
    assert found.startswith("worker inproc://")
    assert found.endswith(line.format(version=VERSION, path=folder.path))


def test_a_cluster_without_workers(folder: Folder) -> None:
    empty: Any = LocalCluster(processes=False, n_workers=0, dashboard_address="127.0.0.1:0")
    with empty:
        line = f"the Dask scheduler at {empty.scheduler_address} must have a worker, it has none"
        assert refusal(folder, empty.scheduler_address) == line


def test_an_error_in_a_run_is_raised_and_the_others_stop(
    run_of: Callable[..., Run], folder: Folder, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.05)
    good, bad = (run_of("hat", "BP", seed, updates=10**8) for seed in (1, 2))
    folder.problem(good.settings)
    path = bad.record(folder.runs).checkpoint
    path.write_bytes(b"?" * 100)
    with connected(address, 2, folder) as client:
        with pytest.raises(BadInput) as caught:
            run_cluster(client, [good, bad], folder, lambda *_: None)
        line = f"{path} is damaged (SHA-256): delete it to start that run again"
        assert str(caught.value) == line
        idle(client)
    assert not good.record(folder.runs).outcome.exists()


def idle(client: Any) -> None:
    """Wait until no worker computes any more, and fail if that takes longer than to compile."""

    until = time.monotonic() + 120
    while any(client.processing().values()):
        assert time.monotonic() < until
        time.sleep(0.05)
