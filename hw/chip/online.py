"""A perceptron that learns online: its chain, errors at its end, and what of them comes back."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import connect, flipped

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.changes import course_of, rewinder_of, shifts_of, wire_course
from dualspike.hw.chip.perceptron import Perceptron
from dualspike.hw.chip.registers import wire_answers, wire_confusion
from dualspike.hw.head.confusion_matrix import ConfusionMatrix
from dualspike.hw.head.head import Clips, Outputs
from dualspike.hw.head.step_error import StepError
from dualspike.hw.layer.online.chain import StepChain
from dualspike.hw.learn.online.feedback import (
    Feedback,
    ForwardFeedback,
    SignedFeedback,
    fixed_starts,
)
from dualspike.hw.learn.online.following_feedback import FollowingFeedback
from dualspike.hw.learn.online.matrix_feedback import MatrixFeedback
from dualspike.hw.learn.online.mirroring_feedback import MirroringFeedback
from dualspike.hw.learn.online.sample_feedback import SampleFeedback
from dualspike.hw.learn.online.sample_sum import SampleSum
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.stream.queue import Queue
from dualspike.model.description.head import ClassFlag
from dualspike.model.interface.memory_map import confusion_memory
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.feedback import feedback_sizes


class OnlinePerceptron(Perceptron):
    """As `Perceptron`; targets are taken once a sample, results are scores."""

    def _chain(self) -> StepChain:
        self._steps = StepChain(self._d.parts[0], self._g, self._d.batch[0])
        return self._steps

    def port(self, kind: str, layer: int) -> wiring.PureInterface:
        """See `Perceptron.port`; feedback matrices and counts of answers have one as well."""
        if kind == "feedback":
            return self._feedback[layer].host
        return self._confusion.host if kind == "confusion" else super().port(kind, layer)

    def learner(
        self, m: Module, chip: wiring.Component, registers: RegisterBus
    ) -> tuple[OnlineSequencer, Outputs]:
        """The learner around the chain: the course of a batch, and what pulses when clipped."""
        d = self._d
        drawer, sequencer = course_of(m, d)
        m.submodules.errors = head = StepError(d)
        connect(m, flipped(chip.targets), head.targets)
        connect(m, head.results, flipped(chip.results))
        learn = sequencer.learn
        outputs = self.chain.elaborate(m, chip.inputs, sequencer.open, sequencer.entered, learn)
        connect(m, outputs, head.inputs)
        shifts = shifts_of(d)
        m.d.comb += [
            sequencer.left.eq(chip.results.valid & chip.results.ready),
            sequencer.over.eq(Cat(dense.over for dense in self._steps.dense).all()),
            head.learn.eq(learn),
            head.clear.eq(sequencer.start),
        ]
        rewinder = rewinder_of(m, d, registers, drawer, sequencer, shifts)
        for n, dense in enumerate(self._steps.dense):
            m.d.comb += [
                dense.start.eq(sequencer.start),
                dense.learn.eq(learn),
                dense.load.eq(rewinder.loads[n]),
                dense.word.eq(rewinder.word),
                dense.shift.eq(rewinder.shifts[n]),
            ]
        for n, neurons in enumerate(self._steps.neurons if d.parts[0].own_lanes else []):
            m.d.comb += [
                neurons.load.eq(sequencer.load_lanes[n]),
                neurons.word.eq(drawer.words.payload),
            ]
        self._feedback: list[Feedback] = []
        over = self._back(m, head)
        matrices = [unit for unit in self._feedback if isinstance(unit, MatrixFeedback)]
        for unit in matrices:
            if isinstance(unit, MirroringFeedback):
                m.d.comb += unit.shift.eq(rewinder.shifts[-1])
        wire_course(m, registers, drawer, sequencer, head.loss, shifts)
        unknown: Clips = {}
        if d.classes:
            wire_answers(m, registers, head)
            unknown[ClassFlag.LABEL] = head.unknown
        if confusion_memory(d):
            m.submodules.confusion = self._confusion = ConfusionMatrix(d.basis)
            wire_confusion(m, registers, head, self._confusion)
        clips: Clips = {
            **unknown,
            Flag.MEMBRANE: self._overflows(0) | head.clipped[0],
            Flag.TANGENT: self._overflows(1) & learn,
            Flag.WEIGHT: Cat(one.saturated for one in (*self._steps.dense, *matrices)).any(),
            Flag.STEP: over | head.clipped[1],
            Flag.FLOOR: self._floor(),
        }
        return sequencer, Outputs(clips, None)

    def _overflows(self, bit: int) -> Value:
        parts = [dense.overflow[bit] for dense in self._steps.dense]
        if not bit:
            parts += [neurons.overflow for neurons in self._steps.neurons]
        return Cat(parts).any()

    def _back(self, m: Module, head: StepError) -> Value:
        """Signals to every layer; whether one was clipped."""
        part, layers = self._d.parts[0], self._g.layers
        hidden, width = layers[:-1], part.own_lanes
        starts = fixed_starts(self._d.learning.seed, len(hidden))
        clipped: list[Value] = []
        for layer, start in zip(hidden, starts, strict=True):
            sizes = feedback_sizes(part, layer)
            if sizes is not None:
                kind = FollowingFeedback if width else MirroringFeedback
                unit = kind(part, layer, sizes)
            else:
                unit = ForwardFeedback(part, layer) if width else SignedFeedback(part, layer, start)
            m.submodules[f"feedback_{layer.index}"] = unit
            self._feedback.append(unit)
            gates = self._steps.gates[layer.index]
            m.d.comb += [
                unit.gates.valid.eq(gates.valid),
                unit.gates.payload.eq(unit.picked(gates.payload)),
                gates.ready.eq(unit.gates.ready),
            ]
            source = unit.signals
            clipped.append(unit.clipped)
            if not layer.every_step:
                m.submodules.sample_sum = sums = SampleSum(part, layer)
                connect(m, source, sums.inputs)
                source = sums.outputs
                clipped.append(sums.clipped)
            connect(m, source, self._steps.dense[layer.index].signals)
        self._to_readout(m, head)
        self._to_units(m, head, self._feedback)
        return Cat(clipped).any()

    def _to_readout(self, m: Module, head: StepError) -> None:
        """Errors are the readout's signals."""
        shape, last = head.errors.payload.shape(), self._g.layers[-1]
        m.submodules.errors_waiting = waiting = Queue(shape, last.lag * last.n_out)
        connect(m, head.errors, waiting.inputs)
        sink = self._steps.dense[-1].signals
        m.d.comb += [
            sink.valid.eq(waiting.outputs.valid),
            sink.payload[0].eq(waiting.outputs.payload),
            waiting.outputs.ready.eq(sink.ready),
        ]

    def _to_units(
        self, m: Module, head: StepError, units: Sequence[Feedback | SampleFeedback]
    ) -> None:
        """What the head tells, to what makes signals of it, each taking its lanes' share."""
        width = self._d.parts[0].own_lanes
        all_ready = Cat(unit.errors.ready for unit in units).all()
        m.d.comb += head.back.ready.eq(all_ready)
        for n, unit in enumerate(units):
            given = head.back.payload
            m.d.comb += unit.errors.valid.eq(head.back.valid & all_ready)
            own, shape = range(n * width, (n + 1) * width), unit.errors.payload.shape()
            if self._d.learning.keeps_feedback:
                tangents = (given.tangent[k][q] for k in range(self._d.basis) for q in own)
                given = data.View(shape, Cat(given.value, *tangents))
            elif width:
                given = data.View(shape, Cat(given[q] for q in own))
            m.d.comb += unit.errors.payload.eq(given)
