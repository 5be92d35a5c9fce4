from dualspike.testbench.benches import bench_axi_lite, bench_soc
from dualspike.testbench.components import run_bench


def test_axi_lite() -> None:
    given = {"name": "plain", "wrap": "axi"}
    component = bench_soc.component(**given)
    assert run_bench(component, "soc", bench_axi_lite.__name__, given, quick=True) == 3
