import pytest

from dualspike.testbench.benches import bench_encoder
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("name", ["leaky", "attached"])
def test_encoder(name: str) -> None:
    component = bench_encoder.component(name)
    given = {"name": name}
    assert run_bench(component, "encoder", bench_encoder.__name__, given, quick=True) == 5
