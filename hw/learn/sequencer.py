"""The course of a batch: draw signs, let the samples through, then move the weights.

A chip with fewer lanes than are drawn does the first two in several passes, each with the signs of
the lanes whose turn it is; then it draws them again, from the state it had kept, to move the
weights. The drawer goes on from where it was.

For every lane k and every layer l in its mask, in this order:
step = saturate(round(jvp_k 2^-shift_l)), then W_l -= V_kl step and b_l -= C_kl step. With mantissas
the jvp is first multiplied by mantissa_l / 8. Stochastic rounding adds the lowest bits of a drawn
word, as many as are shifted out, and cuts off.
"""

from amaranth.hdl import Array, Cat, Const, Module, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.learn.course import batches, done, idle
from dualspike.hw.learn.sequencer_config import LATE, SequencerConfig, SequencerState
from dualspike.hw.stream.arithmetic import saturate, wire
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.delay import later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.outstanding import outstanding
from dualspike.model.interface.lfsr import WORD, draw_order
from dualspike.model.interface.register import Command


class Sequencer(wiring.Component):
    """State machine over the whole core.

    ``masks``[l] has the lanes that perturb layer l. ``command`` with ``commanded`` starts and
    stops (`model.interface.registers.Command`), ``updates`` holds the batches still to learn;
    ``tick`` pulses at the end of each. ``open`` lets samples in; ``entered`` and ``left`` pulse
    once for every sample that has entered and every output that has left. The clocks that a batch
    takes besides its samples are in `model.sizes.cycles`. ``start`` pulses with a layer's bit,
    ``clipped`` with it if the step was; the ``step`` is there from the next clock on. With several
    passes ``pass_index`` says whose it is, ``clear`` begins a batch, ``keep`` and ``swap`` are the
    drawer's. With ``ends`` that says whether the lane is the first (bit 0) and the last (bit 1)
    that moves the layer.
    """

    def __init__(self, config: SequencerConfig) -> None:
        self._config = config
        lanes, layers = config.lanes, len(config.shapes)
        self._order = draw_order(config.structure, lanes, config.shapes)
        members = {}
        if config.mantissa_bits:
            members["mantissas"] = In(ArrayLayout(config.mantissa_bits + 1, layers))
        if config.schedule:
            members |= {"stage": In(4), "tick": Out(1)}
        if config.ends:
            members["ends"] = Out(2)
        if config.passes > 1:
            members["pass_index"] = Out(range(config.passes))
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
                "jvp": In(ArrayLayout(signed(config.jvp_bits), lanes)),
                "words": In(stream.Signature(WORD, always_valid=True)),
                "load": Out(ArrayLayout(config.at_once, layers)),
                "prime": Out(1),
                "open": Out(1),
                "learn": Out(1),
                "entered": In(1),
                "left": In(1),
                "start": Out(layers),
                "lane": Out(range(max(config.at_once, 2))),
                "step": Out(signed(config.step_bits)),
                "clipped": Out(1),
                "sweeping": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self._config
        s = SequencerState(config, len(self._order))
        inside = self._inside(m)
        m.d.comb += [
            self.lane.eq(s.place if config.passes > 1 else s.lane),
            self.step.eq(s.step),
            self.open.eq(s.opens),
        ]
        if config.ends:
            self._ends(m, s)
        with m.If(self.set_updates):
            m.d.sync += self.updates.eq(self.updates_data)
        given = self._given(m, s)
        some, last = batches(m, self)
        with m.FSM():
            idle(m, self, s.infer, s.opens, inside, some)
            self._draw(m, s)
            self._prime(m, s)
            self._run(m, s)
            self._pair(m, s, given)
            self._move(m, s)
            done(m, self, last, schedule=config.schedule)
        with m.If(self.learn):
            m.d.comb += [self.busy.eq(1), self.mode.eq(Command.LEARN)]
        return m

    def _inside(self, m: Module) -> Value:
        """Outputs still to come."""
        config, entered, left = self._config, self.entered, self.left
        if config.readouts > 1:
            # What is outstanding while nothing is learned; learning ends with nothing inside.
            entered, left = entered & ~self.learn, left & ~self.learn
        return outstanding(m, entered, left, config.outputs, config.inside)

    def _ends(self, m: Module, s: SequencerState) -> None:
        """Whether the lane is the first and the last that moves the layer."""
        users = self._of_layer(self.masks, s)
        before = users & ((Const(1, self._config.lanes + 1) << s.lane) - 1)
        first_move = wire(m, before == 0, "first_move")
        last_move = wire(m, (users >> s.lane >> 1) == 0, "last_move")
        m.d.comb += self.ends.eq(Cat(first_move, last_move))

    @staticmethod
    def _of_layer(values: data.View, s: SequencerState) -> Value:
        return Array(values[n] for n in range(len(values)))[s.layer]

    def _draw(self, m: Module, s: SequencerState) -> None:
        """Signs: a word a clock, those of a pass or of all lanes."""
        config = self._config
        with m.State("DRAW"):
            m.d.comb += self.words.ready.eq(1)
            with m.Switch(s.word):
                for n, draw in enumerate(self._order):
                    with m.Case(n):
                        m.d.comb += self.load[draw.layer][draw.lane % config.at_once].eq(1)
            m.d.sync += s.word.eq(s.word + 1)
            if config.passes > 1:
                m.d.comb += self.keep.eq((s.word == 0) & ~s.again)
                with m.If(s.word == Array(config.last_words(len(self._order)))[self.pass_index]):
                    m.next = "PRIME"
            with m.If(s.word == len(self._order) - 1):
                m.d.sync += s.word.eq(0)
                m.next = "PRIME"

    def _prime(self, m: Module, s: SequencerState) -> None:
        """Before samples, or with signs drawn again before steps."""
        config = self._config
        with m.State("PRIME"):
            m.d.comb += self.prime.eq(1)
            m.d.sync += [s.samples_in.eq(0), s.outputs_out.eq(0)]
            m.d.sync += s.opens.eq(~s.again)
            m.next = "RUN"
            if config.passes > 1:
                m.d.comb += [
                    self.clear.eq((self.pass_index == 0) & ~s.again),
                    self.swap.eq(s.again),
                ]
                with m.If(s.again):
                    m.next = "REFILL" if config.refill else "PAIR"
        if config.refill:
            waited = Signal(counter_shape(config.refill - 1))
            with m.State("REFILL"):
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == config.refill - 1):
                    m.d.sync += waited.eq(0)
                    m.next = "PAIR"

    def _run(self, m: Module, s: SequencerState) -> None:
        """The batch's samples in and its outputs out, then the steps or the next pass."""
        config, batch = self._config, self._config.batch
        with m.State("RUN"):
            with m.If(self.entered):
                m.d.sync += s.samples_in.eq(s.samples_in + 1)
                with m.If(s.samples_in == batch - 1):
                    m.d.sync += s.opens.eq(0)
            with m.If(self.left):
                m.d.sync += s.outputs_out.eq(s.outputs_out + 1)
                with m.If(s.outputs_out == batch * config.outputs * config.readouts - 1):
                    m.next = "PAIR"
                    if config.passes > 1:
                        m.d.sync += self.pass_index.eq(self.pass_index + 1)
                        m.next = "DRAW"
                        with m.If(self.pass_index == config.passes - 1):
                            m.d.sync += self.pass_index.eq(0)
                            m.next = "AGAIN"
        if config.passes > 1:
            with m.State("AGAIN"):
                m.d.comb += self.swap.eq(1)
                m.d.sync += s.again.eq(1)
                m.next = "DRAW"

    def _given(self, m: Module, s: SequencerState) -> list[Value]:
        """Slope, shift, random word and mantissa of lane and layer; of a clock ago if ``chosen``.

        Their registers are loaded in every clock, as an enable would come late.
        """
        config = self._config
        shift: Value = self._of_layer(self.shifts, s)
        if config.schedule:
            shift = shift + self.stage
        jvp = Array(self.jvp[k] for k in range(config.lanes))[s.lane]
        given: list[Value] = [jvp, shift, self.words.payload]
        if config.mantissa_bits:
            given.append(self._of_layer(self.mantissas, s))
        if not config.chosen:
            return given
        return [later(m, value, 1, f"chosen_{n}") for n, value in enumerate(given)]

    def _pair(self, m: Module, s: SequencerState, given: list[Value]) -> None:
        """Lane and layer: its step before rounding, unless the mask leaves the layer out."""
        config, down = self._config, self._config.mantissa_bits
        after = "SHIFTED" if config.chosen else "STEP"
        following = "SHIFT" if down else after
        with m.State("PAIR"):
            if config.stochastic:
                m.d.comb += self.words.ready.eq(1)
            if not config.chosen:
                self._scale(m, s, *given)
            with m.If(self._of_layer(self.masks, s).bit_select(s.lane, 1)):
                m.next = "CHOSEN" if config.chosen else following
            with m.Else():
                self._next_pair(m, s)
        if config.chosen:
            with m.State("CHOSEN"):
                self._scale(m, s, *given)
                m.next = following
            with m.State("SHIFTED"):
                m.d.sync += s.shifted.eq(s.begun >> s.rest)
                m.next = "STEP"
        if down:
            with m.State("SHIFT"):
                self._shift(m, s, s.scaled, s.shift + down, s.drawn)
                m.next = after

    def _scale(
        self, m: Module, s: SequencerState, jvp: Value, shift: Value, word: Value, *mantissa: Value
    ) -> None:
        """A slope shifted; or times its mantissa, to be shifted in the next clock."""
        if mantissa:
            scaled = [s.scaled.eq(jvp * mantissa[0]), s.shift.eq(shift), s.drawn.eq(word)]
            m.d.sync += scaled
        else:
            self._shift(m, s, jvp, shift, word)

    def _move(self, m: Module, s: SequencerState) -> None:
        """The layer's weights, by that step: rounded in one clock, clipped in the next."""
        config = self._config
        step, clips = saturate(m, s.rounded, config.step_bits, "rounded")
        with m.State("STEP"):
            rounded = s.shifted if config.stochastic else (s.shifted + 1).shift_right(1)
            m.d.sync += s.rounded.eq(rounded)
            m.next = "START"
        with m.State("START"):
            m.d.comb += [self.start.bit_select(s.layer, 1).eq(1), self.clipped.eq(clips)]
            m.d.sync += s.step.eq(step)
            m.next = "SWEEP"
        with m.State("SWEEP"):
            with m.If(~self.sweeping):
                self._next_pair(m, s)

    def _shift(self, m: Module, s: SequencerState, value: Value, shift: Value, word: Value) -> None:
        """``value`` / 2^shift: with one more bit to round to the nearest, or rounded already.

        Where that takes two clocks the second one does the lowest bits of the shift, or all of it
        after an addition.
        """
        begun, rest = value << 1, shift
        if self._config.stochastic:
            begun = value + (word & ~(Const((1 << WORD) - 1) << shift)[:WORD])
        elif self._config.chosen:
            begun, rest = begun >> Cat(Const(0, LATE), shift[LATE:]), shift[:LATE]
        if self._config.chosen:
            m.d.sync += [s.begun.eq(begun), s.rest.eq(rest)]
        else:
            m.d.sync += s.shifted.eq(begun >> rest)

    def _next_pair(self, m: Module, s: SequencerState) -> None:
        """The next layer, then the next lane; with passes, signs of the next ones are drawn."""
        config = self._config
        m.next = "PAIR"
        with m.If(s.layer == len(config.shapes) - 1):
            m.d.sync += [s.layer.eq(0), s.lane.eq(s.lane + 1)]
            if config.passes > 1:
                m.d.sync += s.place.eq(s.place + 1)
                with m.If(s.place == config.at_once - 1):
                    m.d.sync += [s.place.eq(0), self.pass_index.eq(self.pass_index + 1)]
                    m.next = "AGAIN"
            with m.If(s.lane == config.lanes - 1):
                m.d.sync += s.lane.eq(0)
                m.next = "DONE"
                if config.passes > 1:
                    m.d.sync += [s.place.eq(0), self.pass_index.eq(0), s.again.eq(0)]
        with m.Else():
            m.d.sync += s.layer.eq(s.layer + 1)
