import pytest

from dualspike.testbench.benches import bench_neuron
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("plain", 0),
        ("folded", 0),
        ("folded", 1),
        ("twisted", 1),
        ("odd", 1),
        ("single", 0),
        ("leaky", 0),
        ("attached", 0),
        ("attached", 1),
    ],
)
def test_neuron(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    component = bench_neuron.component(**given)
    assert run_bench(component, "neuron", bench_neuron.__name__, given, quick=True) == 5
