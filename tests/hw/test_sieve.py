import pytest

from dualspike.testbench.benches import bench_sieve
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(("name", "layer"), [("event", 1), ("sparse", 2)])
def test_sieve(name: str, layer: int) -> None:
    given = {"name": name, "layer": layer}
    component = bench_sieve.component(**given)
    assert run_bench(component, "sieve", bench_sieve.__name__, given, quick=True) == 11
