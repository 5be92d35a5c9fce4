"""From exact sums to a layer's weighted input, and to the tangents of every lane that came in.

z = sum W a + b and dz = sum W da, rounded and saturated; of a readout's counts the products are
meant over the steps first (docs/online_chip.md).
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.requantizer import half
from dualspike.hw.stream.arithmetic import add, saturate
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import row, weighted
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer


class StepRequantizer(wiring.Component):
    """Rows of ``inputs``, sums, and rows of ``biases``; rows of (z, dz[lanes]) out.

    Lanes that begin in the layer before come last. ``overflow`` pulses in the cycle after a row:
    bit 0 a z, bit 1 a dz clipped.
    Latency: 2 cycles, 3 where a mean is no shift. Throughput: a row a cycle.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._part, self._layer = part, layer
        g = geometry(part)
        self._shift = g.reciprocal_shift if layer.reads_out else 0
        self._scale = g.reciprocal if layer.reads_out else 1
        f, width = part.formats, layer.next_simd
        outputs = row(signed(f.membrane.bits), f.tangent.bits, layer.lanes_in, width)
        super().__init__(
            {
                "inputs": In(stream.Signature(weighted(layer, width))),
                "biases": In(stream.Signature(ArrayLayout(signed(f.weight.bits), width))),
                "outputs": Out(stream.Signature(outputs)),
                "overflow": Out(2),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, layer = self._part.formats, self._layer
        early = int(self._scale != 1)
        m.submodules.buffer = buffer = CreditBuffer(self.outputs.payload.shape(), 3 + early)
        connect(m, buffer.outputs, flipped(self.outputs))
        taken = Signal()
        valid = Signal()
        place = Signal(counter_shape(layer.rows - 1))
        last_place = place == layer.rows - 1
        m.d.comb += [
            taken.eq(self.inputs.valid & self.biases.valid & buffer.room),
            self.inputs.ready.eq(self.biases.valid & buffer.room),
            self.biases.ready.eq(self.inputs.valid & buffer.room),
            buffer.taken.eq(taken),
            buffer.inputs.valid.eq(valid),
        ]
        m.d.sync += valid.eq(bit_later(m, taken, 1, "scaled") if early else taken)
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
        clipped: list[list[Value]] = [[], []]

        def rounded(drop: int, bits: int, name: str, *terms: Value) -> tuple[Value, Value]:
            """A sum with its half, cut off in one cycle, saturated in the next."""
            products, *bias = terms
            if early:
                products = later(m, products * Const(self._scale), 1, f"scaled_{name}")
                bias = [later(m, one, 1, f"early_{name}") for one in bias]
            total = add(products, *bias, *([Const(half(drop))] if drop > 0 else []))
            cut = total.shift_right(drop) if drop > 0 else total.shift_left(-drop)
            register = Signal(cut.shape(), name=name, reset_less=True)
            m.d.sync += register.eq(cut)
            return saturate(m, register, bits, f"rounded_{name}")

        into, result = self.inputs.payload, buffer.inputs.payload
        others = layer.lanes_in - layer.own_lanes
        for slot in range(layer.next_simd):
            padding = (layer.rows - 1) * layer.next_simd + slot >= layer.n_out
            exists = Signal(name=f"exists_{slot}")
            there = later(m, ~last_place if padding else Const(1), early, f"there_{slot}")
            m.d.sync += exists.eq(there)
            bias = self.biases.payload[slot].shift_left(self._shift + layer.value_fraction)
            drop = self._shift + f.weight.fraction + layer.value_fraction - f.membrane.fraction
            z, clips = rounded(drop, f.membrane.bits, f"z_{slot}", into.value[slot], bias)
            m.d.comb += result.value[slot].eq(z)
            clipped[0].append(clips & exists)
            for k in range(layer.lanes_in):
                drop = self._shift + f.weight.fraction - (0 if k < others else f.tangent.fraction)
                given = into.tangent[slot][k] if k < others else into.own[slot][k - others]
                dz, clips = rounded(drop, f.tangent.bits, f"dz_{slot}_{k}", given)
                m.d.comb += result.tangent[slot][k].eq(dz)
                clipped[1].append(clips & exists)
        for n, met in enumerate(clipped):
            if met:
                m.d.sync += self.overflow[n].eq(Mux(valid, Cat(met).any(), 0))
        return m
