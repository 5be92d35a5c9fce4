"""A core with the buses of a system on chip: AXI4-Lite or Wishbone, and AXI4-Stream for data."""

import math
from typing import Any

from amaranth.hdl import ClockDomain, Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.chip.core import Core
from dualspike.hw.soc.axi_lite import AxiLiteBridge
from dualspike.hw.soc.axi_stream import AxiStreamSignature, FromAxiStream, ToAxiStream, places
from dualspike.hw.soc.wishbone import WishboneBridge
from dualspike.model.description.description import Description
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.registers import register_map

WRAPS = ("axi", "wishbone")


class Soc(wiring.Component):
    """Any core with a register ``bus``, streams and ``busy``, in the clothes of ``wrap``.

    ``registers`` is how many the core has, ``frame`` the results of one ``unit``. Members, for
    "axi": ``aclk``, ``aresetn`` (synchronous, active low), ``s_axi``; for "wishbone":
    ``wb_clk_i``, ``wb_rst_i`` (synchronous, active high), ``wb``. For both: ``s_axis_NAME`` for
    every stream into the core, ``m_axis_NAME`` for every one out of it, and ``busy``.
    """

    def __init__(
        self, core: Any, wrap: str, registers: int, frame: int, unit: str = "sample"
    ) -> None:
        self._core, self._wrap, self._frame, self._unit = core, wrap, frame, unit
        if wrap == "axi":
            self._bridge = AxiLiteBridge(registers)
            members = {
                "aclk": In(1),
                "aresetn": In(1),
                "s_axi": self._bridge.signature.members["axi"],
            }
        else:
            self._bridge = WishboneBridge(registers)
            members = {
                "wb_clk_i": In(1),
                "wb_rst_i": In(1),
                "wb": self._bridge.signature.members["wb"],
            }
        self._streams = {
            name: member
            for name, member in core.signature.members.items()
            if member.is_signature and isinstance(member.signature, stream.Signature)
        }
        for name, member in self._streams.items():
            shape = member.signature.members["payload"].shape
            if member.flow is In:
                members[f"s_axis_{name}"] = In(AxiStreamSignature(shape))
            else:
                members[f"m_axis_{name}"] = Out(AxiStreamSignature(shape, last=True))
        super().__init__(members | {"busy": Out(1)})

    @classmethod
    def of(cls, d: Description, wrap: str) -> "Soc":
        """The `Core` of a description."""
        core, registers = Core(d, config_word(d)), len(register_map(d))
        if d.kind == "mlp":
            return cls(core, wrap, registers, d.basis)
        return cls(core, wrap, registers, math.prod(d.batch[1:]), "function")

    def notes(self) -> list[str]:
        """What the ports are, a line for each group of them."""
        if self._wrap == "axi":
            lines = [
                "aclk, aresetn: one clock, synchronous reset, active low",
                "s_axi_*: AXI4-Lite, registers at four times their number",
            ]
        else:
            lines = [
                "wb_clk_i, wb_rst_i: one clock, synchronous reset, active high",
                "wb_*: Wishbone B4, registers at four times their number",
            ]
        for name, member in self._streams.items():
            place, count = places(member.signature.members["payload"].shape)
            side, last = ("s", "") if member.flow is In else ("m", f", TLAST ends a {self._unit}")
            lines.append(f"{side}_axis_{name}_*: AXI4-Stream, {count} x int{place}_t{last}")
        return [*lines, "busy: bit 0 of STATUS"]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain()
        m.submodules.core = core = self._core
        m.submodules.bridge = bridge = self._bridge
        clock, reset = self._clock()
        m.d.comb += [domain.clk.eq(clock), domain.rst.eq(reset), self.busy.eq(core.busy)]
        outside, inside = (self.s_axi, bridge.axi) if self._wrap == "axi" else (self.wb, bridge.wb)
        connect(m, flipped(outside), inside)
        connect(m, bridge.bus, core.bus)
        for name, member in self._streams.items():
            shape = member.signature.members["payload"].shape
            if member.flow is In:
                m.submodules[f"from_{name}"] = adapter = FromAxiStream(shape)
                connect(m, flipped(getattr(self, f"s_axis_{name}")), adapter.axis)
                connect(m, adapter.outputs, getattr(core, name))
            else:
                m.submodules[f"to_{name}"] = adapter = ToAxiStream(shape, self._frame)
                connect(m, getattr(core, name), adapter.inputs)
                connect(m, adapter.axis, flipped(getattr(self, f"m_axis_{name}")))
        return m

    def _clock(self) -> tuple[Value, Value]:
        if self._wrap == "axi":
            return self.aclk, ~self.aresetn
        return self.wb_clk_i, self.wb_rst_i
