import pytest

from dualspike.testbench.benches import bench_serializer
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("name", "layer"), [("plain", 0), ("folded", 0), ("folded", 1), ("odd", 0), ("odd", 1)]
)
def test_serializer(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    component = bench_serializer.component(**given)
    assert run_bench(component, "serializer", bench_serializer.__name__, given, quick=True) == 4
