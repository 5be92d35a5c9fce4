"""Neurons on dual numbers in which tangent lanes begin: dz = v, +1 or -1, in all steps of a sample.

Source: docs/online_chip.md, "One change a sample".
"""

from amaranth.hdl import Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.neuron import Neuron
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.hw.stream.payloads import row
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import Layer


class PerturbedNeuron(wiring.Component):
    """A `Neuron` with the lanes that come in and those that begin here, which come last.

    ``load``[q] pushes the drawn ``word`` into own lane q: a sample takes a bit of it for each
    neuron, again in every step, and the next one those after it.
    Latency and throughput: those of the `Neuron`.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._d, self._layer, self._own = part, layer, part.own_lanes
        self.neuron = Neuron(part, layer, layer.lanes_in + self._own)
        f, width = part.formats, layer.next_simd
        given = row(signed(f.membrane.bits), f.tangent.bits, layer.lanes_in, width)
        super().__init__(
            {
                "inputs": In(stream.Signature(given)),
                "outputs": Out(
                    stream.Signature(
                        row(unsigned(1), f.tangent.bits, layer.lanes_in + self._own, width)
                    )
                ),
                "load": In(self._own),
                "word": In(WORD),
                "overflow": Out(2),
                "floor": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, steps = self._layer, self._d.network.time_steps
        m.submodules.neuron = neuron = self.neuron
        place = Signal(counter_shape(layer.rows - 1))
        step = Signal(counter_shape(steps - 1))
        last_place = Signal()
        taken = Signal()
        connect(m, neuron.outputs, flipped(self.outputs))
        m.d.comb += [
            neuron.inputs.valid.eq(self.inputs.valid),
            self.inputs.ready.eq(neuron.inputs.ready),
            neuron.inputs.payload.value.eq(self.inputs.payload.value),
            self.overflow.eq(neuron.overflow),
            self.floor.eq(neuron.floor),
            taken.eq(self.inputs.valid & self.inputs.ready),
            last_place.eq(place == layer.rows - 1),
        ]
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
            with m.If(last_place):
                count_on(m, step, steps - 1)
        signs = [self._signs(m, taken, last_place, step, q) for q in range(self._own)]
        one = 1 << self._d.formats.tangent.fraction
        for slot in range(layer.next_simd):
            lanes = neuron.inputs.payload.tangent[slot]
            for k in range(layer.lanes_in):
                m.d.comb += lanes[k].eq(self.inputs.payload.tangent[slot][k])
            for q in range(self._own):
                v = Mux(signs[q][slot], Const(-one), Const(one))
                m.d.comb += lanes[layer.lanes_in + q].eq(v)
        return m

    def _signs(
        self, m: Module, taken: Signal, last_place: Signal, step: Signal, lane: int
    ) -> Signal:
        """The row's signs of one lane, 1 for -1."""
        layer, width = self._layer, self._layer.next_simd
        start, state = (
            Signal(SIGNS.length, name=f"{name}_{lane}", reset_less=True)
            for name in ("word", "state")
        )
        rest = layer.n_out - (layer.rows - 1) * width
        end = wire(m, leap(SIGNS, state, rest), f"end_{lane}")
        following = Mux(step == self._d.network.time_steps - 1, end, start)
        with m.If(self.load[lane]):
            m.d.sync += [start.eq(self.word), state.eq(self.word)]
        with m.Elif(taken):
            m.d.sync += state.eq(Mux(last_place, following, leap(SIGNS, state, width)))
            with m.If(last_place):
                m.d.sync += start.eq(following)
        return wire(m, output_bits(SIGNS, state, 0, width), f"signs_{lane}")
