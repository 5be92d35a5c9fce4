"""A perceptron that changes once a sample: its chain, and what comes back to it from the head."""

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.online import OnlinePerceptron
from dualspike.hw.chip.perceptron import Perceptron
from dualspike.hw.head.head import Outputs
from dualspike.hw.head.step_error import StepError
from dualspike.hw.layer.online.sample_chain import SampleChain
from dualspike.hw.learn.online.sample_feedback import SampleFeedback
from dualspike.hw.learn.online.sequencer import OnlineSequencer


class SamplePerceptron(OnlinePerceptron):
    """As `OnlinePerceptron`, with outputs that are means over a sample's steps."""

    def _chain(self) -> SampleChain:
        self._steps = SampleChain(self._d.parts[0], self._g, self._d.batch[0])
        return self._steps

    def learner(
        self, m: Module, chip: wiring.Component, registers: RegisterBus
    ) -> tuple[OnlineSequencer, Outputs]:
        """As that of `OnlinePerceptron`; what comes back needs the signs of the lanes as well."""
        sequencer, outputs = super().learner(m, chip, registers)
        for n, (unit, neurons) in enumerate(zip(self._units, self._steps.neurons, strict=True)):
            m.d.comb += [unit.load.eq(sequencer.load_lanes[n]), unit.word.eq(neurons.word)]
        return sequencer, outputs

    def _overflows(self, bit: int) -> Value:
        return Perceptron._overflows(self, bit)

    def _back(self, m: Module, head: StepError) -> Value:
        """Signals to every layer; whether one was clipped."""
        self._units: list[SampleFeedback] = []
        for layer in self._g.layers[:-1]:
            unit = SampleFeedback(self._d.parts[0], layer)
            m.submodules[f"feedback_{layer.index}"] = unit
            connect(m, unit.signals, self._steps.dense[layer.index].signals)
            self._units.append(unit)
        self._to_readout(m, head)
        self._to_units(m, head, self._units)
        return Cat(unit.clipped for unit in self._units).any()
