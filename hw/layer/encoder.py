"""Inputs become spikes of either sign, in front of a first layer of kind coded.

rate: sign(x) at step t = 1 ... T where floor(t |x|) > floor((t - 1) |x|), otherwise 0.
bernoulli: sign(x) where |x| > r, with r drawn for every sample, step and input
(`model.interface.lfsr`).
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.hw.stream.payloads import layer_input, row
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import CODER, coder_state
from dualspike.model.sizes.layers import Layer


class Encoder(wiring.Component):
    """Samples in, as chunks of ``simd`` stored inputs; T frames of chunks of -1, 0 or 1 out.

    With coding bernoulli ``state`` shows the register, and ``load`` replaces one half of it by
    ``load_data``. Latency: 3 cycles from a sample's last chunk to its first out. Throughput: a
    chunk out in every cycle; the next sample is taken meanwhile.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._d, self._layer = part, layer
        self._drawn = part.network.coding == "bernoulli"
        self._shape = row(signed(part.formats.input.bits), 0, 0, layer.simd)
        register = {"state": Out(CODER.length), "load": In(2), "load_data": In(32)}
        super().__init__(
            {
                "inputs": In(stream.Signature(self._shape)),
                "outputs": Out(stream.Signature(layer_input(layer, 0))),
                **(register if self._drawn else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, steps = self._layer, self._d.network.time_steps
        m.submodules.held = held = FrameRepeater(self._shape, layer.chunks, steps)
        connect(m, flipped(self.inputs), held.inputs)
        advance = Signal()
        taken = Signal()
        chunk = Signal(counter_shape(layer.chunks - 1))
        last_chunk = chunk == layer.chunks - 1
        m.d.comb += [
            advance.eq(~self.outputs.valid | self.outputs.ready),
            held.outputs.ready.eq(advance),
            taken.eq(held.outputs.valid & advance),
        ]
        with m.If(taken):
            count_on(m, chunk, layer.chunks - 1, last_chunk)
        values = held.outputs.payload.value
        spikes = Signal.like(self.outputs.payload, reset_less=True)
        m.d.comb += self.outputs.payload.eq(spikes)
        sizes = [abs(values[slot]) for slot in range(layer.simd)]
        if self._drawn:
            fires = self._draw(m, sizes, taken, last_chunk)
        else:
            fires = self._space(m, sizes, taken, chunk, last_chunk)
        with m.If(advance):
            m.d.sync += self.outputs.valid.eq(taken)
            for slot, fire in enumerate(fires):
                spike = Cat(fire, fire & (values[slot] < 0))
                m.d.sync += spikes.value[slot].eq(spike.as_signed())
        return m

    def _space(
        self, m: Module, sizes: list[Value], taken: Value, chunk: Value, last_chunk: Value
    ) -> list[Value]:
        """Evenly spaced: |x| is added up from step to step, and fires where it passes 1."""
        fraction, steps = self._d.formats.input.fraction, self._d.network.time_steps
        step = Signal(counter_shape(steps - 1))
        with m.If(taken & last_chunk):
            count_on(m, step, steps - 1)
        fires: list[Value] = []
        for slot, size in enumerate(sizes):
            m.submodules[f"phases_{slot}"] = phases = memory.Memory(
                shape=fraction, depth=self._layer.chunks, init=[]
            )
            read, write = phases.read_port(domain="comb"), phases.write_port()
            total = Mux(step == 0, 0, read.data) + size
            m.d.comb += [
                read.addr.eq(chunk),
                write.addr.eq(chunk),
                write.data.eq(total),
                write.en.eq(taken),
            ]
            fires.append(total[fraction:].any())
        return fires

    def _draw(self, m: Module, sizes: list[Value], taken: Value, last_chunk: Value) -> list[Value]:
        """Drawn: |x| is compared with the next bits of the register."""
        layer, fraction = self._layer, self._d.formats.input.fraction
        state = Signal(CODER.length, init=coder_state(self._d.learning.seed))
        rest = layer.n_in - (layer.chunks - 1) * layer.simd
        m.d.comb += self.state.eq(state)
        with m.If(taken):
            m.d.sync += state.eq(leap(CODER, state, layer.simd * fraction))
            with m.If(last_chunk):
                m.d.sync += state.eq(leap(CODER, state, rest * fraction))
        for half in range(2):
            with m.If(self.load[half]):
                m.d.sync += state[32 * half : 32 * half + 32].eq(self.load_data)
        return [
            size > output_bits(CODER, state, slot * fraction, fraction)
            for slot, size in enumerate(sizes)
        ]
