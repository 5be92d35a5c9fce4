"""What comes back to the neurons of a hidden layer for a step: a signal for each of them.

Gates, or signs times gates, wait in rows until the output's errors are there (docs/online_chip.md).
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import ceil, log2

from amaranth.hdl import Cat, Module, Mux, Shape, ShapeLike, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Member, Out, connect, flipped

from dualspike.hw.stream.arithmetic import add, add_counted, round_half_up, saturate, turned
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.hw.stream.queue import Queue
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import DRAWER, SIGNS, WORD, feedback_state
from dualspike.model.sizes.layers import Layer


class Feedback(wiring.Component):
    """Rows of ``signals``, ``next_simd`` neurons each, step after step.

    ``gates`` are what the layer's neurons leave here of every row, ``errors`` what the head tells
    once a step. As many steps wait as passes of the layer can be ahead of its changes, and one
    more, so that neither the neurons nor the head ever wait for a change. ``clipped`` pulses.
    """

    def __init__(
        self,
        part: Part,
        layer: Layer,
        gates: ShapeLike,
        errors: ShapeLike,
        pipeline: int,
        more: Mapping[str, Member] | None = None,
    ) -> None:
        self._part, self._layer, self._pipeline = part, layer, pipeline
        self._steps = 1 + (layer.lag if layer.every_step else len(part.shapes) + 1)
        self._signal = signed(part.formats.cotangent.bits)
        signals = ArrayLayout(self._signal, layer.next_simd)
        super().__init__(
            {
                "gates": In(stream.Signature(gates)),
                "errors": In(stream.Signature(errors)),
                "signals": Out(stream.Signature(signals)),
                "clipped": Out(1),
                **(more or {}),
            }
        )

    @abstractmethod
    def picked(self, neurons: data.View) -> data.View:
        """The payload of ``gates``, of what a row of neurons gives."""

    def _waiting(self, m: Module) -> tuple[Queue, RowBuffer, CreditBuffer]:
        """Where gates and errors wait for each other, and signals for who takes them."""
        layer = self._layer
        m.submodules.gates_waiting = gates = Queue(
            self.gates.payload.shape(), self._steps * layer.rows
        )
        m.submodules.errors_waiting = errors = RowBuffer(
            self.errors.payload.shape(), self._steps + 1
        )
        shape = self.signals.payload.shape()
        m.submodules.buffer = buffer = CreditBuffer(shape, self._pipeline + 2)
        connect(m, flipped(self.gates), gates.inputs)
        connect(m, flipped(self.errors), errors.inputs)
        connect(m, buffer.outputs, flipped(self.signals))
        return gates, errors, buffer

    def _leave(
        self,
        m: Module,
        buffer: CreditBuffer,
        there: Value,
        sums: Sequence[Value],
        drop: int,
        more: Value | None = None,
    ) -> None:
        """Signals of a row, rounded; whether one was clipped, or something ``more``."""
        clipped: list[Value] = []
        for slot, total in enumerate(sums):
            rounded = round_half_up(total, drop)
            signal, clips = saturate(m, rounded, self._signal.width, f"rounded_{slot}")
            clipped.append(clips)
            m.d.comb += buffer.inputs.payload[slot].eq(signal)
        over = Signal(len(clipped))
        m.d.sync += over.eq(Mux(there, Cat(clipped), 0))
        m.d.comb += self.clipped.eq(over.any() if more is None else over.any() | more)


class RowFeedback(Feedback):
    """A row of signals at a time, of a row of gates and all errors.

    Throughput: a row a cycle.
    """

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        gates, errors, buffer = self._waiting(m)
        place = Signal(counter_shape(layer.rows - 1))
        taken = Signal()
        last_place = place == layer.rows - 1
        there = bit_later(m, taken, self._pipeline, "taken")
        m.d.comb += [
            taken.eq(gates.outputs.valid & errors.outputs.valid & buffer.room),
            gates.outputs.ready.eq(errors.outputs.valid & buffer.room),
            errors.outputs.ready.eq(taken & last_place),
            buffer.taken.eq(taken),
            buffer.inputs.valid.eq(there),
        ]
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
        sums, drop = self._sums(m, taken, last_place, gates.outputs.payload, errors.outputs.payload)
        self._leave(m, buffer, there, sums, drop)
        return m

    @abstractmethod
    def _sums(
        self, m: Module, taken: Signal, last_place: Value, gates: data.View, errors: data.View
    ) -> tuple[list[Value], int]:
        """Exact signals of a row, ``pipeline`` cycles after it, and the shift that rounds them.

        Those of neurons that are not there are 0, as their gates are.
        """


class ForwardFeedback(RowFeedback):
    """d = dS (sum over outputs of e dy), the mean over the layer's own lanes.

    ``gates`` are dS, -1, 0 or 1, of the lanes that begin in the layer; ``errors`` the sums, the
    slopes of the loss along each.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        lanes = part.own_lanes
        gates = ArrayLayout(ArrayLayout(signed(2), lanes), layer.next_simd)
        slopes = ArrayLayout(signed(part.formats.cotangent.bits), lanes)
        super().__init__(part, layer, gates, slopes, pipeline=1)

    def picked(self, neurons: data.View) -> data.View:
        """See `Feedback.picked`."""
        return neurons.own

    def _sums(
        self, m: Module, taken: Signal, last_place: Value, gates: data.View, errors: data.View
    ) -> tuple[list[Value], int]:
        lanes, sums = self._part.own_lanes, list[Value]()
        for slot in range(self._layer.next_simd):
            terms = [
                Mux(gates[slot][q][0], Mux(gates[slot][q][1], -errors[q], errors[q]), 0)
                for q in range(lanes)
            ]
            sums.append(later(m, add(*terms), 1, f"sum_{slot}"))
        return sums, ceil(log2(lanes))


class SignedFeedback(RowFeedback):
    """d = gate (sum over outputs k of B e_k), B = +1 or -1 by the bits of a register.

    ``gates`` are bits, ``errors`` those of all outputs. The register starts anew in every step;
    neuron h and output k have its bit h n_out + k.
    """

    def __init__(self, part: Part, layer: Layer, start: int) -> None:
        self._start, self._outputs = start, part.network.layers[-1]
        levels = 1 + max(1, ceil(log2(self._outputs) / 2))
        gates = ArrayLayout(Shape(1), layer.next_simd)
        errors = ArrayLayout(signed(part.formats.error.bits), self._outputs)
        super().__init__(part, layer, gates, errors, pipeline=levels)

    def picked(self, neurons: data.View) -> data.View:
        """See `Feedback.picked`."""
        return neurons.gate

    def _sums(
        self, m: Module, taken: Signal, last_place: Value, gates: data.View, errors: data.View
    ) -> tuple[list[Value], int]:
        count, width, f = self._outputs, self._layer.next_simd, self._part.formats
        state = Signal(SIGNS.length, init=self._start)
        with m.If(taken):
            ahead = leap(SIGNS, state, width * count)
            m.d.sync += state.eq(Mux(last_place, self._start, ahead))
        signs = later(m, output_bits(SIGNS, state, 0, width * count), 1, "signs")
        errors = later(m, errors, 1, "held")
        sums: list[Value] = []
        for slot in range(width):
            gate = later(m, gates[slot], self._pipeline - 1, f"gate_{slot}")
            terms = [turned(errors[k], signs[slot * count + k]) for k in range(count)]
            for level in range(self._pipeline - 1):
                fours = [add_counted(*terms[n : n + 4]) for n in range(0, len(terms), 4)]
                if level == self._pipeline - 2:
                    fours = [(Mux(gate, value, 0), carry & gate) for value, carry in fours]
                terms = [
                    (
                        later(m, value, 1, f"sum_{slot}_{level}_{n}"),
                        later(m, carry, 1, f"carry_{slot}_{level}_{n}"),
                    )
                    for n, (value, carry) in enumerate(fours)
                ]
            (value, carry), *_ = terms
            sums.append(value + carry)
        return sums, f.error.fraction - f.cotangent.fraction


def fixed_starts(seed: int, count: int) -> list[int]:
    """Where the registers of fixed signs start, layer by layer: words of a drawer of their own."""
    state, words = feedback_state(seed), list[int]()
    for _ in range(count):
        words.append(state % (1 << WORD))
        for _ in range(WORD):
            new = sum(state >> tap for tap in DRAWER.taps) & 1
            state = state >> 1 | new << (DRAWER.length - 1)
    return words
