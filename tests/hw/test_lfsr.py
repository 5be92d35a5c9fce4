import pytest

from dualspike.model.lfsr import DRAWER, SIGNS
from dualspike.testbench.benches import bench_lfsr
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(
    ("length", "taps"),
    [(DRAWER.length, DRAWER.taps), (SIGNS.length, SIGNS.taps), (16, (0, 2, 3, 5))],
)
def test_leaps(length: int, taps: tuple[int, ...]) -> None:
    given = {"length": length, "taps": list(taps)}
    assert (
        run_bench(bench_lfsr.component(**given), "leaps", bench_lfsr.__name__, given, quick=True)
        == 1
    )
