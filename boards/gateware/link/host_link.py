"""The host link as a whole: a serial line on one side, bus and streams of a core on the other."""

from typing import Any

from amaranth.hdl import Module, ResetInserter, ResetSignal, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.boards.gateware.link.grid_unpacker import GridUnpacker
from dualspike.boards.gateware.link.numbers import ResultPacker, SampleUnpacker
from dualspike.boards.gateware.link.protocol import Identity
from dualspike.boards.gateware.link.request_handler import RequestHandler
from dualspike.boards.gateware.link.reset_domain import reset_domain
from dualspike.boards.gateware.link.rx_frame_buffer import RxFrameBuffer
from dualspike.boards.gateware.link.slip import SlipDecoder
from dualspike.boards.gateware.link.tx_frame_buffer import TxFrameBuffer
from dualspike.boards.gateware.link.uart import UartReceiver, UartTransmitter, bits_per_clock
from dualspike.hw.chip.bus import BusSignature
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.copies import copies
from dualspike.hw.stream.delay import later
from dualspike.hw.stream.payloads import counter_shape
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.registers import register_map


class HostLink(wiring.Component):
    """``rx`` and ``tx`` to the bus and the streams of the `Core` of a description.

    ``reset`` is 1 for a clock after any reset of this component, and pulses for the core, and for
    all of the link that is behind the line, when the host asks for it; ``reset_ahead`` is what it
    will be in the next clock. ``active`` while there is anything to do, ``lost`` pulses for a frame
    that was thrown away, ``refused`` for a request that was not done: a clock late, for they come
    from registers. ``busy`` is the core's.
    """

    def __init__(self, d: Description, clock_hz: int, baud: int, patience: int) -> None:
        self._d = d
        self._rate = bits_per_clock(clock_hz, baud)
        self._control = next(one.address for one in register_map(d) if one.name == "CONTROL")
        registers = len(register_map(d))
        block = Identity.of(d, clock_hz, baud).pack()
        self._handler = RequestHandler(registers, block, learns=d.learns, patience=patience)
        self._unpacker = SampleUnpacker(d) if d.kind == "mlp" else GridUnpacker(d)
        self._packer = ResultPacker(d.formats.membrane)
        self.feeds = [feed.name for feed in feeds_of(d)]
        members = {
            "rx": In(1),
            "tx": Out(1),
            "bus": Out(BusSignature(counter_shape(registers - 1).width)),
            **{name: self._unpacker.signature.members[name] for name in self.feeds},
            "results": In(stream.Signature(self._packer.results.payload.shape())),
            "busy": In(1),
            "reset": Out(1),
            "reset_ahead": Out(1),
            "active": Out(1),
            "lost": Out(1),
            "refused": Out(1),
        }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # A board's reset comes from afar: one register takes it for all that is at the line.
        line = reset_domain(m, "line", later(m, ResetSignal(), 1, "line_reset"))
        receiver, transmitter = UartReceiver(self._rate), UartTransmitter(self._rate)
        decoder, rx_buffer = SlipDecoder(), RxFrameBuffer()
        m.submodules.receiver = line(receiver)
        m.submodules.transmitter = line(transmitter)
        m.submodules.decoder = line(decoder)
        m.submodules.rx_buffer = line(rx_buffer)
        # From a register each: this goes to every flip-flop of link and core, and would set the
        # clock. Right after configuration there is nothing to reset.
        resets = wire(m, rx_buffer.reset | ResetSignal(), "resets")
        reset, own_reset = copies(m, resets, resets, 2, "reset", 1, spread=True)
        again = reset_domain(m, "again", own_reset)
        handler, unpacker, packer = self._handler, self._unpacker, self._packer
        tx_buffer = TxFrameBuffer()
        m.submodules.handler = again(handler)
        m.submodules.unpacker = again(unpacker if self._d.kind == "mlp" else self._begun(m))
        m.submodules.packer = again(packer)
        m.submodules.tx_buffer = again(tx_buffer)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            decoder.byte.eq(receiver.byte),
            decoder.received.eq(receiver.received),
            decoder.broken.eq(receiver.broken),
            rx_buffer.octet.eq(decoder.octet),
            rx_buffer.valid.eq(decoder.valid),
            rx_buffer.ended.eq(decoder.ended),
            rx_buffer.spoilt.eq(decoder.spoilt),
            self.tx.eq(transmitter.tx),
            handler.busy.eq(self.busy),
            unpacker.learn.eq(handler.learn),
            tx_buffer.sequence.eq(handler.sequence),
            tx_buffer.place.eq(handler.place),
            tx_buffer.data.eq(handler.data),
            tx_buffer.write.eq(handler.write),
            tx_buffer.send.eq(handler.send),
            tx_buffer.refuse.eq(handler.refuse),
            handler.sending.eq(tx_buffer.busy),
            self.reset.eq(reset),
            self.reset_ahead.eq(resets),
            self.active.eq(handler.active),
            self.lost.eq(rx_buffer.lost),
            self.refused.eq(later(m, handler.refused, 1, "refused")),
        ]
        # The transmitter's ``ready`` comes too late in a clock for all that moves on with it.
        skid = SkidBuffer(transmitter.bytes.payload.shape())
        m.submodules.skid_tx = line(skid)
        connect(m, tx_buffer.bytes, skid.inputs)
        connect(m, skid.outputs, transmitter.bytes)
        between = SkidBuffer(8)
        m.submodules.skid_rx = again(between)
        connect(m, rx_buffer.records, between.inputs)
        connect(m, between.outputs, handler.records)
        connect(m, handler.bus, flipped(self.bus))
        connect(m, handler.feed, unpacker.bytes)
        connect(m, packer.bytes, handler.collected)
        connect(m, flipped(self.results), packer.results)
        for name in self.feeds:
            connect(m, getattr(unpacker, name), flipped(getattr(self, name)))
        return m

    def _begun(self, m: Module) -> Any:
        """The unpacker of an operator chip, which begins anew with every command to the core."""
        begins = Signal()
        bus = self.bus
        command = bus.request & bus.done & bus.write & (bus.address == self._control)
        m.d.sync += begins.eq(command)
        return ResetInserter(begins)(self._unpacker)
