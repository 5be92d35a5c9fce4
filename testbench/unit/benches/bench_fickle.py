"""Components that are wrong on purpose: what a bench must notice, and how `run_bench` tells."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import Out

from dualspike.testbench.unit.tb import TB


class Fickle(wiring.Component):
    """Counts payloads given. A ``fault`` after 3: "changes" or "withdraws" what is on offer.

    With "sleeps" it has a branch after 200, further than its bench goes.
    """

    outputs: Out(stream.Signature(unsigned(8)))

    def __init__(self, fault: str) -> None:
        self._fault = fault
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        """A counter and its fault."""
        m = Module()
        count = Signal(8)
        m.d.comb += [self.outputs.payload.eq(count), self.outputs.valid.eq(1)]
        with m.If(self.outputs.ready):
            m.d.sync += count.eq(count + 1)
        if self._fault == "changes":
            with m.Elif(count == 3):
                m.d.sync += count.eq(7)
        if self._fault == "sleeps":
            with m.If(count == 200):
                m.d.sync += count.eq(99)
        if self._fault == "withdraws":
            waited = Signal()
            m.d.sync += waited.eq(~self.outputs.ready & (count == 3))
            m.d.comb += self.outputs.valid.eq(~waited)
        return m


TOP = "fickle"


def component(fault: str) -> Fickle:
    """The component with one fault, or with none."""
    return Fickle(fault)


@TB.test()
async def counts(tb: TB) -> None:
    """Passes with every stall only if there is no fault; the fault "count" is the bench's own."""
    fault = tb.case["fault"]
    sink = tb.sink("outputs")
    await tb.taken(sink, 3)
    sink.open = False
    await tb.cycle(2)
    sink.open = True
    await tb.taken(sink, 5)
    assert sink.taken == list(range(6 if fault == "count" else 5)), "wrong count"
