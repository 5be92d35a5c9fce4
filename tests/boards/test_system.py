from dualspike.testbench.benches import bench_system
from dualspike.testbench.components import run_bench


def test_system() -> None:
    (case,) = bench_system.CASES
    run_bench(bench_system, quick=True, **case)
