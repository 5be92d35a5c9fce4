import pytest

from dualspike.testbench.benches import bench_loss
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["plain", "folded", "odd", "local"])
def test_loss(name: str) -> None:
    component = bench_loss.component(name)
    assert run_bench(component, "loss_unit", bench_loss.__name__, {"name": name}, quick=True) == 7
