"""Errors of every step, scores of every sample, and slopes of the loss along the tangent lanes.

e = o - target in every step, or once a sample, with loss margin on the wrong side of the target
only; a score is the mean of o over the steps; a slope is sum e dy over the outputs
(docs/online_chip.md). Where a target is the number of a class, the largest score is the answer, of
several the first.
"""

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import row
from dualspike.model.description.description import Description
from dualspike.model.sizes.head import squared_error_sizes

ERROR = 2
"""Cycles from an output to its error."""


class StepError(wiring.Component):
    """Takes outputs one at a time, o with tangents dy_k, as many frames as a sample has errors.

    With ``learn`` a sample takes ``targets`` in its first step; e leaves by ``errors``, one after
    the other, and what the hidden layers need by ``back`` once a step: all errors, or where there
    are lanes a slope for each; where feedback is learned all errors with their outputs' tangents.
    ``loss`` += e^2; ``clear`` zeroes it. Without, scores leave by
    ``results`` at the end of a sample. ``clipped`` pulses: bit 0 a score, bit 1 an error or slope.

    Where a target is a class, one comes for each sample, with ``labelled`` without ``learn``, too.
    A sample whose class is not there has errors of 0: ``unknown`` pulses. ``seen`` pulses for each
    sample with a class; with it ``counted`` where there is such a class, ``label``, and ``correct``
    where it is the ``answer``. While ``hold`` is up no output is taken.

    Latency: 3 cycles to an error, 4 + ``multiply`` to slopes, 3 to what else goes back and to
    scores, from the last output.
    Throughput: an output a cycle.
    """

    def __init__(self, description: Description) -> None:
        self._d, self._g = description, squared_error_sizes(description)
        d, f = description, description.formats
        self._outputs, self._steps = d.network.layers[-1], d.parts[0].errors
        self._lanes = d.parts[0].own_lanes * (len(d.network.layers) - 2)
        self._kept = d.learning.keeps_feedback
        self._sums = self._lanes > 0 and not self._kept
        self._error = signed(f.error.bits)
        self._classes = d.classes
        inputs = row(signed(f.membrane.bits), f.tangent.bits, self._lanes, 1)
        back = ArrayLayout(self._error, self._outputs)
        if self._sums:
            back = ArrayLayout(signed(f.cotangent.bits), self._lanes)
        elif self._kept:
            back = row(self._error, f.tangent.bits, self._lanes, self._outputs)
        number = counter_shape(self._outputs - 1)
        counts = {
            **dict.fromkeys(("labelled", "hold"), In(1)),
            **dict.fromkeys(("seen", "counted", "correct", "unknown"), Out(1)),
            **dict.fromkeys(("label", "answer"), Out(number)),
        }
        super().__init__(
            (counts if d.classes else {})
            | {
                "inputs": In(stream.Signature(inputs)),
                "targets": In(stream.Signature(signed(d.target_format.bits))),
                "results": Out(stream.Signature(signed(f.membrane.bits))),
                "errors": Out(stream.Signature(self._error)),
                "back": Out(stream.Signature(back)),
                "learn": In(1),
                "clear": In(1),
                "loss": Out(self._g.loss_bits),
                "clipped": Out(2),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = self._g.multiply
        summed = ERROR + depth + 1 if self._sums else ERROR
        results, errors, back = (
            self._buffer(m, name, clocks)
            for name, clocks in (("results", ERROR), ("errors", ERROR), ("back", summed))
        )
        output = Signal(counter_shape(self._outputs - 1))
        step = Signal(counter_shape(self._steps - 1))
        last, last_step = output == self._outputs - 1, step == self._steps - 1
        taken = Signal()
        waits = Signal()
        first_step = step == 0
        wants = self.learn & first_step
        if self._classes:
            wants = (self.learn | self.labelled) & first_step & (output == 0)
        room = Mux(self.learn, errors.room & back.room, results.room)
        if self._classes:
            room &= ~self.hold
        m.d.comb += [
            waits.eq(wants & ~self.targets.valid),
            self.inputs.ready.eq(room & ~waits),
            taken.eq(self.inputs.valid & room & ~waits),
            self.targets.ready.eq(self.inputs.valid & room & wants),
            errors.taken.eq(taken & self.learn),
            back.taken.eq(taken & self.learn & last),
            results.taken.eq(taken & ~self.learn & last_step),
        ]
        with m.If(taken):
            count_on(m, output, self._outputs - 1, last)
            with m.If(last):
                count_on(m, step, self._steps - 1, last_step)
        score, over_score = self._scores(m, results, taken, output, first_step)
        if self._classes:
            own, known = self._class(m, taken & wants, output)
            self._count(m, score, own, output, taken & last_step)
            off = self._class_off(m, own, known)
        else:
            off = self._off(m, output, first_step)
        error, over = self._errors(m, errors, off)
        self._squares(m, error, errors.inputs.valid)
        if self._sums:
            first = bit_later(m, output == 0, summed - 1, "first")
            over += self._slopes(m, back, error, first, errors.inputs.valid)
        else:
            self._gather(m, back, error, errors.inputs.valid)
        reported = Signal(len(over))
        m.d.sync += [self.clipped[0].eq(over_score), reported.eq(Cat(over))]
        m.d.comb += self.clipped[1].eq(reported.any())
        return m

    def _buffer(self, m: Module, name: str, clocks: int) -> CreditBuffer:
        """The end of a stream, so many clocks after what it is made of was taken."""
        port = getattr(self, name)
        m.submodules[f"{name}_buffer"] = buffer = CreditBuffer(port.payload.shape(), clocks + 2)
        connect(m, buffer.outputs, flipped(port))
        m.d.comb += buffer.inputs.valid.eq(bit_later(m, buffer.taken, clocks, f"{name}_there"))
        return buffer

    def _scores(
        self, m: Module, results: CreditBuffer, taken: Value, output: Value, first: Value
    ) -> tuple[Value, Value]:
        """Sums of every output over a sample; the score that is done, and whether it was clipped.

        It is there `ERROR` cycles after its output of the last step was taken.
        """
        f, steps = self._d.formats, self._steps
        shift = (steps - 1).bit_length()
        shape = signed(f.membrane.bits + shift)
        m.submodules.sums = sums = memory.Memory(shape=shape, depth=self._outputs, init=[])
        read, write = sums.read_port(domain="comb"), sums.write_port()
        at = later(m, output, 1, "summed_output")
        given = later(m, self.inputs.payload.value[0], 1, "given")
        first = bit_later(m, first, 1, "first_step")
        m.d.comb += [
            read.addr.eq(at),
            write.addr.eq(at),
            write.data.eq(Mux(first, 0, read.data) + given),
            write.en.eq(bit_later(m, taken, 1, "sums_taken")),
        ]
        total = later(m, write.data, 1, "total")
        score, clips = round_saturate(m, total, shift, f.membrane.bits, "score")
        m.d.comb += results.inputs.payload.eq(score)
        return score, results.inputs.valid & clips

    def _class(self, m: Module, comes: Value, output: Value) -> tuple[Value, Value]:
        """Whether an output is that of its sample's class, and whether there is such a class.

        It comes with the first output of a sample, and is kept for the others.
        """
        held = Signal.like(self.targets.payload, name="held_class", reset_less=True)
        now = Mux(comes, self.targets.payload, held)
        own, known = Signal(name="own"), Signal(name="known")
        m.d.comb += [own.eq(now == output), known.eq((now >= 0) & (now < self._outputs))]
        with m.If(comes):
            m.d.sync += held.eq(now)
        m.d.sync += self.unknown.eq(comes & ~known)
        return own, known

    def _count(self, m: Module, score: Value, own: Value, output: Value, scored: Value) -> None:
        """The answer, which is the first of the largest scores, next to the class."""
        score, clocks = later(m, score, 1, "compared"), ERROR + 1
        best = Signal(score.shape(), reset_less=True)
        known = Signal(reset_less=True)
        there = bit_later(m, scored & (self.learn | self.labelled), clocks, "score_there")
        own = bit_later(m, own, clocks, "own_score")
        at = later(m, output, clocks, "scored_output")
        first, last = at == 0, at == self._outputs - 1
        with m.If(there & (first | (score > best))):
            m.d.sync += [best.eq(score), self.answer.eq(at)]
        with m.If(there & own):
            m.d.sync += self.label.eq(at)
        found = own | (known & ~first)
        with m.If(there):
            m.d.sync += known.eq(found)
        m.d.sync += [self.seen.eq(there & last), self.counted.eq(there & last & found)]
        m.d.comb += self.correct.eq(self.counted & (self.label == self.answer))

    def _class_off(self, m: Module, own: Value, known: Value) -> Value:
        """How far an output is on the wrong side of 1 or 0, a cycle after it was taken."""
        given = self.inputs.payload.value[0]
        off = Mux(own, given - (1 << self._d.formats.membrane.fraction), given)
        off, own = later(m, off, 1, "off"), later(m, own, 1, "wanted")
        known = later(m, known, 1, "taught")
        return Mux((off[-1] == own) & known, off, 0)

    def _off(self, m: Module, output: Value, first: Value) -> Value:
        """How far an output is from its target, a cycle after it was taken.

        Targets come in the first step of a sample, and are kept for the others.
        """
        f = self._d.formats
        m.submodules.kept = kept = memory.Memory(
            shape=signed(f.target.bits), depth=self._outputs, init=[]
        )
        read, write = kept.read_port(domain="comb"), kept.write_port()
        target = Mux(first, self.targets.payload, read.data)
        m.d.comb += [
            read.addr.eq(output),
            write.addr.eq(output),
            write.data.eq(self.targets.payload),
            write.en.eq(self.targets.valid & self.targets.ready),
        ]
        align = f.membrane.fraction - f.target.fraction
        off = self.inputs.payload.value[0] - target.shift_left(align)
        return later(m, off, 1, "off")

    def _errors(self, m: Module, errors: CreditBuffer, off: Value) -> tuple[Value, list[Value]]:
        """Errors, in the cycle in which they leave; whether one was clipped."""
        f = self._d.formats
        drop = f.membrane.fraction - f.error.fraction
        error, clips = round_saturate(m, off, drop, self._error.width, "error")
        error = later(m, error, 1, "error")
        clips = later(m, clips, 1, "error_over")
        m.d.comb += errors.inputs.payload.eq(error)
        return error, [clips & errors.inputs.valid]

    def _squares(self, m: Module, error: Value, valid: Value) -> None:
        """The loss. No `Multiplier`, whose operands are two signals."""
        clocks = self._g.multiply
        square = later(m, error * error, clocks, "square")
        counts = bit_later(m, valid, clocks, "squared")
        with m.If(self.clear):
            m.d.sync += self.loss.eq(0)
        with m.Elif(counts):
            m.d.sync += self.loss.eq(self.loss + square)

    def _slopes(
        self, m: Module, back: CreditBuffer, error: Value, first: Value, valid: Value
    ) -> list[Value]:
        """Sums of e dy over the outputs; whether one was clipped."""
        f, clocks = self._d.formats, self._g.multiply
        drop = f.error.fraction + f.tangent.fraction - f.cotangent.fraction
        over: list[Value] = []
        counts = bit_later(m, valid, clocks, "counts")
        for k in range(self._lanes):
            dy = later(m, self.inputs.payload.tangent[0][k], ERROR, f"dy_{k}")
            product = multiplied(m, error, dy, f"multiplier_{k}", clocks)
            total = Signal(signed(self._g.jvp_bits), name=f"slope_{k}", reset_less=True)
            m.d.sync += total.eq(Mux(first, 0, total) + Mux(counts, product, 0))
            slope, clips = round_saturate(m, total, drop, f.cotangent.bits, f"rounded_slope_{k}")
            m.d.comb += back.inputs.payload[k].eq(slope)
            over.append(clips & back.inputs.valid)
        return over

    def _gather(self, m: Module, back: CreditBuffer, error: Value, valid: Value) -> None:
        """All errors of a step, and their tangents where these are wanted, side by side."""
        payload = back.inputs.payload
        errors = self._side_by_side(m, error, valid, self._error, "before")
        if not self._kept:
            m.d.comb += [payload[n].eq(one) for n, one in enumerate(errors)]
            return
        m.d.comb += [payload.value[n].eq(one) for n, one in enumerate(errors)]
        for k in range(self._lanes):
            dy = later(m, self.inputs.payload.tangent[0][k], ERROR, f"dy_{k}")
            shape = signed(self._d.formats.tangent.bits)
            given = self._side_by_side(m, dy, valid, shape, f"before_dy_{k}")
            m.d.comb += [payload.tangent[n][k].eq(one) for n, one in enumerate(given)]

    def _side_by_side(
        self, m: Module, given: Value, valid: Value, shape: Shape, name: str
    ) -> list[Value]:
        """What came with every output of a step; the last is there as it leaves."""
        held = [given]
        for n in range(self._outputs - 1):
            register = Signal(shape, name=f"{name}_{n}", reset_less=True)
            with m.If(valid):
                m.d.sync += register.eq(held[-1])
            held.append(register)
        return held[::-1]
