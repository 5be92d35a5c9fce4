"""From groups of ``pe`` neurons, as computed, to rows of ``next_simd``, as the next layer reads."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.payloads import sums
from dualspike.model.ceil_div import ceil_div
from dualspike.model.sizes.layers import Layer


class Serializer(wiring.Component):
    """Holds one group and gives it out in rows, neuron 0 first; padding neurons are dropped.

    Latency: 1 cycle. Throughput: one row a cycle, also from one group to the next.
    """

    def __init__(self, layer: Layer, lanes: int, *, shared: bool) -> None:
        self._layer, self._lanes, self._shared = layer, lanes, shared
        super().__init__(
            {
                "inputs": In(stream.Signature(sums(layer, lanes, layer.pe, shared=shared))),
                "outputs": Out(
                    stream.Signature(sums(layer, lanes, layer.next_simd, shared=shared))
                ),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, width = self._layer, self._layer.next_simd
        full_rows = -(-min(layer.pe, layer.n_out) // width)
        last_neurons = layer.n_out - (layer.groups - 1) * layer.pe
        last_rows = ceil_div(last_neurons, width)
        # Rows left behind the one on offer; whether one is on offer, and whether it is the last.
        left = Signal(counter_shape(full_rows - 1))
        offers = Signal()
        last = Signal()
        group = Signal(counter_shape(layer.groups - 1))
        last_group = group == layer.groups - 1
        given = self.outputs.valid & self.outputs.ready

        m.d.comb += [
            self.outputs.valid.eq(offers),
            self.inputs.ready.eq(~offers | (last & self.outputs.ready)),
        ]
        with m.If(given):
            m.d.sync += [offers.eq(~last), left.eq(left - 1), last.eq(left == 1)]
        with m.If(self.inputs.valid & self.inputs.ready):
            m.d.sync += [
                offers.eq(1),
                left.eq(Mux(last_group, last_rows - 1, full_rows - 1)),
                last.eq(Mux(last_group, last_rows == 1, full_rows == 1)),
            ]
            count_on(m, group, layer.groups - 1, last_group)
        for name, _ in self.inputs.payload.shape():
            if name == "sign" and self._shared:
                held = Signal.like(self.inputs.payload.sign, name="held_sign", reset_less=True)
                with m.If(self.inputs.valid & self.inputs.ready):
                    m.d.sync += held.eq(self.inputs.payload.sign)
                m.d.comb += self.outputs.payload.sign.eq(held)
            else:
                self._shift(m, given, self.inputs.payload[name], self.outputs.payload[name], name)
        return m

    def _shift(self, m: Module, given: Signal, group: data.View, row: data.View, name: str) -> None:
        width, pe = self._layer.next_simd, self._layer.pe
        neurons = [Cat(group[p]) for p in range(pe)]
        held = [
            Signal(len(neuron), name=f"held_{name}_{p}", reset_less=True)
            for p, neuron in enumerate(neurons)
        ]
        for p in range(pe):
            with m.If(self.inputs.valid & self.inputs.ready):
                m.d.sync += held[p].eq(neurons[p])
            with m.Elif(given):
                m.d.sync += held[p].eq(held[p + width] if p + width < pe else 0)
        for slot in range(width):
            m.d.comb += Cat(row[slot]).eq(held[slot] if slot < pe else 0)
