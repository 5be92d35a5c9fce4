from dualspike.testbench.benches import bench_schedule
from dualspike.testbench.components import run_bench


def test_schedule() -> None:
    given = {"stages": 5, "period": 12}
    component = bench_schedule.component(**given)
    assert run_bench(component, "schedule", bench_schedule.__name__, given, quick=True) == 3
