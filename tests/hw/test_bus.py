import pytest

from dualspike.testbench.benches import bench_bus
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("shape", ["single", "odd"])
def test_bus(shape: str) -> None:
    given = {"shape": shape}
    assert (
        run_bench(bench_bus.component(**given), "bus", bench_bus.__name__, given, quick=True) == 3
    )
