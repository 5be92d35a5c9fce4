"""From exact sums to a layer's weighted input: biases, the mean over T, rounding, saturation.

z = sum W a + b and dz = sum W da + sum V a + C; the readout divides the sums by T.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.row_signs import signs_of_row
from dualspike.hw.stream.arithmetic import saturate, wire
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import enabled, take
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import row, sums
from dualspike.model.description.part import Part
from dualspike.model.sizes.depth import LONG
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer, aligned_sum


class Requantizer(wiring.Component):
    """Rows of sums in, rows of (z, dz[lanes]) in the membrane and tangent formats out.

    ``rows`` and ``first`` are the row signs and the bias's column sign (`Signs`), ``mask`` the
    lanes that perturb this layer. ``sweep`` holds while the learner moves the biases, as in
    `MacArray`; ``swept`` in the last cycle. ``overflow`` pulses when a row is there: bit 0 z, bit 1
    a dz clipped.
    Without lanes only the streams, ``overflow`` and ``host`` are there; with momentum also ``ends``
    and ``velocities`` (`Weights`).
    Nothing between a row that is taken and the `CreditBuffer` at the end has an enable.
    Latency: 3 cycles, 4 where the mean needs a multiplication. Throughput: a row a cycle in a
    `Layer.spread` chip, else as many as its layer gives (`Layer.result_places`).
    """

    def __init__(self, part: Part, geometry: Geometry, layer: Layer, words: Words) -> None:
        self._d, self._g, self._layer = part, geometry, layer
        self._lanes = geometry.lanes
        self._shared = part.learning.structure == "factored"
        f, lanes, width = part.formats, geometry.lanes, layer.next_simd
        outputs = row(signed(f.membrane.bits), f.tangent.bits, lanes, width)
        self._words = words
        learner = {
            "rows": In(ArrayLayout(layer.n_out, lanes)),
            "first": In(lanes),
            "mask": In(lanes),
            "sweep": In(1),
            "lane": In(range(max(lanes, 2))),
            "step": In(signed(words.step_bits)),
            **words.told,
            "swept": Out(1),
            "saturated": Out(1),
        }
        super().__init__(
            {
                "inputs": In(stream.Signature(sums(layer, lanes, width, shared=self._shared))),
                "outputs": Out(stream.Signature(outputs)),
                **(learner if lanes else {}),
                "overflow": Out(2),
                **words.ports,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, width = self._layer, self._layer.next_simd
        learn = self._lanes > 0
        ahead = layer.holds_rows
        m.submodules.store = biases = Weights(layer.n_out, 1, width, 1, self._words, ahead=ahead)
        self._words.connect(m, self, biases)
        self._words.tell(m, self, biases)

        shape = self.outputs.payload.shape()
        m.submodules.buffer = buffer = CreditBuffer(shape, layer.result_places)
        connect(m, buffer.outputs, flipped(self.outputs))
        taken = Signal()
        step_on = Signal()
        place = Signal(counter_shape(layer.rows - 1))
        last_place = place == layer.rows - 1
        sweep = self.sweep if learn else Const(0)
        m.d.comb += [
            self.inputs.ready.eq(buffer.room & ~sweep),
            buffer.taken.eq(taken),
            taken.eq(self.inputs.valid & self.inputs.ready),
            step_on.eq(taken | sweep),
            biases.row.eq(place),
            biases.enable.eq(step_on),
        ]
        if ahead:
            following = Signal.like(place, init=1)
            m.d.comb += biases.next_row.eq(Mux(step_on, following, place))
            with m.If(step_on):
                count_on(m, following, layer.rows - 1)
        with m.If(step_on):
            count_on(m, place, layer.rows - 1, last_place)
        signs = self._learner(m, biases, place, last_place, step_on) if learn else ([], [])
        self._pipeline(m, taken, buffer.inputs, biases.words, *signs, place)
        return m

    def _learner(
        self, m: Module, biases: Weights, place: Signal, last_place: Value, step_on: Value
    ) -> tuple[list[Signal], list[Signal]]:
        """The sweeps that move the biases; row signs and bias signs of the present row."""
        width, lanes = self._layer.next_simd, self._lanes
        move = Signal()
        move_signs = Signal(width)
        m.d.comb += [
            biases.move.eq(move),
            biases.signs.eq(move_signs),
            biases.step.eq(self.step),
            self.saturated.eq(biases.saturated),
            self.swept.eq(self.sweep & last_place),
        ]
        m.d.sync += move.eq(self.sweep)
        if self._layer.ahead and self._layer.rows * lanes >= LONG:
            chosen = [
                signs_of_row(m, self.rows[k], width, place, last_place, step_on, f"{k}")
                for k in range(lanes)
            ]
        else:
            chosen = [self.rows[k].word_select(place, width) for k in range(lanes)]
        row_signs = [wire(m, signs, f"row_signs_{k}") for k, signs in enumerate(chosen)]
        bias_signs = [
            wire(m, signs ^ self.first[k].replicate(width), f"bias_signs_{k}")
            for k, signs in enumerate(row_signs)
        ]
        for k in range(lanes):
            with m.If(self.lane == k):
                m.d.sync += move_signs.eq(bias_signs[k])
        return row_signs, bias_signs

    def _pipeline(
        self,
        m: Module,
        taken: Signal,
        results: wiring.PureInterface,
        words: data.View,
        row_signs: Sequence[Value],
        bias_signs: Sequence[Value],
        place: Signal,
    ) -> None:
        layer, f, into = self._layer, self._d.formats, self.inputs.payload
        readout = layer.reads_out
        shift = self._g.reciprocal_shift if readout else 0
        scale = self._g.reciprocal if readout else 1
        _, fraction, align = aligned_sum(self._d, layer)
        clipped: list[Value] = []
        over_tangent: list[Value] = []
        delay = layer.requantize - 1
        valid = Signal(layer.requantize)
        m.d.sync += valid.eq(valid << 1 | taken)
        m.d.comb += results.valid.eq(valid[-1])

        # What comes to each stage is taken by all its registers, or only if it is valid.
        takes = [enabled(moves, spread=layer.spread) for moves in (taken, *valid)]

        def held(value: Value, name: str, stage: int) -> Signal:
            register = Signal(value.shape(), name=name, reset_less=True)
            take(m, register, value, takes[stage])
            return register

        def later(value: Value, name: str, first: int = 0, last: int = delay) -> Value:
            for n in range(first, last):
                value = held(value, f"{name}_{n}", n)
            return value

        def scaled(value: Value, name: str) -> Value:
            value = later(value, name, 0, 1)
            return later(value * Const(scale), f"{name}_mean", 1) if scale != 1 else value

        def rounded(total: Value, drop: int, bits: int, name: str) -> tuple[Value, Value]:
            """A sum with its half, cut off in one cycle, saturated in the next."""
            cut = total.shift_right(drop) if drop > 0 else total.shift_left(-drop)
            return saturate(m, held(cut, name, delay), bits, f"rounded_{name}")

        for slot in range(layer.next_simd):
            there = later(self._exists(place, slot), f"exists_{slot}", 0, delay + 1)
            # The memory answers one cycle after the row was taken: no register for stage one.
            bias = later(words[slot], f"bias_{slot}", 1)
            total = scaled(into.value[slot], f"value_{slot}")
            drop = shift + f.weight.fraction + layer.value_fraction - f.membrane.fraction
            bias = _with_half(bias, shift + layer.value_fraction, drop)
            z, clips = rounded(total + bias, drop, f.membrane.bits, f"sum_{slot}")
            clipped.append(clips & there)
            m.d.comb += results.payload.value[slot].eq(z)
            for k in range(self._lanes):
                name = f"{slot}_{k}"
                part = into.sign[0 if self._shared else slot][k]
                if self._shared:
                    part = Mux(row_signs[k][slot], -part, part)
                part = part.shift_left(align)
                if layer.tangent_in_bits:
                    part = part + into.tangent[slot][k]
                unit = 1 << (shift + fraction)
                up = later(self.mask[k] & ~bias_signs[k][slot], f"up_{name}")
                down = later(self.mask[k] & bias_signs[k][slot], f"down_{name}")
                total = scaled(part, f"tangent_{name}")
                drop = shift + fraction - f.tangent.fraction
                rest = half(drop)
                total = total + Mux(up, unit + rest, Mux(down, rest - unit, rest))
                dz, clips = rounded(total, drop, f.tangent.bits, f"tangent_sum_{name}")
                over_tangent.append(clips & there)
                m.d.comb += results.payload.tangent[slot][k].eq(dz)
        m.d.sync += [
            self.overflow[0].eq(valid[-1] & _any(clipped)),
            self.overflow[1].eq(valid[-1] & _any(over_tangent)),
        ]

    def _exists(self, place: Signal, slot: int) -> Value:
        """Whether a slot of the row holds a neuron and not padding."""
        last = self._layer.rows - 1
        padding = last * self._layer.next_simd + slot >= self._layer.n_out
        return place != last if padding else Const(1)


def half(drop: int) -> int:
    """Half a unit of bit ``drop``: what a sum needs before its lower bits are cut off."""
    return 1 << (drop - 1) if drop > 0 else 0


def _with_half(value: Value, shift: int, drop: int) -> Value:
    """value * 2^shift + 2^(drop - 1): a sum with it needs no further addition to be rounded."""
    if drop <= 0:
        return value.shift_left(shift)
    if drop <= shift:
        return Cat(Const(half(drop), shift), value).as_signed()
    return value.shift_left(shift) + half(drop)


def _any(values: list[Value]) -> Value:
    result: Value = Const(0)
    for value in values:
        result = result | value
    return result
