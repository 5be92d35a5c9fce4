"""Queues that are read straight from their memory, without a register after it.

Places follow each other as the states of a shift register do, of which no two are alike but for
0: the next one is a table, where a number and one more are a table for each bit. The polynomials
are primitive (Xilinx XAPP 052; a test counts their states).
"""

from functools import reduce
from operator import xor

from amaranth.hdl import Cat, Module, Shape, ShapeLike, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.model.sizes.waiting import place_bits

TAPS = {
    2: (0, 1),
    3: (0, 1),
    4: (0, 1),
    5: (0, 2),
    6: (0, 1),
    7: (0, 1),
    8: (0, 2, 3, 4),
    9: (0, 4),
    10: (0, 3),
    11: (0, 2),
    12: (0, 1, 4, 6),
}
"""Bits of a place, whose exclusive or comes in above the others."""


def following(place: Value) -> Value:
    """The place after one."""
    taps = TAPS[len(place)]
    return Cat(place[1:], reduce(xor, (place[tap] for tap in taps)))


class Ring(wiring.Component):
    """A stream that waits in 2^k - 2 places, at least ``places``; ``ready`` while one is free.

    Beside a `RowBuffer` it has neither a register for what is next nor a way around the memory: a
    table less for each bit, and the read in the path of who takes it.
    Latency: 1 cycle. Throughput: a payload a cycle.
    """

    def __init__(self, shape: ShapeLike, places: int) -> None:
        self._bits = place_bits(places)
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "outputs": Out(stream.Signature(shape)),
                **self._counted(),
            }
        )

    def _counted(self) -> dict[str, wiring.Member]:
        """Further members."""
        return {}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = Shape.cast(self.inputs.payload.shape()).width
        m.submodules.places = places = memory.Memory(shape=bits, depth=1 << self._bits, init=[])
        write, read = places.write_port(), places.read_port(domain="comb")
        came, went = self._place(m, "came", write.en), Signal(self._bits, init=1)
        leaves = self.outputs.valid & self.outputs.ready
        with m.If(leaves):
            m.d.sync += went.eq(following(went))
        m.d.comb += [
            self.outputs.valid.eq(came != went),
            self.outputs.payload.eq(read.data),
            read.addr.eq(went),
            write.addr.eq(came),
            write.data.eq(self.inputs.payload),
        ]
        self._room(m, came, went, write)
        return m

    def _place(self, m: Module, name: str, on: Value) -> Signal:
        place = Signal(self._bits, name=name, init=1)
        with m.If(on):
            m.d.sync += place.eq(following(place))
        return place

    def _room(self, m: Module, came: Signal, went: Signal, write: memory.WritePort) -> None:
        """What says that a place is free."""
        m.d.comb += [
            self.inputs.ready.eq(following(came) != went),
            write.en.eq(self.inputs.valid & self.inputs.ready),
        ]


class CreditRing(Ring):
    """A `Ring` after a pipeline that waits for nobody: `CreditBuffer`, but ``room`` is no register.

    A third place follows what is ``taken`` into the pipeline.
    """

    def _counted(self) -> dict[str, wiring.Member]:
        return {"taken": In(1), "room": Out(1)}

    def _room(self, m: Module, came: Signal, went: Signal, write: memory.WritePort) -> None:
        asked = self._place(m, "asked", self.taken)
        m.d.comb += [
            self.room.eq(following(asked) != went),
            self.inputs.ready.eq(1),
            write.en.eq(self.inputs.valid),
        ]
