import pytest

from dualspike.model.lfsr import seed_state
from dualspike.testbench.benches import bench_drawer
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("initial", [seed_state(1)])
def test_drawer(initial: int) -> None:
    component = bench_drawer.component(initial)
    assert (
        run_bench(component, "drawer", bench_drawer.__name__, {"initial": initial}, quick=True) == 4
    )
