import pytest
from amaranth.back import rtlil

from dualspike.hw.operator_core import OperatorCore
from dualspike.hw.soc import Soc
from dualspike.model.registers import register_map
from dualspike.testbench.benches import bench_soc
from dualspike.testbench.benches.operator_shapes import operator_described
from dualspike.testbench.components import run_bench


@pytest.mark.parametrize(("name", "wrap"), [("plain", "axi"), ("odd", "wishbone")])
def test_soc(name: str, wrap: str) -> None:
    given = {"name": name, "wrap": wrap}
    component = bench_soc.component(**given)
    assert run_bench(component, "soc", bench_soc.__name__, given, quick=True) == 5


def test_an_operator_core_is_wrapped_likewise() -> None:
    d = operator_described("single")
    soc = Soc(OperatorCore(d), "axi", len(register_map(d)), 1)
    names = {"s_axis_inputs_0", "s_axis_inputs_1", "s_axis_targets", "m_axis_results"}
    assert {name for name in soc.signature.members if "axis" in name} == names
    assert "wire width 1 input" in rtlil.convert(soc)
