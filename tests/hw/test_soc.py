from amaranth.back import rtlil

from dualspike.hw.soc.soc import Soc
from dualspike.testbench.unit.benches.shapes import described


def test_an_operator_core_is_wrapped_likewise() -> None:
    d = described("point")
    soc = Soc.of(d, "axi")
    names = {"s_axis_inputs_0", "s_axis_inputs_1", "s_axis_targets", "m_axis_results"}
    assert {name for name in soc.signature.members if "axis" in name} == names
    assert "wire width 1 input" in rtlil.convert(soc)
