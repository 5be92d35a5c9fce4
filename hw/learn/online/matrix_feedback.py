"""What comes back to the neurons of a hidden layer by a matrix that is learned.

A neuron's signal is gate (sum over outputs of M e). How M moves is for the kinds of matrix to say
(docs/online_chip.md).
"""

from abc import abstractmethod
from math import ceil, log2

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Member, Out, connect, flipped

from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.layer.memory.words import HostPort
from dualspike.hw.layer.online.passes import spaced
from dualspike.hw.layer.online.weights import AGAIN, CHANGED, USED
from dualspike.hw.learn.online.feedback import Feedback
from dualspike.hw.learn.online.feedback_matrix import FeedbackMatrix
from dualspike.hw.stream.arithmetic import add, wire
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout, StructLayout
from dualspike.hw.stream.payloads import row
from dualspike.model.description.part import Part
from dualspike.model.sizes.feedback import FeedbackSizes
from dualspike.model.sizes.layers import Layer


class MatrixFeedback(Feedback):
    """A chunk of outputs at a time, row after row.

    ``gates`` are those of a row, with ``marks`` of each neuron that say how the matrix moves;
    ``errors`` those of all outputs, with their tangents along the layer's lanes if it has any.
    ``host`` is the way to the matrix, ``saturated`` pulses when a number of it was clipped.
    Latency: 5 cycles and those of a product, from a row's last chunk. Throughput: a step in
    max(rows * chunks, `AGAIN`) cycles.
    """

    def __init__(self, part: Part, layer: Layer, sizes: FeedbackSizes) -> None:
        self._sizes, self._outputs = sizes, part.network.layers[-1]
        self._lanes, f = part.own_lanes, part.formats
        marks = ArrayLayout(ArrayLayout(unsigned(1), self._lanes or 1), layer.next_simd)
        gates = StructLayout({"gate": ArrayLayout(unsigned(1), layer.next_simd), "marks": marks})
        errors = row(signed(f.error.bits), f.tangent.bits, self._lanes, self._outputs)
        more = {"host": In(HostPort(sizes.bits, part.protection)), "saturated": Out(1)}
        super().__init__(part, layer, gates, errors, sizes.latency, more | self._told())

    def _told(self) -> dict[str, Member]:
        """Members of one kind of matrix."""
        return {}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sizes = self._sizes
        gates, errors, buffer = self._waiting(m)
        place = Signal(counter_shape(sizes.cycles - 1))
        chunk = Signal(counter_shape(sizes.chunks - 1))
        taken = Signal()
        last_place = place == sizes.cycles - 1
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
        found, over = self._found(m, taken, chunk, gates.outputs.payload.marks, given)
        m.submodules.matrix = matrix = self._matrix()
        connect(m, flipped(self.host), matrix.host)
        m.d.comb += [
            self.saturated.eq(matrix.saturated),
            matrix.row.eq(place),
            matrix.enable.eq(taken),
            matrix.move.eq(bit_later(m, taken, CHANGED, "moves")),
            *(matrix.changes[bank].eq(x) for bank, x in enumerate(found)),
        ]
        told = later(m, self._chunk(given.value, chunk), USED, "error")
        sums = self._sums(m, matrix, told, taken, chunk == 0)
        gate = later(m, gates.outputs.payload.gate, self._pipeline, "gate")
        signals = [Mux(gate[slot], total, 0) for slot, total in enumerate(sums)]
        f, used = self._part.formats, self._part.feedback_used
        drop = f.error.fraction + used.fraction - f.cotangent.fraction
        self._leave(m, buffer, buffer.inputs.valid, signals, drop, over)
        return m

    def _chunk(self, outputs: data.View, chunk: Value) -> data.View:
        """The entries of a chunk of outputs; those of outputs that are not there are 0."""
        shape = ArrayLayout(outputs.shape().elem_shape, self._sizes.columns)
        bits = Value.cast(outputs)
        padded = Cat(bits, Const(0, shape.size * self._sizes.chunks - len(bits)))
        return data.View(shape, padded.word_select(chunk, shape.size))

    @abstractmethod
    def _matrix(self) -> FeedbackMatrix:
        """The memory."""

    @abstractmethod
    def _found(
        self, m: Module, taken: Value, chunk: Value, marks: data.View, errors: data.View
    ) -> tuple[list[Value], Value | None]:
        """x of every bank, `CHANGED` cycles after its chunk; whether one was clipped, if it can."""

    def _sums(
        self, m: Module, matrix: FeedbackMatrix, errors: data.View, taken: Value, first: Value
    ) -> list[Value]:
        """Sums of M e over the chunks of a row, ``pipeline`` cycles after the last one."""
        width, columns, multiply = self._layer.next_simd, self._sizes.columns, self._sizes.multiply
        f, clocks = self._part.formats, self._pipeline - 1
        bits = self._sizes.used + f.error.bits + ceil(log2(self._outputs))
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
