"""What comes back to the neurons of a hidden layer by a matrix that lanes move.

M follows v dy, and a neuron's signal is gate (sum over outputs of M e), once M has moved
(docs/online_chip.md).
"""

from math import ceil, log2

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, connect, flipped

from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.layer.memory.words import HostPort
from dualspike.hw.layer.online.passes import spaced
from dualspike.hw.layer.online.weights import AGAIN, CHANGED, USED
from dualspike.hw.learn.online.feedback import Feedback
from dualspike.hw.learn.online.feedback_matrix import FeedbackMatrix
from dualspike.hw.stream.arithmetic import add, round_saturate, wire
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout, StructLayout
from dualspike.hw.stream.payloads import row
from dualspike.model.description.part import Part
from dualspike.model.sizes.feedback import FeedbackSizes
from dualspike.model.sizes.layers import Layer


class MatrixFeedback(Feedback):
    """A chunk of outputs at a time, row after row.

    ``gates`` are those of a row, with the signs of the layer's lanes; ``errors`` those of all
    outputs, with their tangents along these lanes. ``host`` is the way to the matrix.
    Latency: 5 cycles and those of a product, from a row's last chunk. Throughput: a step in
    max(rows * chunks, `AGAIN`) cycles.
    """

    def __init__(self, part: Part, layer: Layer, sizes: FeedbackSizes) -> None:
        self._sizes, self._outputs = sizes, part.network.layers[-1]
        self._lanes, f = part.own_lanes, part.formats
        signs = ArrayLayout(ArrayLayout(unsigned(1), self._lanes), layer.next_simd)
        gates = StructLayout({"gate": ArrayLayout(unsigned(1), layer.next_simd), "signs": signs})
        errors = row(signed(f.error.bits), f.tangent.bits, self._lanes, self._outputs)
        host = In(HostPort(sizes.bits, part.protection))
        super().__init__(part, layer, gates, errors, sizes.latency, {"host": host})

    def picked(self, neurons: data.View) -> data.View:
        """See `Feedback.picked`; a lane begins with 1 or -1 whatever the gate."""
        width, lanes = range(self._layer.next_simd), range(self._lanes)
        signs = (neurons.own[slot][q][1] for slot in width for q in lanes)
        return data.View(self.gates.payload.shape(), Cat(neurons.gate, *signs))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sizes = self._sizes
        gates, errors, buffer = self._waiting(m)
        place = Signal(counter_shape(sizes.cycles - 1))
        chunk = Signal(counter_shape(sizes.chunks - 1))
        taken, last_place = Signal(), place == sizes.cycles - 1
        last_chunk = chunk == sizes.chunks - 1
        spare = spaced(m, place == 0, last_place, taken, sizes.cycles, AGAIN)
        m.d.comb += [
            taken.eq(gates.outputs.valid & errors.outputs.valid & buffer.room & spare),
            gates.outputs.ready.eq(taken & last_chunk),
            errors.outputs.ready.eq(taken & last_place),
            buffer.taken.eq(taken & last_chunk),
            buffer.inputs.valid.eq(bit_later(m, buffer.taken, self._pipeline, "there")),
        ]
        with m.If(taken):
            count_on(m, place, sizes.cycles - 1, last_place)
            count_on(m, chunk, sizes.chunks - 1, last_chunk)
        given = errors.outputs.payload
        found, over = self._found(m, taken, chunk, gates.outputs.payload.signs, given.tangent)
        m.submodules.matrix = matrix = FeedbackMatrix(self._part, self._layer, sizes)
        connect(m, flipped(self.host), matrix.host)
        m.d.comb += [
            matrix.row.eq(place),
            matrix.enable.eq(taken),
            matrix.move.eq(bit_later(m, taken, CHANGED, "moves")),
            *(matrix.changes[bank].eq(x) for bank, x in enumerate(found)),
        ]
        told = later(m, self._chunk(given.value, chunk), USED, "error")
        sums = self._sums(m, matrix, told, taken, chunk == 0)
        gate = later(m, gates.outputs.payload.gate, self._pipeline, "gate")
        signals = [Mux(gate[slot], total, 0) for slot, total in enumerate(sums)]
        f = self._part.formats
        drop = f.error.fraction + f.tangent.fraction - f.cotangent.fraction
        self._leave(m, buffer, buffer.inputs.valid, signals, drop, over)
        return m

    def _chunk(self, outputs: data.View, chunk: Value) -> data.View:
        """The entries of a chunk of outputs; those of outputs that are not there are 0."""
        shape = ArrayLayout(outputs.shape().elem_shape, self._sizes.columns)
        bits = Value.cast(outputs)
        padded = Cat(bits, Const(0, shape.size * self._sizes.chunks - len(bits)))
        return data.View(shape, padded.word_select(chunk, shape.size))

    def _found(
        self, m: Module, taken: Value, chunk: Value, signs: data.View, tangents: data.View
    ) -> tuple[list[Value], Value]:
        """x of every bank, `CHANGED` cycles after its chunk; then one may have been clipped."""
        width, bits = self._layer.next_simd, self._part.formats.tangent.bits
        dy = later(m, self._chunk(tangents, chunk), CHANGED - 1, "dy")
        v = later(m, signs, CHANGED - 1, "v")
        found: list[Value] = []
        clipped: list[Value] = []
        for bank in range(width * self._sizes.columns):
            column, slot = divmod(bank, width)
            terms = [Mux(v[slot][q], -dy[column][q], dy[column][q]) for q in range(self._lanes)]
            x, clips = round_saturate(
                m, add(*terms), ceil(log2(self._lanes)), bits, f"exact_{bank}"
            )
            found.append(later(m, x, 1, f"found_{bank}"))
            clipped.append(clips)
        over = Signal(len(clipped), name="found_over")
        m.d.sync += over.eq(Mux(bit_later(m, taken, CHANGED - 1, "found"), Cat(clipped), 0))
        return found, over.any()

    def _sums(
        self, m: Module, matrix: FeedbackMatrix, errors: data.View, taken: Value, first: Value
    ) -> list[Value]:
        """Sums of M e over the chunks of a row, ``pipeline`` cycles after the last one."""
        width, columns, multiply = self._layer.next_simd, self._sizes.columns, self._sizes.multiply
        f, clocks = self._part.formats, self._pipeline - 1
        bits = f.tangent.bits + f.error.bits + ceil(log2(self._outputs))
        adds = bit_later(m, taken, clocks, "adds")
        begins = bit_later(m, first, clocks, "begins")
        sums: list[Value] = []
        for slot in range(width):
            products: list[Value] = []
            for column in range(columns):
                bank = column * width + slot
                seen = wire(m, matrix.words[bank].shift_right(matrix.finer), f"seen_{bank}")
                name = f"times_{bank}"
                products.append(multiplied(m, seen, errors[column], name, multiply))
            chunk = later(m, add(*products), 1, f"chunk_{slot}")
            total = Signal(signed(bits), name=f"sum_{slot}", reset_less=True)
            with m.If(adds):
                m.d.sync += total.eq(Mux(begins, 0, total) + chunk)
            sums.append(total)
        return sums
