import pytest

from dualspike.testbench.benches import bench_operator_product as bench
from dualspike.testbench.benches.operator_shapes import OPERATOR_SHAPES
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", OPERATOR_SHAPES)
def test_product_unit(name: str) -> None:
    component = bench.component(name)
    given = {"name": name}
    assert run_bench(component, "product_unit", bench.__name__, given, quick=True) == 5
