import pytest

from dualspike.testbench.benches import bench_settle
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("plain", 0),
        ("plain", 2),
        ("folded", 0),
        ("folded", 1),
        ("folded", 2),
        ("twisted", 0),
        ("twisted", 2),
        ("odd", 1),
    ],
)
def test_settle(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    component = bench_settle.component(**given)
    assert run_bench(component, "settle", bench_settle.__name__, given, quick=True) == 5
