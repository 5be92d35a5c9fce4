import pytest

from dualspike.testbench.benches import bench_replay
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(("depth", "times"), [(1, 1), (1, 5), (3, 2), (4, 3)])
def test_replay(depth: int, times: int) -> None:
    given = {"depth": depth, "times": times}
    component = bench_replay.component(**given)
    assert run_bench(component, "replay", bench_replay.__name__, given, quick=True) == 6
