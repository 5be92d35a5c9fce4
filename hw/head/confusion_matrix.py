"""Every answer counted by the class of its sample, for the host to read."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.memory.words import HostPort
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.interface.register import BITS


class ConfusionMatrix(wiring.Component):
    """Counts [class, answer] of ``classes`` classes, of so many ``bits``, which wrap.

    ``counted`` adds 1 to that of ``label`` and ``answer``. ``host`` reads them class by class,
    answer by answer; what it would write is ignored. ``clear`` zeroes all, as a reset does: for the
    clocks in which ``clearing`` is up, and what comes meanwhile is not counted.

    A count is there for the host 4 cycles after ``counted``. Clearing takes classes * 2^k cycles
    with k = ceil(log2(classes)). Throughput: an answer every second cycle.
    """

    def __init__(self, classes: int, bits: int = BITS) -> None:
        self._classes, self._bits = classes, bits
        number = counter_shape(classes - 1)
        super().__init__(
            {
                "counted": In(1),
                "label": In(number),
                "answer": In(number),
                "clear": In(1),
                "clearing": Out(1),
                "host": In(HostPort(bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = self._classes << len(self.answer)
        m.submodules.counts = counts = memory.Memory(
            shape=unsigned(self._bits), depth=depth, init=[]
        )
        read, write = counts.read_port(), counts.write_port()
        counted = Signal()
        place = Signal(range(depth))
        swept = Signal(range(depth))
        clearing = Signal(init=1)
        with m.If(self.clear):
            m.d.sync += [clearing.eq(1), swept.eq(0)]
        with m.Elif(clearing):
            count_on(m, swept, depth - 1)
            m.d.sync += clearing.eq(swept != depth - 1)
        m.d.sync += [counted.eq(self.counted & ~clearing), place.eq(read.addr)]
        m.d.comb += [
            self.clearing.eq(clearing),
            read.addr.eq(Mux(self.counted, Cat(self.answer, self.label), self._walk(m))),
            write.addr.eq(Mux(clearing, swept, place)),
            write.data.eq(Mux(clearing, 0, read.data + 1)),
            write.en.eq(clearing | counted),
        ]
        asked = Signal(init=1)
        found = Signal(self._bits)
        m.d.sync += asked.eq(~self.counted)
        with m.If(asked):
            m.d.sync += found.eq(read.data)
        with m.If(self.host.access):
            m.d.sync += self.host.read_data.eq(found)
        return m

    def _walk(self, m: Module) -> Cat:
        """Where the host's next word is."""
        answer, label = Signal.like(self.answer, name="column"), Signal.like(self.label, name="row")
        with m.If(self.host.rewind | self.clear):
            m.d.sync += [answer.eq(0), label.eq(0)]
        with m.Elif(self.host.access):
            count_on(m, answer, self._classes - 1)
            with m.If(answer == self._classes - 1):
                count_on(m, label, self._classes - 1)
        return Cat(answer, label)
