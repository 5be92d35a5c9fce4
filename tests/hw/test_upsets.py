import pytest

from dualspike.testbench.benches import bench_upsets
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize("protection", ["parity", "ecc"])
def test_upsets(protection: str) -> None:
    given = {"n_out": 5, "n_in": 5, "pe": 2, "simd": 3, "bits": 5, "protection": protection}
    component = bench_upsets.component(**given)
    assert run_bench(component, "weights", bench_upsets.__name__, given, quick=True) == 3
