import pytest

from dualspike.testbench.benches import bench_signs
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("n_in", "n_out", "pe", "simd", "structure", "lanes"),
    [
        (5, 6, 6, 1, "independent", 2),
        (5, 6, 4, 2, "independent", 3),
        (6, 5, 2, 3, "independent", 1),
        (3, 40, 16, 2, "independent", 2),
        (4, 3, 1, 3, "independent", 4),
        (1, 1, 1, 1, "factored", 1),
        (5, 6, 4, 2, "factored", 3),
        (6, 5, 2, 3, "factored", 4),
        (37, 40, 16, 8, "factored", 1),
    ],
)
def test_signs(n_in: int, n_out: int, pe: int, simd: int, structure: str, lanes: int) -> None:
    given = {
        "n_in": n_in,
        "n_out": n_out,
        "pe": pe,
        "simd": simd,
        "structure": structure,
        "lanes": lanes,
    }
    assert (
        run_bench(bench_signs.component(**given), "signs", bench_signs.__name__, given, quick=True)
        == 2
    )
