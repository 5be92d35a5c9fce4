"""Spike counts and summed spike tangents of every neuron over a sample's T steps."""

from amaranth.hdl import Module, Mux, Signal, Value, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
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
        into, out = self.inputs.payload, self.outputs.payload
        chunk = Signal(counter_shape(layer.chunks - 1))
        step = Signal(counter_shape(self._steps - 1))
        last_step = Signal()
        advance = Signal()
        taken = Signal()
        first = wire(m, step == 0, "first")
        after = Signal(out.shape())

        def count(name: str, more: Value, total: Value) -> None:
            if self._steps == 1:
                m.d.comb += total.eq(more)
                return
            m.submodules[name] = sums = memory.Memory(
                shape=total.shape(), depth=layer.chunks, init=[]
            )
            read, write = sums.read_port(domain="comb"), sums.write_port()
            m.d.comb += [
                total.eq(Mux(first, 0, read.data) + more),
                read.addr.eq(chunk),
                write.addr.eq(chunk),
                write.data.eq(total),
                write.en.eq(taken),
            ]

        for slot in range(layer.simd):
            count(f"counts_{slot}", into.value[slot], after.value[slot])
            for k in range(self._lanes):
                count(f"tangents_{slot}_{k}", into.tangent[slot][k], after.tangent[slot][k])
        m.d.comb += [
            last_step.eq(step == self._steps - 1),
            advance.eq(~self.outputs.valid | self.outputs.ready),
            self.inputs.ready.eq(advance | ~last_step),
            taken.eq(self.inputs.valid & self.inputs.ready),
        ]
        with m.If(taken):
            count_on(m, chunk, layer.chunks - 1)
            with m.If(chunk == layer.chunks - 1):
                count_on(m, step, self._steps - 1, last_step)
        with m.If(advance):
            m.d.sync += self.outputs.valid.eq(taken & last_step)
            with m.If(taken & last_step):
                m.d.sync += out.eq(after)
        return m
