from dualspike.testbench.benches import bench_system
from dualspike.testbench.components import run_bench


def test_system() -> None:
    """8 1/3 clocks a bit."""
    given = {"name": "still", "clock_hz": 25_000_000, "baud": 3_000_000}
    component = bench_system.component(**given)
    assert run_bench(component, "system", bench_system.__name__, given, quick=True) == 4
