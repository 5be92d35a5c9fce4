from dualspike.testbench.benches import bench_soc, bench_wishbone
from dualspike.testbench.components import run_bench


def test_wishbone() -> None:
    given = {"name": "odd", "wrap": "wishbone"}
    component = bench_soc.component(**given)
    assert run_bench(component, "soc", bench_wishbone.__name__, given, quick=True) == 2
