"""Spike counts and summed spike tangents of every neuron over a sample's T steps."""

from amaranth.hdl import Module, Signal, Value, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.first_step import first_step_next
from dualspike.hw.stream.payloads import layer_input, row
from dualspike.model.sizes.layers import Layer


class SpikeCounter(wiring.Component):
    """T frames of rows (S, dS) in, one frame of (sum S, sum dS) out for the readout ``layer``.

    Latency: 1 cycle, in the last of the T frames. Throughput: a row a cycle.
    """

    def __init__(self, layer: Layer, lanes: int, time_steps: int, tangent_bits: int) -> None:
        self._layer, self._lanes, self._steps = layer, lanes, time_steps
        inputs = row(unsigned(1), tangent_bits, lanes, layer.simd)
        super().__init__(
            {
                "inputs": In(stream.Signature(inputs)),
                "outputs": Out(stream.Signature(layer_input(layer, lanes))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        into = self.inputs.payload
        m.submodules.skid = skid = SkidBuffer(self.outputs.payload.shape())
        connect(m, skid.outputs, flipped(self.outputs))
        after, ready = skid.inputs.payload, skid.inputs.ready
        chunk = Signal(counter_shape(layer.chunks - 1))
        following = Signal.like(chunk, init=min(1, layer.chunks - 1))
        step = Signal(counter_shape(self._steps - 1))
        last_step, last_chunk = step == self._steps - 1, chunk == layer.chunks - 1
        third = Signal.like(chunk, init=3 % layer.chunks)
        taken = Signal()
        first = Signal(init=1)
        first_ahead = Signal()
        if layer.ahead:
            # What all sums wait for is a register and no comparison.
            steps = self._steps
            first_next = first_step_next(m, taken, following, layer.chunks, step, steps)
            last_step = Signal(init=steps == 1)

        def count(name: str, more: Value, total: Value) -> None:
            if self._steps == 1:
                m.d.comb += total.eq(more)
                return
            # Read a row ahead, so that it comes from a register, which is all a single row needs.
            before = Signal(total.shape(), name=f"{name}_before")
            kept: Value = total
            if layer.holds_chunks:
                bits = total.shape().width
                m.submodules[name] = deep = RegisteredMemory(bits, layer.chunks, held=True)
                m.d.comb += [
                    deep.advance.eq(taken),
                    deep.address.eq(third),
                    deep.place.eq(chunk),
                    deep.written.eq(total),
                    deep.write.eq(taken),
                ]
                kept = deep.word.as_signed() if total.shape().signed else deep.word
            elif layer.chunks > 1:
                m.submodules[name] = sums = memory.Memory(
                    shape=total.shape(), depth=layer.chunks, init=[]
                )
                read, write = sums.read_port(domain="comb"), sums.write_port()
                m.d.comb += [
                    read.addr.eq(following),
                    write.addr.eq(chunk),
                    write.data.eq(total),
                    write.en.eq(taken),
                ]
                kept = read.data
            with m.If(taken):
                m.d.sync += before.eq(kept)
            with m.If(first_ahead):
                m.d.sync += before.eq(0)
            m.d.comb += total.eq(before + more)

        for slot in range(layer.simd):
            count(f"counts_{slot}", into.value[slot], after.value[slot])
            for k in range(self._lanes):
                count(f"tangents_{slot}_{k}", into.tangent[slot][k], after.tangent[slot][k])
        m.d.comb += [
            self.inputs.ready.eq(ready | ~last_step),
            taken.eq(self.inputs.valid & self.inputs.ready),
            skid.inputs.valid.eq(self.inputs.valid & last_step),
            first_ahead.eq(first),
        ]
        m.d.sync += first.eq(first_ahead)
        with m.If(taken):
            m.d.sync += chunk.eq(following)
            count_on(m, following, layer.chunks - 1)
            if layer.holds_chunks:
                count_on(m, third, layer.chunks - 1)
            with m.If(last_chunk):
                count_on(m, step, self._steps - 1, last_step)
                if layer.ahead:
                    m.d.sync += last_step.eq(steps == 1 or step == steps - 2)
                else:
                    m.d.comb += first_ahead.eq(last_step)
            if layer.ahead:
                m.d.comb += first_ahead.eq(first_next)
        return m
