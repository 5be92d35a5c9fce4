"""Biases of a layer that learns online: changed row by row before they are added to sums."""

from amaranth.hdl import Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.online.changes import ROUNDED, Changes, change_bits
from dualspike.hw.layer.online.passes import Passes, change_steps, spaced
from dualspike.hw.layer.online.rounding.dither import Dither
from dualspike.hw.layer.online.weights import AGAIN, CHANGED, USED, ChangingWeights
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.online import bias_trace

SCALED = 3
"""Cycles from a row's signals to their products with the constant input."""
PIPELINE = SCALED + ROUNDED - CHANGED + USED
"""Cycles from a row's signals to its biases."""


class ChangingBiases(wiring.Component):
    """``outputs``, rows of ``next_simd`` biases, for each group whose multipliers have ``ended``.

    A bias is the weight of an input that is 1, whose trace does not decay. In a pass in which a
    change is due a row waits for its ``signals``, of ``shape``, which come shifted to ``top``
    (`hw.layer.online.rounding.scaling`). Passes without a frame change biases and give
    none; ``over`` tells that those of the batch have all been changed. The other members are those
    of a `ChangingMacArray`.
    Latency: 6 cycles from a row's signals to the row. Throughput: a row a cycle; a pass in `AGAIN`
    cycles if it has fewer rows.
    """

    def __init__(
        self, part: Part, layer: Layer, frames: int, shape: Shape, top: int, words: Words
    ) -> None:
        self._part, self._layer, self._frames = part, layer, frames
        self._signal, self._top = shape, top
        self._words = words
        width = layer.next_simd
        super().__init__(
            {
                "ended": In(1),
                "signals": In(stream.Signature(ArrayLayout(self._signal, width))),
                "outputs": Out(stream.Signature(ArrayLayout(signed(self._words.bits), width))),
                "start": In(1),
                "learn": In(1),
                "over": Out(1),
                "load": In(2),
                "word": In(WORD),
                "saturated": Out(1),
                **self._words.ports,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        steps = change_steps(self._part, layer)
        m.submodules.passes = passes = Passes(self._frames, layer.lag, steps)
        shape = self.outputs.payload.shape()
        m.submodules.buffer = buffer = CreditBuffer(shape, layer.row_places)
        connect(m, buffer.outputs, flipped(self.outputs))
        place = Signal(counter_shape(layer.rows - 1))
        last_place = place == layer.rows - 1
        taken = Signal()
        spare = spaced(m, place == 0, last_place, taken, layer.rows, AGAIN)
        able = spare & (buffer.room | passes.flush) & (self.signals.valid | ~passes.due)
        m.d.comb += [
            passes.start.eq(self.start),
            passes.learn.eq(self.learn),
            passes.ended.eq(taken & last_place),
            taken.eq(self._owed(m, taken) & able),
            buffer.taken.eq(taken & ~passes.flush),
            self.signals.ready.eq(taken & passes.due),
        ]
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
        store = self._change(m, place, taken, taken & passes.due, last_place)
        m.d.comb += [
            buffer.inputs.valid.eq(bit_later(m, buffer.taken, PIPELINE, "there")),
            buffer.inputs.payload.eq(store.words),
            self.over.eq(bit_later(m, passes.over, PIPELINE, "over") & passes.over),
        ]
        return m

    def _owed(self, m: Module, taken: Signal) -> Signal:
        """Whether there is a row of which the group has ended."""
        layer = self._layer
        group = Signal(counter_shape(layer.groups - 1))
        most = layer.row_places + layer.group_rows + (layer.lag + 1) * layer.rows
        rows = Signal(range(most + 1))
        last_group = group == layer.groups - 1
        following = Signal.like(rows)
        owed = Signal()
        ended = Mux(last_group, layer.last_group_rows, layer.group_rows)
        m.d.comb += following.eq(rows + Mux(self.ended, ended, 0) - taken)
        m.d.sync += [rows.eq(following), owed.eq(following != 0)]
        with m.If(self.ended):
            count_on(m, group, layer.groups - 1, last_group)
        return owed

    def _change(
        self, m: Module, place: Signal, taken: Signal, due: Signal, last_place: Value
    ) -> ChangingWeights:
        """The row's biases, changed, `PIPELINE` cycles later."""
        layer, width = self._layer, self._layer.next_simd
        one = bias_trace(self._part, layer)
        shift = (one - 1).bit_length()
        product = signed(self._signal.width + shift)
        m.submodules.dither = dither = Dither(width, 1, self._top)
        m.submodules.changes = changes = Changes(product, width, 1, self._top)
        halves = change_bits(product, self._top)
        m.submodules.store = store = ChangingWeights(layer.n_out, 1, width, 1, self._words, halves)
        self._words.connect(m, self, store)
        changed = SCALED + ROUNDED
        m.d.comb += [
            dither.load.eq(self.load),
            dither.word.eq(self.word),
            dither.advance.eq(bit_later(m, due, SCALED - 1, "due")),
            dither.last_chunk.eq(1),
            dither.last_row.eq(bit_later(m, last_place, SCALED - 1, "last_place")),
            changes.rows.eq(dither.rows),
            changes.columns[0].eq(dither.first),
            store.row.eq(later(m, place, changed - CHANGED, "row")),
            store.enable.eq(bit_later(m, taken, changed - CHANGED, "enable")),
            store.changes.eq(changes.changes),
            store.move.eq(bit_later(m, due, changed, "move")),
            self.saturated.eq(store.saturated),
        ]
        for slot in range(width):
            signal = Mux(due, self.signals.payload[slot], 0)
            signal = signal.shift_left(shift) if one == 1 << shift else signal * Const(one)
            m.d.comb += changes.products[slot].eq(later(m, signal, SCALED, f"signal_{slot}"))
        return store
