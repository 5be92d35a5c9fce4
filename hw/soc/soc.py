"""A core with the buses of a system on chip: AXI4-Lite or Wishbone, and AXI4-Stream for data."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, ClockDomain, Module, Mux, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.core import Core
from dualspike.hw.chip.interrupts import sticky
from dualspike.hw.soc.axi_lite import AxiLiteBridge
from dualspike.hw.soc.axi_stream import AxiStreamSignature, FromAxiStream, ToAxiStream, places
from dualspike.hw.soc.wishbone import WishboneBridge
from dualspike.hw.stream.address_events import AddressEvents
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput, not_one_of
from dualspike.model.interface.events import WORD_BITS, event_register
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.packets import packet_register, row_of_results
from dualspike.model.interface.register import Register
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.geometry import geometry

EVENTS = "_events"
WRAPS = ("axi", "wishbone", f"axi{EVENTS}", f"wishbone{EVENTS}")


def check_wrap(d: Description, wrap: str) -> None:
    """Raise BadInput unless it is one of `WRAPS`, and events become frames of a core's inputs."""
    if wrap not in WRAPS:
        raise BadInput(not_one_of("--wrap", WRAPS, wrap))
    if wrap.endswith(EVENTS) and d.network.coding != "frames":
        coding = d.network.coding
        raise BadInput(f"network.coding must be frames with --wrap {wrap}, not {coding}")
    if wrap.endswith(EVENTS) and d.parts[0].numbers:
        raise BadInput(f"formats.input must be s1.0 with --wrap {wrap}, not {d.formats.input}")


def wrapped_registers(d: Description, wrap: str | None) -> list[Register]:
    """Those of a core as it is or in a wrap, by address."""
    own = register_map(d)
    if wrap is None:
        return own
    return own + _added(len(own), row_of_results(d), events=wrap.endswith(EVENTS))


def _added(first: int, row: int, *, events: bool) -> list[Register]:
    """The registers of a wrap, from address ``first`` on."""
    adapter = [event_register(first)] if events else []
    return [*adapter, packet_register(first + len(adapter), row)]


class Soc(wiring.Component):
    """Any core with a register ``bus``, streams, ``busy`` and ``irq``, in the clothes of ``wrap``.

    ``registers`` is how many the core has, ``row`` the results of one ``unit``. Members, for
    "axi": ``aclk``, ``aresetn`` (synchronous, active low), ``s_axi``; for "wishbone":
    ``wb_clk_i``, ``wb_rst_i`` (synchronous, active high), ``wb``. For both: ``s_axis_NAME`` for
    every stream into the core, ``m_axis_NAME`` for every one out of it, ``busy``, and ``irq``.
    With an ``adapter`` its ``events`` come in place of the ``inputs`` that it gives out
    (``s_axis_events``, with TLAST). Registers after those of the core: EVENTS with an adapter, and
    PACKET.
    """

    def __init__(
        self,
        core: Any,
        wrap: str,
        registers: int,
        row: int,
        unit: str = "sample",
        adapter: AddressEvents | None = None,
    ) -> None:
        self._core, self._row, self._unit = core, row, unit
        self._wrap, self._adapter, self._registers = wrap, adapter, registers
        self._own = RegisterBus(_added(0, row, events=adapter is not None))
        registers += 1 + (adapter is not None)
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
        if adapter:
            del self._streams["inputs"]
            members["s_axis_events"] = In(AxiStreamSignature(unsigned(WORD_BITS), last=True))
        for name, member in self._streams.items():
            shape = member.signature.members["payload"].shape
            if member.flow is In:
                members[f"s_axis_{name}"] = In(AxiStreamSignature(shape))
            else:
                members[f"m_axis_{name}"] = Out(AxiStreamSignature(shape, last=True))
        super().__init__(members | {"busy": Out(1), "irq": Out(1)})

    @classmethod
    def of(cls, d: Description, wrap: str, contents: Sequence[Sequence[int]] = ()) -> "Soc":
        """The `Core` of a description with ``contents``, in one of `WRAPS` that suits it."""
        core, registers = Core(d, config_word(d), contents=contents), len(register_map(d))
        bus, adapter = wrap.removesuffix(EVENTS), None
        if bus != wrap:
            (layer, *_), steps = geometry(d.parts[0]).layers, d.network.time_steps
            adapter = AddressEvents(layer.n_in, steps, layer.simd, d.formats.input.bits)
        unit = "sample" if d.kind == "mlp" else "function"
        return cls(core, bus, registers, row_of_results(d), unit, adapter)

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
        if self._adapter:
            lines.append("s_axis_events_*: AXI4-Stream, 1 x uint16_t, TLAST ends a sample")
        for name, member in self._streams.items():
            place, count = places(member.signature.members["payload"].shape)
            side, last = (
                ("s", "")
                if member.flow is In
                else ("m", f", TLAST ends a {self._unit}, or PACKET results")
            )
            lines.append(f"{side}_axis_{name}_*: AXI4-Stream, {count} x int{place}_t{last}")
        return [*lines, "busy: bit 0 of STATUS", "irq: interrupt, a level, 1 while one is enabled"]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain()
        m.submodules.core = core = self._core
        m.submodules.bridge = bridge = self._bridge
        clock, reset = self._clock()
        m.d.comb += [domain.clk.eq(clock), domain.rst.eq(reset)]
        m.d.comb += [self.busy.eq(core.busy), self.irq.eq(core.irq)]
        outside, inside = (self.s_axi, bridge.axi) if self._wrap == "axi" else (self.wb, bridge.wb)
        connect(m, flipped(outside), inside)
        self._share_bus(m)
        if self._adapter:
            self._take_events(m, self._adapter)
        for name, member in self._streams.items():
            shape = member.signature.members["payload"].shape
            if member.flow is In:
                m.submodules[f"from_{name}"] = adapter = FromAxiStream(shape)
                connect(m, flipped(getattr(self, f"s_axis_{name}")), adapter.axis)
                connect(m, adapter.outputs, getattr(core, name))
            else:
                m.submodules[f"to_{name}"] = adapter = ToAxiStream(shape, self._row)
                m.d.comb += [
                    self._own.PACKET.eq(adapter.packet),
                    adapter.set_packet.eq(self._own.PACKET_written),
                    adapter.packet_data.eq(self._own.write_data),
                ]
                connect(m, getattr(core, name), adapter.inputs)
                connect(m, adapter.axis, flipped(getattr(self, f"m_axis_{name}")))
        return m

    def _take_events(self, m: Module, adapter: AddressEvents) -> None:
        """The adapter before the core's inputs, and its register."""
        m.submodules.events = adapter
        m.submodules.from_events = skid = SkidBuffer(adapter.events.payload.shape())
        axis, given = self.s_axis_events, skid.inputs.payload
        m.d.comb += [
            Cat(given.channel, given.negative, given.end).eq(axis.tdata),
            given.last.eq(axis.tlast),
            skid.inputs.valid.eq(axis.tvalid),
            axis.tready.eq(skid.inputs.ready),
        ]
        connect(m, skid.outputs, adapter.events)
        connect(m, adapter.outputs, self._core.inputs)
        cleared = self._own.EVENTS_written.replicate(len(adapter.flags))
        m.d.comb += self._own.EVENTS.eq(sticky(m, adapter.flags, cleared, "told"))

    def _share_bus(self, m: Module) -> None:
        """The registers of the wrap come after those of the core."""
        m.submodules.registers = own = self._own
        bus, core = self._bridge.bus, self._core.bus
        here = bus.address >= self._registers
        for one, asked in ((core, ~here), (own.bus, here)):
            m.d.comb += [
                one.request.eq(bus.request & asked),
                one.write.eq(bus.write),
                one.write_data.eq(bus.write_data),
            ]
        m.d.comb += [
            core.address.eq(bus.address),
            own.bus.address.eq(bus.address - self._registers),
            bus.done.eq(core.done | own.bus.done),
            bus.read_data.eq(Mux(here, own.bus.read_data, core.read_data)),
        ]

    def _clock(self) -> tuple[Value, Value]:
        if self._wrap == "axi":
            return self.aclk, ~self.aresetn
        return self.wb_clk_i, self.wb_rst_i
