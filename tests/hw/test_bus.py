import pytest

from dualspike.testbench.benches import bench_bus
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(("lanes", "layers"), [(1, 2), (4, 3)])
def test_bus(lanes: int, layers: int) -> None:
    given = {"lanes": lanes, "layers": layers}
    assert (
        run_bench(bench_bus.component(**given), "bus", bench_bus.__name__, given, quick=True) == 3
    )
