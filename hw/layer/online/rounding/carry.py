"""The carry of a product's last bits and its dither, in a module that a device can replace."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class DitherCarry(wiring.Component):
    """``carry`` of ``product`` + (``row`` XOR ``column``), ``bits`` wide, without a register.

    A carry chain whose cells take three inputs has the exclusive or inside
    (`hw.emit.mapping.carries`).
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        super().__init__(_members(bits))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Its name is all that a device needs to know of it.
        m.submodules[f"dither_carry_{self._bits}"] = block = _Block(self._bits)
        for port in ("product", "row", "column"):
            m.d.comb += getattr(block, port).eq(getattr(self, port))
        m.d.comb += self.carry.eq(block.carry)
        return m


def _members(bits: int) -> dict[str, wiring.Member]:
    return {"product": In(bits), "row": In(bits), "column": In(bits), "carry": Out(1)}


class _Block(wiring.Component):
    """The sum."""

    def __init__(self, bits: int) -> None:
        super().__init__(_members(bits))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.carry.eq((self.product + (self.row ^ self.column))[-1])
        return m
