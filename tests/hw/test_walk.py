import pytest

from dualspike.testbench.benches import bench_jump, bench_walk
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(("name", "layer"), [("folded", 0), ("odd", 1), ("twisted", 2)])
def test_walk(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    assert (
        run_bench(bench_walk.component(**given), "walk", bench_walk.__name__, given, quick=True)
        == 1
    )


@pytest.mark.parametrize(("name", "layer"), [("event", 1), ("sparse", 2)])
def test_jump(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    assert (
        run_bench(bench_jump.component(**given), "jump", bench_jump.__name__, given, quick=True)
        == 1
    )
