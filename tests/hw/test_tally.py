import pytest

from dualspike.testbench.benches import bench_tally
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["plain", "folded", "twisted", "odd", "single"])
def test_tally(name: str) -> None:
    component = bench_tally.component(name)
    assert run_bench(component, "tally", bench_tally.__name__, {"name": name}) == 4
