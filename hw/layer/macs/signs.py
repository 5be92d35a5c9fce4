"""The perturbation's signs at the present position of a pass over the weights.

Words from the drawer are pushed in before every batch, per lane: row signs first, then column
signs (structure factored) or the start state of the sign register (independent). See
`model.interface.lfsr`. A bit of 1 is a perturbation of -1.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.copies import SINKS
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import Layer


class Signs(wiring.Component):
    """Signs of ``pe`` x ``simd`` weights for every lane, following a `WeightAddressGenerator`.

    ``load[k]`` pushes ``word`` into lane k; ``restart`` goes back to the start of the pass.
    ``advance`` with the walk's ``last_chunk`` and ``last_row`` moves on; it has a bit for each few
    lanes (`enables`), all the same, for their registers are hundreds. Members for the present
    position: ``weights`` [lanes][simd * pe] (bit s * pe + p for input s, neuron p), ``columns``
    [lanes][simd] (factored only, else 0); always: ``rows`` [lanes][n_out], ``first`` [lanes]
    (the bias's column sign, factored only, else 0). What they are before the first ``restart`` does
    not matter. Latency 0.
    """

    def __init__(self, layer: Layer, lanes: int, structure: str) -> None:
        self._layer, self._lanes, self._factored = layer, lanes, structure == "factored"
        places = 2 * SIGNS.length * lanes
        one = self._factored or not layer.spread
        self.enables = 1 if one else ceil_div(places, SINKS)
        super().__init__(
            {
                "load": In(lanes),
                "word": In(WORD),
                "restart": In(1),
                "advance": In(self.enables),
                "last_chunk": In(1),
                "last_row": In(1),
                "chunk": In(layer.chunks.bit_length()),
                "group": In(layer.groups.bit_length()),
                "weights": Out(ArrayLayout(layer.pe * layer.simd, lanes)),
                "columns": Out(ArrayLayout(layer.simd, lanes)),
                "rows": Out(ArrayLayout(layer.n_out, lanes)),
                "first": Out(lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        row_words = ceil_div(layer.n_out, WORD)
        more = ceil_div(layer.n_in + 1, WORD) if self._factored else 1
        starts: list[Signal] = []
        for k in range(self._lanes):
            words = [
                Signal(WORD, name=f"word_{k}_{n}", reset_less=True) for n in range(row_words + more)
            ]
            with m.If(self.load[k]):
                for word, above in zip(words, [*words[1:], self.word], strict=True):
                    m.d.sync += word.eq(above)
            m.d.comb += self.rows[k].eq(Cat(words[:row_words]))
            if self._factored:
                self._follow_factored(m, k, Cat(words[row_words:]))
            else:
                starts.append(words[row_words])
        if not self._factored:
            self._follow_registers(m, starts)
        return m

    def _follow_factored(self, m: Module, k: int, columns: Value) -> None:
        layer = self._layer
        chunks = [
            columns[1 + c * layer.simd : 1 + (c + 1) * layer.simd] for c in range(layer.chunks)
        ]
        groups = [self.rows[k][g * layer.pe : (g + 1) * layer.pe] for g in range(layer.groups)]
        column = Signal(layer.simd)
        rows = Signal(layer.pe)
        m.d.comb += [
            column.eq(_chosen(chunks, self.chunk)),
            rows.eq(_chosen(groups, self.group)),
            self.first[k].eq(columns[0]),
            self.columns[k].eq(column),
            self.weights[k].eq(
                Cat(rows ^ column[s].replicate(layer.pe) for s in range(layer.simd))
            ),
        ]

    def _follow_registers(self, m: Module, starts: list[Signal]) -> None:
        """Weight (i, j) takes output bit j * n_out + i: a chunk is simd * n_out bits further.

        What comes next does not wait for ``advance``, which comes late in a cycle.
        """
        layer = self._layer
        begin = wire(m, self.restart | self.last_row, "begin")
        pulses: list[tuple[Signal, Signal]] = []
        for n, advance in enumerate(self.advance):
            next_chunk = wire(m, self.restart | advance, f"next_chunk_{n}")
            next_group = self.restart | (advance & self.last_chunk)
            pulses.append((next_chunk, wire(m, next_group, f"next_group_{n}")))
        for k, start in enumerate(starts):
            next_chunk, next_group = pulses[k * self.enables // self._lanes]
            state = Signal(SIGNS.length, name=f"state_{k}", reset_less=True)
            group_state = Signal(SIGNS.length, name=f"group_state_{k}", reset_less=True)
            m.d.comb += self.weights[k].eq(
                Cat(output_bits(SIGNS, state, s * layer.n_out, layer.pe) for s in range(layer.simd))
            )
            group_ahead = wire(m, leap(SIGNS, group_state, layer.pe), f"group_ahead_{k}")
            ahead = leap(SIGNS, state, layer.simd * layer.n_out)
            with m.If(next_chunk):
                m.d.sync += state.eq(Mux(begin, start, Mux(self.last_chunk, group_ahead, ahead)))
            with m.If(next_group):
                m.d.sync += group_state.eq(Mux(begin, start, group_ahead))


def _chosen(values: list[Value], number: Value) -> Value:
    """The value with this number, which is 0 if there is only one."""
    return Array(values)[number] if len(values) > 1 else values[0]
