"""Several readouts take turns before one loss; each output meets the target of its own sample."""

from amaranth.hdl import Cat, Module, Signal, Value, signed, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import StructLayout
from dualspike.hw.stream.outstanding import outstanding
from dualspike.hw.stream.payloads import row
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import most_inside


class Readouts(wiring.Component):
    """Outputs y, dy_k of the network's readout (``inputs_0``) and of the local ones, one at a time.

    While the core learns (``learn``), ``outputs`` have with them the ``target`` of their own sample
    and whether the readout is ``local``. Readouts are at different samples, so targets stay in a
    ring until all of them have met them; one is taken when its sample has ``entered``. Without
    ``learn`` the outputs of the network's readout pass without a target.
    Where several readouts offer, the first of them goes first.
    Latency: 1 cycle. Throughput: an output a cycle.
    """

    def __init__(self, part: Part, geometry: Geometry) -> None:
        f, self._count = part.formats, part.readouts
        self._outputs = part.network.layers[-1]
        self._inside = most_inside(len(part.shapes))
        self._depth = geometry.targets_kept
        self._target = signed(f.target.bits)
        inputs = row(signed(f.membrane.bits), f.tangent.bits, geometry.lanes, 1)
        given = StructLayout({"row": inputs, "target": self._target, "local": unsigned(1)})
        super().__init__(
            {
                **{f"inputs_{n}": In(stream.Signature(inputs)) for n in range(self._count)},
                "targets": In(stream.Signature(self._target)),
                "outputs": Out(stream.Signature(given)),
                "learn": In(1),
                "entered": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sources = [getattr(self, f"inputs_{n}") for n in range(self._count)]
        advance = Signal()
        fetch = Signal(self._count)
        m.d.comb += advance.eq(~self.outputs.valid | self.outputs.ready)
        met = self._ring(m, advance, fetch)
        for n, source in enumerate(sources):
            able = source.valid & (met[n] if n else met[n] | ~self.learn)
            m.d.comb += [
                fetch[n].eq(able & advance & ~fetch[:n].any() if n else able & advance),
                source.ready.eq(fetch[n]),
            ]
            with m.If(fetch[n]):
                m.d.sync += [
                    self.outputs.payload.row.eq(source.payload),
                    self.outputs.payload.local.eq(n > 0),
                ]
        with m.If(advance):
            m.d.sync += self.outputs.valid.eq(fetch.any())
        return m

    def _ring(self, m: Module, advance: Signal, fetch: Signal) -> list[Value]:
        """Targets from where the last readout is to the newest; whether there is one for each."""
        m.submodules.ring = ring = memory.Memory(shape=self._target, depth=self._depth, init=[])
        write, read = ring.write_port(), ring.read_port()
        place = counter_shape(2 * self._depth - 1)
        newest = Signal(place)
        at = [Signal(place, name=f"at_{n}") for n in range(self._count)]
        taken = Signal()
        wanted = outstanding(m, self.entered & self.learn, taken, self._outputs, self._inside)
        low = slice(0, len(newest) - 1)
        full = Cat(newest == (one ^ self._depth) for one in at).any()
        m.d.comb += [
            taken.eq(self.targets.valid & self.targets.ready),
            self.targets.ready.eq((wanted != 0) & ~full),
            write.addr.eq(newest[low]),
            write.data.eq(self.targets.payload),
            write.en.eq(taken),
            read.en.eq(advance),
            self.outputs.payload.target.eq(read.data),
        ]
        with m.If(taken):
            m.d.sync += newest.eq(newest + 1)
        for n, one in enumerate(at):
            with m.If(fetch[n]):
                m.d.comb += read.addr.eq(one[low])
                with m.If(self.learn):
                    m.d.sync += one.eq(one + 1)
        return [one != newest for one in at]
