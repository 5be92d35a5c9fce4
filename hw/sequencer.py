"""The course of a batch: draw signs, let the samples through, then move the weights.

A chip with fewer lanes than are drawn does the first two in several passes, each with the signs of
the lanes whose turn it is; then it draws them again, from the state it had kept, to move the
weights. The drawer goes on from where it was.

For every lane k and every layer l in its mask, in this order:
step = saturate(round(jvp_k 2^-shift_l)), then W_l -= V_kl step and b_l -= C_kl step. With mantissas
the jvp is first multiplied by mantissa_l / 8. Stochastic rounding adds the lowest bits of a drawn
word, as many as are shifted out, and cuts off.
"""

from dataclasses import dataclass
from typing import Self

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.counters import counter_shape
from dualspike.hw.fixed import saturate, wire
from dualspike.hw.layouts import ArrayLayout
from dualspike.hw.owed import owed
from dualspike.model.cycles import refill_cycles
from dualspike.model.description import Description
from dualspike.model.geometry import Geometry, most_inside
from dualspike.model.lfsr import WORD, draw_order
from dualspike.model.registers import Command


@dataclass(frozen=True)
class Course:
    """What the sequencer must know of a chip: the layers, the batch, and widths in bits.

    ``shapes`` are (n_in, n_out) of each layer, ``outputs`` those of a sample, which in learning
    each of the ``readouts`` puts out; up to ``inside`` samples are under way. Mantissas have
    ``mantissa_bits`` behind the point, there are none if it is 0; ``stochastic`` rounds steps so.
    With a ``schedule`` a stage is added to the shifts. With fewer lanes ``built`` than there are
    (0: all are) a batch is taken in passes. ``weight_bits`` are those of a step, with ``momentum``
    of a velocity. Signs that are drawn again take ``refill`` clocks until they can be used.
    """

    structure: str
    shapes: list[tuple[int, int]]
    lanes: int
    batch: int
    outputs: int
    inside: int
    jvp_bits: int
    weight_bits: int
    mantissa_bits: int = 0
    stochastic: bool = False
    schedule: bool = False
    built: int = 0
    momentum: bool = False
    readouts: int = 1
    refill: int = 0

    @property
    def at_once(self) -> int:
        """Lanes that the chip has."""
        return self.built or self.lanes

    @property
    def passes(self) -> int:
        """How often a batch is taken, each time for other lanes."""
        return -(-self.lanes // self.at_once)

    @classmethod
    def of(cls, d: Description, g: Geometry) -> Self:
        """The course of a perceptron."""
        return cls(
            d.learning.structure,
            d.shapes,
            d.lanes,
            d.learning.batch,
            outputs=d.network.layers[-1],
            inside=most_inside(d.n_layers),
            jvp_bits=g.jvp_bits,
            weight_bits=d.step_format.bits,
            mantissa_bits=d.mantissa_bits,
            stochastic=d.learning.rounding == "stochastic",
            schedule=d.learning.schedule == "chip",
            built=g.lanes,
            momentum=d.momentum is not None,
            readouts=d.readouts,
            refill=refill_cycles(d),
        )


class Sequencer(wiring.Component):
    """State machine over the whole core.

    ``masks``[l] has the lanes that perturb layer l. ``command`` with ``commanded`` starts and
    stops (`model.registers.Command`), ``updates`` holds the batches still to learn; ``tick``
    pulses at the end of each. ``open`` lets samples in; ``entered`` and ``left`` pulse once for
    every sample that has entered and every output that has left. The clocks that a batch takes
    beside its samples are in `model.cycles`. With several passes ``turn`` says whose it is,
    ``clear`` begins a batch, ``keep`` and ``swap`` are the drawer's. With momentum ``ends`` says
    whether the lane is the first (bit 0) and the last (bit 1) that moves the layer.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        lanes, layers = course.lanes, len(course.shapes)
        self._order = draw_order(course.structure, lanes, course.shapes)
        members = {}
        if course.mantissa_bits:
            members["mantissas"] = In(ArrayLayout(course.mantissa_bits + 1, layers))
        if course.schedule:
            members |= {"stage": In(4), "tick": Out(1)}
        if course.momentum:
            members["ends"] = Out(2)
        if course.passes > 1:
            members["turn"] = Out(range(course.passes))
            members |= {name: Out(1) for name in ("clear", "keep", "swap")}
        super().__init__(
            members
            | {
                "command": In(2),
                "commanded": In(1),
                "set_updates": In(1),
                "updates_data": In(32),
                "updates": Out(32),
                "busy": Out(1),
                "mode": Out(2),
                "masks": In(ArrayLayout(lanes, layers)),
                "shifts": In(ArrayLayout(6, layers)),
                "jvp": In(ArrayLayout(signed(course.jvp_bits), lanes)),
                "words": In(stream.Signature(WORD, always_valid=True)),
                "load": Out(ArrayLayout(course.at_once, layers)),
                "prime": Out(1),
                "open": Out(1),
                "learn": Out(1),
                "entered": In(1),
                "left": In(1),
                "start": Out(layers),
                "lane": Out(range(max(course.at_once, 2))),
                "step": Out(signed(course.weight_bits)),
                "clipped": Out(1),
                "sweeping": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        course, batch = self._course, self._course.batch
        outputs = course.outputs * course.readouts
        lanes, layers = course.lanes, len(course.shapes)
        samples_in = Signal(counter_shape(batch))
        outputs_out = Signal(counter_shape(batch * outputs))
        entered, left = self.entered, self.left
        if course.readouts > 1:
            # What is owed while nothing is learned; learning ends with nothing inside.
            entered, left = entered & ~self.learn, left & ~self.learn
        inside = owed(m, entered, left, course.outputs, course.inside)
        infer = Signal()
        word = Signal(counter_shape(len(self._order) - 1))
        lane = Signal(counter_shape(lanes - 1))
        layer = Signal(counter_shape(layers - 1))
        down = course.mantissa_bits
        shifted = Signal(signed(course.jvp_bits + 1 + down))
        rounded = shifted if course.stochastic else (shifted + 1).shift_right(1)
        rounded, clips = saturate(m, rounded, course.weight_bits, "rounded")
        place = Signal(counter_shape(course.at_once - 1))
        again = Signal()
        m.d.comb += self.lane.eq(place if course.passes > 1 else lane)
        if course.momentum:
            users = Array(self.masks[n] for n in range(layers))[layer]
            before = users & ((Const(1, lanes + 1) << lane) - 1)
            first_move = wire(m, before == 0, "first_move")
            last_move = wire(m, (users >> lane >> 1) == 0, "last_move")
            m.d.comb += self.ends.eq(Cat(first_move, last_move))
        with m.If(self.set_updates):
            m.d.sync += self.updates.eq(self.updates_data)

        with m.FSM() as machine:
            with m.State("IDLE"):
                m.d.comb += [
                    self.open.eq(infer),
                    self.busy.eq(inside != 0),
                    self.mode.eq(Mux(infer, Command.INFER, Command.STOP)),
                ]
                with m.If(self.commanded):
                    m.d.sync += infer.eq(self.command == Command.INFER)
                    with m.If(
                        (self.command == Command.LEARN) & ~self.busy & ~infer & (self.updates != 0)
                    ):
                        m.next = "DRAW"
            with m.State("DRAW"):
                m.d.comb += self.words.ready.eq(1)
                with m.Switch(word):
                    for n, draw in enumerate(self._order):
                        with m.Case(n):
                            m.d.comb += self.load[draw.layer][draw.lane % course.at_once].eq(1)
                m.d.sync += word.eq(word + 1)
                if course.passes > 1:
                    m.d.comb += self.keep.eq((word == 0) & ~again)
                    with m.If(word == Array(self._last_words())[self.turn]):
                        m.next = "PRIME"
                with m.If(word == len(self._order) - 1):
                    m.d.sync += word.eq(0)
                    m.next = "PRIME"
            with m.State("PRIME"):
                m.d.comb += self.prime.eq(1)
                m.d.sync += [samples_in.eq(0), outputs_out.eq(0)]
                m.next = "RUN"
                if course.passes > 1:
                    m.d.comb += [self.clear.eq((self.turn == 0) & ~again), self.swap.eq(again)]
                    with m.If(again):
                        m.next = "REFILL" if course.refill else "PAIR"
            if course.refill:
                waited = Signal(counter_shape(course.refill - 1))
                with m.State("REFILL"):
                    m.d.sync += waited.eq(waited + 1)
                    with m.If(waited == course.refill - 1):
                        m.d.sync += waited.eq(0)
                        m.next = "PAIR"
            with m.State("RUN"):
                m.d.comb += self.open.eq(samples_in != batch)
                with m.If(self.entered):
                    m.d.sync += samples_in.eq(samples_in + 1)
                with m.If(self.left):
                    m.d.sync += outputs_out.eq(outputs_out + 1)
                    with m.If(outputs_out == batch * outputs - 1):
                        m.next = "PAIR"
                        if course.passes > 1:
                            m.d.sync += self.turn.eq(self.turn + 1)
                            m.next = "DRAW"
                            with m.If(self.turn == course.passes - 1):
                                m.d.sync += self.turn.eq(0)
                                m.next = "AGAIN"
            if course.passes > 1:
                with m.State("AGAIN"):
                    m.d.comb += self.swap.eq(1)
                    m.d.sync += again.eq(1)
                    m.next = "DRAW"
            with m.State("PAIR"):
                jvp = Array(self.jvp[k] for k in range(lanes))[lane]
                shift = Array(self.shifts[n] for n in range(layers))[layer]
                if course.schedule:
                    shift = shift + self.stage
                if self._course.stochastic:
                    m.d.comb += self.words.ready.eq(1)
                if down:
                    mantissa = Array(self.mantissas[n] for n in range(layers))[layer]
                    scaled = Signal(signed(len(jvp) + down + 1), reset_less=True)
                    drawn = Signal(WORD, reset_less=True)
                    m.d.sync += [scaled.eq(jvp * mantissa), drawn.eq(self.words.payload)]
                else:
                    m.d.sync += shifted.eq(self._shifted(jvp, shift, self.words.payload))
                with m.If(Array(self.masks[n] for n in range(layers))[layer].bit_select(lane, 1)):
                    m.next = "SHIFT" if down else "STEP"
                with m.Else():
                    self._next_pair(m, lane, layer, place, again)
            if down:
                with m.State("SHIFT"):
                    m.d.sync += shifted.eq(self._shifted(scaled, shift + down, drawn))
                    m.next = "STEP"
            with m.State("STEP"):
                m.d.comb += self.clipped.eq(clips)
                m.d.sync += self.step.eq(rounded)
                m.next = "START"
            with m.State("START"):
                m.d.comb += self.start.bit_select(layer, 1).eq(1)
                m.next = "SWEEP"
            with m.State("SWEEP"):
                with m.If(~self.sweeping):
                    self._next_pair(m, lane, layer, place, again)
            with m.State("DONE"):
                if course.schedule:
                    m.d.comb += self.tick.eq(1)
                m.d.sync += self.updates.eq(self.updates - 1)
                m.next = "DRAW"
                with m.If(self.updates <= 1):
                    m.d.sync += self.updates.eq(0)
                    m.next = "IDLE"
        m.d.comb += self.learn.eq(~machine.ongoing("IDLE"))
        with m.If(self.learn):
            m.d.comb += [self.busy.eq(1), self.mode.eq(Command.LEARN)]
        return m

    def _shifted(self, value: Value, shift: Value, word: Value) -> Value:
        """``value`` / 2^shift: with one more bit to round to the nearest, or rounded already."""
        if not self._course.stochastic:
            return (value << 1) >> shift
        cut_off = word & ~(Const((1 << WORD) - 1) << shift)[:WORD]
        return (value + cut_off) >> shift

    def _last_words(self) -> list[int]:
        """The number of each pass's last word."""
        course = self._course
        each = len(self._order) // course.lanes * course.at_once
        return [min((turn + 1) * each, len(self._order)) - 1 for turn in range(course.passes)]

    def _next_pair(
        self, m: Module, lane: Signal, layer: Signal, place: Signal, again: Signal
    ) -> None:
        course = self._course
        last_lane, last_layer = course.lanes - 1, len(course.shapes) - 1
        m.next = "PAIR"
        with m.If(layer == last_layer):
            m.d.sync += [layer.eq(0), lane.eq(lane + 1)]
            if course.passes > 1:
                m.d.sync += place.eq(place + 1)
                with m.If(place == course.at_once - 1):
                    m.d.sync += [place.eq(0), self.turn.eq(self.turn + 1)]
                    m.next = "AGAIN"
            with m.If(lane == last_lane):
                m.d.sync += lane.eq(0)
                m.next = "DONE"
                if course.passes > 1:
                    m.d.sync += [place.eq(0), self.turn.eq(0), again.eq(0)]
        with m.Else():
            m.d.sync += layer.eq(layer + 1)
