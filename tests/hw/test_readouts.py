import pytest

from dualspike.testbench.benches import bench_readouts
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["local", "near"])
def test_readouts(name: str) -> None:
    component = bench_readouts.component(name)
    assert (
        run_bench(component, "readouts", bench_readouts.__name__, {"name": name}, quick=True) == 8
    )
