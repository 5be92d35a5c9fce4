import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dualspike.model.cache import kept
from dualspike.testbench import builds
from dualspike.testbench.benches import bench_fickle
from dualspike.testbench.components import run_bench

MODULE = bench_fickle.__name__


def run(fault: str) -> int:
    component = bench_fickle.component(fault)
    return run_bench(component, "fickle", MODULE, {"fault": fault})


def test_a_sound_component_passes() -> None:
    assert run("none") == 1


@pytest.mark.parametrize(
    ("fault", "offers"), [("changes", "offers 0x7"), ("withdraws", "offers nothing")]
)
def test_a_breach_of_the_handshake_is_caught(fault: str, offers: str) -> None:
    said = f"counts: cycle 4: outputs offered 0x3, which was not taken, and now {offers}\n"
    with pytest.raises(AssertionError) as caught:
        run(fault)
    first, message, *_ = str(caught.value).splitlines(keepends=True)
    assert (first, message) == (f"{MODULE} failed\n", said)


def test_a_failing_assertion_is_told() -> None:
    with pytest.raises(AssertionError, match=f"{MODULE} failed\ncounts: wrong count"):
        run("count")


def test_a_module_without_tests_is_an_error() -> None:
    module = "dualspike.testbench.benches.shapes"
    with pytest.raises(AssertionError, match=module):
        run_bench(bench_fickle.component("none"), "fickle", module, {})


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        run_bench(bench_fickle.component("none"), "fickle", "nowhere", {})


def test_a_program_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run("none")

    def built(*_: object) -> None:
        raise RuntimeError("built anew")

    monkeypatch.setattr(builds, "_work_folder", built)
    assert run("none") == 1
    with pytest.raises(RuntimeError, match="built anew"):
        run_bench(bench_fickle.component("none"), "renamed", MODULE, {"fault": "none"})


def test_two_builds_at_once_leave_one_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("none")
    here, there = kept("simulators"), tmp_path / "simulators"
    for path in here.glob("bench-runtime-*"):
        shutil.copytree(path, there / path.name)
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path))
    code = (
        f"from {MODULE} import component\n"
        "from dualspike.testbench.components import run_bench\n"
        f"assert run_bench(component('none'), 'fickle', '{MODULE}', {{'fault': 'none'}}) == 1\n"
    )
    path = [folder for folder in sys.path if folder]
    monkeypatch.setenv("PYTHONPATH", ":".join(path))
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    left = [path for path in there.glob("bench-*") if "runtime" not in path.name]
    assert len(left) == 1
    assert (left[0] / "fickle").is_file()
    assert not list(there.glob("build-*"))
