from dualspike.testbench.benches import bench_ecc
from dualspike.testbench.components import run_bench


def test_ecc() -> None:
    assert run_bench(bench_ecc.component(), "channel", bench_ecc.__name__, {}, quick=True) == 1
