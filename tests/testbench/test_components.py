import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import cocotb
import pytest

from dualspike.model.system import builds
from dualspike.model.system.cache import kept
from dualspike.testbench.unit.benches import bench_fickle, bench_skid_buffer, shapes
from dualspike.testbench.unit.run import run_bench

MODULE = bench_fickle.__name__
run = partial(run_bench, bench_fickle, quick=True)


@pytest.mark.parametrize("quick", [True, False])
def test_a_sound_component_passes(quick: bool) -> None:
    run(fault="none", quick=quick)


@pytest.mark.parametrize(
    ("fault", "offers"), [("changes", "offers 0x7"), ("withdraws", "offers nothing")]
)
def test_a_breach_of_the_handshake_is_caught(fault: str, offers: str) -> None:
    said = f"counts: cycle 4: outputs offered 0x3, which was not taken, and now {offers}\n"
    with pytest.raises(AssertionError) as caught:
        run(fault=fault)
    first, message, *_ = str(caught.value).splitlines(keepends=True)
    assert (first, message) == (f"{MODULE} failed\n", said)


def test_a_failing_assertion_is_told() -> None:
    with pytest.raises(AssertionError, match=f"{MODULE} failed\ncounts: wrong count"):
        run(fault="count")


def test_a_module_without_tests_is_an_error() -> None:
    with pytest.raises(AssertionError, match=f"{shapes.__name__} has no test"):
        run_bench(shapes)


def test_a_module_that_is_not_there_is_an_error() -> None:
    """One that the simulator cannot import."""
    bench = ModuleType("nowhere")
    vars(bench).update(vars(bench_fickle), __name__="nowhere")
    with pytest.raises(AssertionError, match="nowhere"):
        run_bench(bench, quick=True, fault="none")


def test_tests_that_a_filter_leaves_out_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCOTB_TEST_FILTER", "takes_one_cycle")
    with pytest.raises(AssertionError, match=r"did not run passes_.*, follows_a_queue_of_two\n"):
        run_bench(bench_skid_buffer, quick=True, **bench_skid_buffer.CASES[0])


def test_a_test_without_a_result_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the results do not name, as this process alone knows of it."""
    other = cocotb.test(skip=True)(bench_fickle.counts.func)
    other.name = "forgotten"
    monkeypatch.setattr(bench_fickle, "forgotten", other, raising=False)
    with pytest.raises(AssertionError, match=f"{MODULE} did not run forgotten"):
        run(fault="none")


def test_a_program_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run(fault="none")

    def built(*_: object) -> None:
        raise RuntimeError("built anew")

    monkeypatch.setattr(builds, "_work_folder", built)
    run(fault="none")
    monkeypatch.setattr(bench_fickle, "TOP", "renamed")
    with pytest.raises(RuntimeError, match="built anew"):
        run(fault="none")


def test_two_builds_at_once_leave_one_program(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(fault="none")
    simulators, yosys, there = kept("simulators"), kept("wasmtime"), here / "simulators"
    for path in simulators.glob("bench-runtime-*"):
        shutil.copytree(path, there / path.name)
    (here / yosys.name).symlink_to(yosys)
    monkeypatch.setenv("DUALSPIKE_CACHE", str(here))
    code = (
        "from dualspike.testbench.unit.benches import bench_fickle\n"
        "from dualspike.testbench.unit.run import run_bench\n"
        "run_bench(bench_fickle, quick=True, fault='none')\n"
    )
    path = [folder for folder in sys.path if folder]
    monkeypatch.setenv("PYTHONPATH", ":".join(path))
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    left = [path for path in there.glob("bench-*") if "runtime" not in path.name]
    assert len(left) == 1
    assert (left[0] / "fickle").is_file()
    assert not list(there.glob("build-*"))
