import pytest

from dualspike.testbench.benches import bench_velocities
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("n_out", "n_in", "pe", "simd", "bits", "momentum"),
    [(5, 5, 2, 3, 6, 2), (3, 1, 2, 1, 18, 8), (1, 1, 1, 1, 4, 1)],
)
def test_velocities(n_out: int, n_in: int, pe: int, simd: int, bits: int, momentum: int) -> None:
    given = {"n_out": n_out, "n_in": n_in, "pe": pe, "simd": simd, "bits": bits}
    given["momentum"] = momentum
    component = bench_velocities.component(**given)
    assert run_bench(component, "weights", bench_velocities.__name__, given, quick=True) == 2
