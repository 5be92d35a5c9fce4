import pytest

from dualspike.testbench.benches import bench_tally
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["folded", "twisted", "odd"])
def test_tally(name: str) -> None:
    component = bench_tally.component(name)
    assert run_bench(component, "tally", bench_tally.__name__, {"name": name}, quick=True) == 4
