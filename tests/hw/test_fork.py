from dualspike.testbench.benches import bench_fork
from dualspike.testbench.components import run_bench


def test_fork() -> None:
    component = bench_fork.component(8)
    assert run_bench(component, "fork_unit", bench_fork.__name__, {"bits": 8}, quick=True) == 5
