"""From groups of ``pe`` neurons, as computed, to rows of ``next_simd``, as the next layer reads."""

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.copies import copies, parts_of
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.payloads import sums
from dualspike.model.sizes.layers import Layer


class Serializer(wiring.Component):
    """Holds one group and gives it out in rows, neuron 0 first; padding neurons are dropped.

    In a `Layer.spread` chip it moves whenever the outputs are ready, be there a row or not, else
    only with one; ``ready_ahead`` says whether they will be in the next cycle.
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
                "ready_ahead": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        rows, last_rows = layer.group_rows, layer.last_group_rows
        # Rows left behind the one on offer; whether one is on offer, and whether none is behind.
        left = Signal(counter_shape(rows - 1))
        offers = Signal()
        last = Signal(init=1)
        group = Signal(counter_shape(layer.groups - 1))
        last_group = group == layer.groups - 1
        moves = self.outputs.ready
        steps = moves if layer.spread else moves & (self.inputs.valid | ~last)

        last_ahead = Signal()
        m.d.comb += [
            self.outputs.valid.eq(offers),
            self.inputs.ready.eq(last & moves),
            last_ahead.eq(last),
        ]
        m.d.sync += last.eq(last_ahead)
        with m.If(moves):
            m.d.sync += left.eq(left - 1)
            m.d.comb += last_ahead.eq(left == 1)
            with m.If(last):
                m.d.sync += offers.eq(self.inputs.valid)
                m.d.comb += last_ahead.eq(1)
                with m.If(self.inputs.valid):
                    m.d.sync += left.eq(Mux(last_group, last_rows - 1, rows - 1))
                    m.d.comb += last_ahead.eq(Mux(last_group, last_rows == 1, rows == 1))
                    count_on(m, group, layer.groups - 1, last_group)
        bits = Shape.cast(self.inputs.payload.shape()).width
        every_last = copies(m, last_ahead, last, bits, "last", spread=layer.spread)
        every_move = copies(m, self.ready_ahead, steps, bits, "moves", spread=layer.spread)
        for name, _ in self.inputs.payload.shape():
            if name == "sign" and self._shared:
                held = Signal.like(self.inputs.payload.sign, name="held_sign", reset_less=True)
                with m.If(last & steps):
                    m.d.sync += held.eq(self.inputs.payload.sign)
                m.d.comb += self.outputs.payload.sign.eq(held)
            else:
                group_of, row = self.inputs.payload[name], self.outputs.payload[name]
                self._shift(m, every_last, every_move, group_of, row, name)
        return m

    def _shift(
        self,
        m: Module,
        lasts: list[Value],
        moves: list[Value],
        group: data.View,
        row: data.View,
        name: str,
    ) -> None:
        """Its only enable is that it moves, from a register next to each few where it is copied."""
        width, pe = self._layer.next_simd, self._layer.pe
        neurons = [Cat(group[p]) for p in range(pe)]
        held = [
            Signal(len(neuron), name=f"held_{name}_{p}", reset_less=True)
            for p, neuron in enumerate(neurons)
        ]
        for p in range(pe):
            behind = held[p + width] if p + width < pe else Const(0, len(held[p]))
            for at, bits in self._served(p, len(held[p]), len(lasts)):
                with m.If(moves[at]):
                    taken = Mux(lasts[at], neurons[p][bits], behind[bits])
                    m.d.sync += held[p][bits].eq(taken)
        for slot in range(width):
            m.d.comb += Cat(row[slot]).eq(held[slot] if slot < pe else 0)

    def _served(self, p: int, bits: int, registers: int) -> list[tuple[int, slice]]:
        """Which of so many registers moves which bits of neuron ``p``.

        One moves all of them; in fast chips all that are for this neuron have their share.
        """
        pe = self._layer.pe
        if not self._layer.ahead:
            return [(p * registers // pe, slice(None))]
        own = parts_of(range(registers), p, pe)
        ends = [n * bits // len(own) for n in range(len(own) + 1)]
        return [(at, slice(*ends[n : n + 2])) for n, at in enumerate(own)]
