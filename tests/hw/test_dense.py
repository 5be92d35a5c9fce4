import pytest

from dualspike.testbench.benches import bench_dense
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("plain", 1),
        ("folded", 0),
        ("twisted", 1),
        ("odd", 2),
        ("leaky", 0),
        ("still", 0),
        ("event", 2),
        ("sparse", 1),
        ("local", 5),
    ],
)
def test_dense(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    component = bench_dense.component(**given)
    assert run_bench(component, "dense", bench_dense.__name__, given, quick=True) == 6
