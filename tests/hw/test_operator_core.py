import pytest

from dualspike.testbench.benches import bench_operator_core as bench
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["pair", "single"])
def test_operator_core(name: str) -> None:
    component = bench.component(name)
    given = {"name": name}
    assert run_bench(component, "operator_core", bench.__name__, given, quick=True) == 5
