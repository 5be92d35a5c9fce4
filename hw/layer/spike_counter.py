"""Spike counts and summed spike tangents of every neuron over a sample's T steps."""

from amaranth.hdl import Module, Signal, Value, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
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
        taken, first, first_ahead = Signal(), Signal(init=1), Signal()

        def count(name: str, more: Value, total: Value) -> None:
            if self._steps == 1:
                m.d.comb += total.eq(more)
                return
            # Read a row ahead, so that it comes from a register, which is all a single row needs.
            before = Signal(total.shape(), name=f"{name}_before", reset_less=True)
            kept: Value = total
            if layer.chunks > 1:
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
            with m.If(last_chunk):
                count_on(m, step, self._steps - 1, last_step)
                m.d.comb += first_ahead.eq(last_step)
        return m
