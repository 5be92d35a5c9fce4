import pytest

from dualspike.testbench.benches import bench_synapse
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("plain", 0),
        ("plain", 1),
        ("folded", 0),
        ("folded", 1),
        ("folded", 2),
        ("twisted", 1),
        ("odd", 2),
        ("event", 1),
        ("sparse", 2),
    ],
)
def test_synapse(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    component = bench_synapse.component(**given)
    assert run_bench(component, "synapse", bench_synapse.__name__, given, quick=True) == 5
