from dualspike.testbench.benches import bench_fixed
from dualspike.testbench.components import run_bench


def test_fixed() -> None:
    assert (
        run_bench(bench_fixed.component(), "arithmetic", bench_fixed.__name__, {}, quick=True) == 1
    )
