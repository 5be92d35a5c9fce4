"""What nothing reads is not written."""

import re

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.stream.copies import copies


class Top(wiring.Component):
    """Four copies of a register, of which ``used`` are read."""

    given: In(1)
    taken: Out(4)

    def __init__(self, used: int) -> None:
        self._used = used
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        found = copies(m, self.given, self.given, 4, "held", each=1, spread=True)
        for n in range(self._used):
            m.d.comb += self.taken[n].eq(found[n])
        return m


@pytest.mark.parametrize("used", range(5))
def test_modules_that_nothing_uses_are_not_written(used: int) -> None:
    text = to_verilog(Top(used), "top")
    written = re.findall(r"^module (\w+)", text, re.MULTILINE)
    assert "top" in written
    for name in set(written) - {"top"}:
        assert re.search(rf"^  {name} ", text, re.MULTILINE), name
