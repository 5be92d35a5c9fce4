"""Many runs in processes: the same bytes of results, errors of a run, and where to stop."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.report import collect
from dualspike.golden.experiments.paper.run import Run
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.experiments.paper.study import left, run_left, runs_of
from dualspike.golden.experiments.runner.cluster import LOCAL
from dualspike.golden.experiments.runner.folder import opened
from dualspike.golden.experiments.runner.processes import Notice, Total
from dualspike.golden.experiments.runner.study import Progress, Show, to_json
from tests.refusals import refusal


def heard(show: Show) -> Progress:
    return lambda _: nullcontext(show)


def results(path: Path, settings: PaperSettings, jobs: int, cluster: str | None = None) -> bytes:
    """The bytes of results.json without the times, of two methods and two seeds."""
    path.mkdir(exist_ok=True)
    shown: list[int] = []
    with opened(path, settings, force=False) as folder:
        runs = left(runs_of(settings, METHODS["poisson"][5:7], 2), folder)
        run_left(runs, folder, jobs, cluster, heard(lambda done, _: shown.append(done)))
        report = collect(folder, settings, folder.problem(settings))
    assert shown[-1] == len(runs) * settings.training.updates and shown == sorted(shown)
    found: dict[str, Any] = report.results()
    assert set(found.pop("timing")) == {
        f"{m}-{s}" for m in ("WSG-RFG-G", "SG-RFG-L") for s in (1, 2)
    }
    return to_json(found)


def test_results_are_the_same_whatever_the_number_of_workers(
    small: Callable[..., PaperSettings], tmp_path: Path
) -> None:
    settings = small("poisson", updates=40)
    expected = results(tmp_path / "one", settings, 1)
    assert b'"diverged": null' in expected
    assert results(tmp_path / "two", settings, 2) == expected
    assert results(tmp_path / "cluster", settings, 2, LOCAL) == expected
    cluster: Any = LocalCluster(processes=False, n_workers=3, dashboard_address="127.0.0.1:0")
    with cluster:
        address = cluster.scheduler_address
        assert results(tmp_path / "address", settings, 1, address) == expected


def test_an_error_in_a_run_is_raised_and_the_others_stop(
    run_of: Callable[..., Run], tmp_path: Path
) -> None:
    """The damaged one is the second; the first, with updates for hours, ends with a checkpoint."""
    good, bad = (run_of("hat", "BP", seed, updates=10**8) for seed in (1, 2))
    with opened(tmp_path, good.settings, force=False) as folder:
        folder.problem(good.settings)
        path = bad.record(folder.runs).checkpoint
        path.write_bytes(b"?" * 100)
        said = refusal(run_left, [good, bad], folder, 2, None, heard(lambda *_: None))
    assert said == f"{path} is damaged (SHA-256): delete it to start that run again"
    names = sorted(p.name for p in folder.runs.iterdir())
    assert names in (["BP-2.checkpoint.npz"], ["BP-1.checkpoint.npz", "BP-2.checkpoint.npz"])


def test_a_process_that_is_killed_is_one_line(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("hat", "BP", updates=10**8)

    def kill(_: int, __: float) -> None:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        names = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
        for pid in [pid for pid, name in names.items() if "spawn_main" in name]:
            os.kill(int(pid), 9)

    with opened(tmp_path, run.settings, force=False) as folder:
        folder.problem(run.settings)
        said = refusal(run_left, [run], folder, 1, None, heard(kill))
    assert said == (
        "a process of a run was ended from outside (too little memory?):"
        " the same command goes on from what it left"
    )


def test_only_what_has_not_ended_is_left(
    small: Callable[..., PaperSettings], tmp_path: Path
) -> None:
    settings = small("poisson")
    with opened(tmp_path, settings, force=False) as folder:
        runs = runs_of(settings, METHODS["poisson"][:2], 2)
        assert [run.name for run in runs] == ["SG-BP-1", "SG-BP-2", "WSG-BP-1", "WSG-BP-2"]
        runs[1].record(folder.runs).outcome.touch()
        assert [run.name for run in left(runs, folder)] == ["SG-BP-1", "WSG-BP-1", "WSG-BP-2"]
    shutil.rmtree(tmp_path)


def test_progress_adds_up_and_never_goes_back(run_of: Callable[..., Run]) -> None:
    shown: list[tuple[int, float]] = []
    total = Total([run_of("hat", "BP", s) for s in (1, 2)], lambda *now: shown.append(now))
    for message in ((0, 5, 0.1), (1, 7, 0.2), (0, 3, 0.3), (0, 6, 0.4)):
        total.note(message)
    total.ended(1)
    total.note((1, 9, 0.5))
    assert shown == [(5, 0.1), (12, 0.2), (13, 0.4), (36, 0.4)]


def test_a_notice_is_sent_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    from dualspike.golden.experiments.runner import processes

    times = iter([0.0, 0.1, 0.3, 0.35, 0.6])
    monkeypatch.setattr(processes.time, "monotonic", lambda: next(times))
    sent: list[tuple[int, int, float]] = []
    notice = Notice(4, sent.append, lambda: len(sent) == 3)
    assert [notice(done, 0.5) for done in range(1, 6)] == [True, True, True, True, False]
    assert sent == [(4, 1, 0.5), (4, 3, 0.5), (4, 5, 0.5)]
    assert json.loads(json.dumps(sent)) == [list(message) for message in sent]
