import pytest

from dualspike.testbench.benches import bench_soc
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(("name", "wrap"), [("plain", "axi"), ("odd", "wishbone")])
def test_soc(name: str, wrap: str) -> None:
    given = {"name": name, "wrap": wrap}
    component = bench_soc.component(**given)
    assert run_bench(component, "soc", bench_soc.__name__, given, quick=True) == 5
