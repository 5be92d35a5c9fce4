from amaranth.back import rtlil

from dualspike.hw.operator_core import OperatorCore
from dualspike.hw.soc import Soc
from dualspike.model.registers import register_map
from dualspike.testbench.benches.operator_shapes import operator_described


def test_an_operator_core_is_wrapped_likewise() -> None:
    d = operator_described("single")
    soc = Soc(OperatorCore(d), "axi", len(register_map(d)), 1)
    names = {"s_axis_inputs_0", "s_axis_inputs_1", "s_axis_targets", "m_axis_results"}
    assert {name for name in soc.signature.members if "axis" in name} == names
    assert "wire width 1 input" in rtlil.convert(soc)
