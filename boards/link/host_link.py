"""The host link as a whole: a serial line on one side, bus and streams of a core on the other."""

from amaranth.hdl import Module, ResetInserter
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.boards.link.clerk import Clerk
from dualspike.boards.link.inbox import Inbox
from dualspike.boards.link.numbers import Collector, Feeder
from dualspike.boards.link.outbox import Outbox
from dualspike.boards.link.protocol import Identity
from dualspike.boards.link.slip import SlipDecoder
from dualspike.boards.link.uart import UartReceiver, UartTransmitter, bits_per_clock
from dualspike.hw.bus import BusSignature
from dualspike.hw.streams import counter_shape
from dualspike.model.description import Description
from dualspike.model.registers import register_map


class HostLink(wiring.Component):
    """``rx`` and ``tx`` to the bus and the streams of the `Core` of a description.

    ``reset`` pulses for the core, and for all of the link that is behind the line. ``active``
    while there is anything to do, ``lost`` pulses for a frame that was thrown away, ``refused``
    for a request that was not done. ``busy`` is the core's.
    """

    def __init__(self, d: Description, clock_hz: int, baud: int, patience: int) -> None:
        self._d = d
        self._rate = bits_per_clock(clock_hz, baud)
        registers = len(register_map(d))
        block = Identity.of(d, clock_hz, baud).pack()
        self._clerk = Clerk(registers, block, learns=d.learns, patience=patience)
        self._feeder, self._collector = Feeder(d), Collector(d.formats.membrane)
        feeds = self._feeder.signature.members
        members = {
            "rx": In(1),
            "tx": Out(1),
            "bus": Out(BusSignature(counter_shape(registers - 1).width)),
            "inputs": feeds["inputs"],
            "results": In(stream.Signature(self._collector.results.payload.shape())),
            "busy": In(1),
            "reset": Out(1),
            "active": Out(1),
            "lost": Out(1),
            "refused": Out(1),
        }
        super().__init__(members | ({"targets": feeds["targets"]} if d.learns else {}))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self._rate)
        m.submodules.transmitter = transmitter = UartTransmitter(self._rate)
        m.submodules.decoder = decoder = SlipDecoder()
        m.submodules.inbox = inbox = Inbox()
        again = ResetInserter(inbox.reset)
        clerk, feeder, collector, outbox = self._clerk, self._feeder, self._collector, Outbox()
        m.submodules.clerk = again(clerk)
        m.submodules.feeder = again(feeder)
        m.submodules.collector = again(collector)
        m.submodules.outbox = again(outbox)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            decoder.byte.eq(receiver.byte),
            decoder.received.eq(receiver.received),
            decoder.broken.eq(receiver.broken),
            inbox.octet.eq(decoder.octet),
            inbox.valid.eq(decoder.valid),
            inbox.ended.eq(decoder.ended),
            inbox.spoilt.eq(decoder.spoilt),
            self.tx.eq(transmitter.tx),
            clerk.busy.eq(self.busy),
            feeder.learn.eq(clerk.learn),
            outbox.sequence.eq(clerk.sequence),
            outbox.place.eq(clerk.place),
            outbox.data.eq(clerk.data),
            outbox.write.eq(clerk.write),
            outbox.send.eq(clerk.send),
            outbox.refuse.eq(clerk.refuse),
            clerk.sending.eq(outbox.busy),
            self.reset.eq(inbox.reset),
            self.active.eq(clerk.active),
            self.lost.eq(inbox.lost),
            self.refused.eq(clerk.refused),
        ]
        connect(m, outbox.bytes, transmitter.bytes)
        connect(m, inbox.records, clerk.records)
        connect(m, clerk.bus, flipped(self.bus))
        connect(m, clerk.feed, feeder.bytes)
        connect(m, collector.bytes, clerk.collected)
        connect(m, feeder.inputs, flipped(self.inputs))
        connect(m, flipped(self.results), collector.results)
        if self._d.learns:
            connect(m, feeder.targets, flipped(self.targets))
        return m
