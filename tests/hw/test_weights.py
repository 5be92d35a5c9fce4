import pytest

from dualspike.testbench.benches import bench_weights
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("n_out", "n_in", "pe", "simd", "bits"),
    [
        (1, 1, 1, 1, 2),
        (4, 6, 4, 1, 4),
        (4, 6, 2, 3, 5),
        (5, 5, 2, 3, 3),
        (5, 4, 4, 2, 8),
        (3, 1, 2, 1, 18),
    ],
)
def test_weights(n_out: int, n_in: int, pe: int, simd: int, bits: int) -> None:
    given = {"n_out": n_out, "n_in": n_in, "pe": pe, "simd": simd, "bits": bits}
    component = bench_weights.component(**given)
    assert run_bench(component, "weights", bench_weights.__name__, given, quick=True) == 3
