"""Integrate-and-fire neurons that tangents pass in one step, and in which others begin.

U[t] = U[t-1] + z[t], S[t] and the reset as in `hw.layer.neuron`; dS = gate dz for a tangent that
comes in, gate v for one that begins here, or v where feedback is learned, with v = +1 or -1; gate =
1 where |U - theta| < sigma before the reset. Source: docs/online_chip.md.
"""

from amaranth.hdl import Cat, Const, Module, Mux, ShapeLike, Signal, Value, signed, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.membrane import integrate_and_fire, leaked
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout, StructLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.hw.stream.payloads import row
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import Layer

PIPELINE = 2
"""Cycles from a row of weighted inputs to its spikes."""


class StepNeuron(wiring.Component):
    """Frames of rows of (z, dz) in, T of them a sample; rows of spikes and tangents out.

    Outputs are (S, dS[own lanes], dS[lanes], gate) of ``next_simd`` neurons; the members that
    have no lanes are not there. ``load``[q] pushes the drawn ``word`` into the own lane q, whose
    signs go on from there, a bit a neuron. ``overflow`` pulses when a membrane was above its
    format, ``floor`` when one was below.
    Latency: 3 cycles. Throughput: a row a cycle.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._d, self._layer, self._own = part, layer, part.own_lanes
        self._lanes = layer.lanes_in
        self._theta = part.thresholds[layer.index]
        f, width = part.formats, layer.next_simd
        inputs = row(signed(f.membrane.bits), f.tangent.bits, self._lanes, width)
        members: dict[str, ShapeLike] = {"value": ArrayLayout(unsigned(1), width)}
        if self._own:
            members["own"] = ArrayLayout(ArrayLayout(signed(2), self._own), width)
        if self._lanes:
            members["tangent"] = inputs["tangent"].shape
        members["gate"] = ArrayLayout(unsigned(1), width)
        drawn = {"load": In(self._own), "word": In(WORD)} if self._own else {}
        super().__init__(
            {
                "inputs": In(stream.Signature(inputs)),
                "outputs": Out(stream.Signature(StructLayout(members))),
                **drawn,
                "overflow": Out(1),
                "floor": Out(1),
            },
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, width, steps = self._layer, self._layer.next_simd, self._d.network.time_steps
        m.submodules.buffer = buffer = CreditBuffer(self.outputs.payload.shape(), PIPELINE + 2)
        connect(m, buffer.outputs, flipped(self.outputs))
        taken = Signal()
        fresh = Signal(init=1)
        place = Signal(counter_shape(layer.rows - 1))
        step = Signal(counter_shape(steps - 1))
        last_place = place == layer.rows - 1
        m.d.comb += [
            self.inputs.ready.eq(buffer.room),
            taken.eq(self.inputs.valid & buffer.room),
            buffer.taken.eq(taken),
            buffer.inputs.valid.eq(bit_later(m, taken, PIPELINE, "taken")),
        ]
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
            with m.If(last_place):
                count_on(m, step, steps - 1)
                m.d.sync += fresh.eq(step == steps - 1)
        over: list[Value] = []
        at_floor: list[Value] = []
        signs = [self._signs(m, taken, last_place, q) for q in range(self._own)]
        for slot in range(width):
            padding = (layer.rows - 1) * width + slot >= layer.n_out
            exists = ~last_place if padding else Const(1)
            membrane, following = self._kept(m, place, fresh, taken, slot)
            z, bits = self.inputs.payload.value[slot], self._d.formats.membrane.bits
            now = integrate_and_fire(m, membrane, z, self._theta, bits, f"{slot}")
            m.d.comb += following.eq(now.after)
            over.append(now.over & exists)
            at_floor.append(now.floor & exists)
            self._done(m, buffer.inputs.payload, slot, (now.fire, now.distance, exists), signs)
        reported = Signal(width)
        floor_reported = Signal(width)
        m.d.sync += [
            reported.eq(Mux(taken, Cat(over), 0)),
            floor_reported.eq(Mux(taken, Cat(at_floor), 0)),
        ]
        m.d.comb += [self.overflow.eq(reported.any()), self.floor.eq(floor_reported.any())]
        return m

    def _kept(
        self, m: Module, place: Signal, fresh: Signal, taken: Signal, slot: int
    ) -> tuple[Value, Value]:
        """The membranes of a slot: what one is at ``place``, and what it becomes."""
        bits, name = self._d.formats.membrane.bits, f"membranes_{slot}"
        if self._d.network.time_steps == 1:
            return Const(0), Signal(signed(bits), name=name)
        m.submodules[name] = store = memory.Memory(
            shape=signed(bits), depth=self._layer.rows, init=[]
        )
        read, write = store.read_port(domain="comb"), store.write_port()
        m.d.comb += [read.addr.eq(place), write.addr.eq(place), write.en.eq(taken)]
        return leaked(m, Mux(fresh, 0, read.data), self._d.leak_shift, bits, name), write.data

    def _done(
        self,
        m: Module,
        done: data.View,
        slot: int,
        found: tuple[Value, Value, Value],
        signs: list[Value],
    ) -> None:
        """Spike, gate and tangents of a slot, in the second cycle."""
        fire, distance, exists = found
        distance = later(m, distance, 1, f"distance_{slot}")
        exists = later(m, exists, 1, f"exists_{slot}")
        sigma = self._d.gate
        inside = exists & (distance < sigma) & (distance > -sigma)
        gate = later(m, inside, 1, f"gate_{slot}")
        spike = later(m, later(m, fire, 1, f"fire_{slot}") & exists, 1, f"spike_{slot}")
        m.d.comb += [done.value[slot].eq(spike), done.gate[slot].eq(gate)]
        begins = gate
        if self._d.feedback_format is not None:
            begins = later(m, exists, 1, f"begins_{slot}")
        for q, sign in enumerate(signs):
            m.d.comb += done.own[slot][q].eq(Cat(begins, begins & sign[slot]))
        for k in range(self._lanes):
            name = f"dz_{slot}_{k}"
            dz = later(m, self.inputs.payload.tangent[slot][k], PIPELINE, name)
            m.d.comb += done.tangent[slot][k].eq(Mux(gate, dz, 0))

    def _signs(self, m: Module, taken: Signal, last_place: Value, lane: int) -> Value:
        """The row's signs of one lane, 1 for -1, in the second cycle."""
        layer, width = self._layer, self._layer.next_simd
        state = Signal(SIGNS.length, name=f"state_{lane}")
        rest = layer.n_out - (layer.rows - 1) * width
        with m.If(self.load[lane]):
            m.d.sync += state.eq(self.word)
        with m.Elif(taken):
            ahead, end = (leap(SIGNS, state, count) for count in (width, rest))
            m.d.sync += state.eq(Mux(last_place, end, ahead))
        here = wire(m, output_bits(SIGNS, state, 0, width), f"signs_{lane}")
        return later(m, here, PIPELINE, f"signs_{lane}_later")
