from dualspike.testbench.unit.benches import bench_system
from dualspike.testbench.unit.run import run_bench


def test_system() -> None:
    (case,) = bench_system.CASES
    run_bench(bench_system, quick=True, **case)
