"""A perceptron with its squared error: one chain of layers, from samples to outputs or errors."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.probes import probes_of, wire_probes
from dualspike.hw.chip.registers import wire_drawer, wire_skips
from dualspike.hw.head.head import Clips, HeadSignals, Outputs
from dualspike.hw.head.readouts import Readouts
from dualspike.hw.head.squared_error import SquaredErrorLoss
from dualspike.hw.layer.chain import Chain, skid_buffer
from dualspike.hw.layer.dense import Dense
from dualspike.hw.layer.online.dense import ChangingDense
from dualspike.hw.learn.inference import Inference
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.description import Description
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.geometry import geometry


class Perceptron:
    """What a chip of one part has besides the learner; see `hw.chip.core.Core`.

    ``members``: ``inputs``, a sample as chunks of ``simd[0]`` stored inputs; ``targets``, while
    learning, one stored target for each output, or the number of a sample's class (a core that only
    infers has none); ``results``, while inferring, one output each.
    """

    def __init__(self, description: Description, *, probes: bool = False) -> None:
        self._d, self._probed = description, probes
        d = description
        self._g = geometry(d.parts[0])
        self.chain = self._chain()
        inputs = ArrayLayout(signed(d.formats.input.bits), self._g.layers[0].simd)
        targets = {"targets": In(stream.Signature(signed(d.target_format.bits)))}
        self.members = {
            "inputs": In(stream.Signature(inputs)),
            **(targets if d.learns else {}),
            "results": Out(stream.Signature(signed(d.formats.membrane.bits))),
        }

    def _chain(self) -> Chain:
        return Chain(self._d.parts[0], self._g)

    @property
    def dense(self) -> Sequence[Dense | ChangingDense]:
        """The weight layers."""
        return self.chain.dense

    def port(self, kind: str, layer: int) -> wiring.PureInterface:
        """A layer's `LearnerPort` (kind learner), or the host's way to one of its memories."""
        return getattr(self.chain.dense[layer], kind)

    def wire(self, m: Module, chip: wiring.Component, registers: RegisterBus) -> None:
        """Registers that only a perceptron has: SKIPPED of its layers, CODER; and its probes."""
        for layer, dense in zip(self._g.layers, self.chain.dense, strict=True):
            if layer.skips:
                # A chunk is left out of all groups at once, or of each for itself.
                changing = isinstance(dense, ChangingDense)
                clocks = dense.left if changing else Mux(dense.dropped, layer.groups, 0)
                wire_skips(m, registers, layer, clocks)
        if self.chain.encoder and self._d.network.coding == "bernoulli":
            wire_drawer(m, registers, self.chain.encoder, "CODER")
        if self._probed:
            wire_probes(m, chip, probes_of(self._d), self.chain)

    def infer(self, m: Module, chip: wiring.Component, sequencer: Inference) -> Outputs:
        """The chain from samples to results, and nothing else."""
        outputs = self.chain.elaborate(m, chip.inputs, sequencer.open, sequencer.entered)
        m.submodules.skid_results = last = SkidBuffer(outputs.payload.shape())
        connect(m, outputs, last.inputs)
        m.d.comb += [
            chip.results.valid.eq(last.outputs.valid),
            chip.results.payload.eq(last.outputs.payload.value[0]),
            last.outputs.ready.eq(chip.results.ready),
            sequencer.left.eq(chip.results.valid & chip.results.ready),
        ]
        return Outputs({Flag.MEMBRANE: self._overflows(0), Flag.FLOOR: self._floor()}, None)

    def learn(self, m: Module, chip: wiring.Component, sequencer: Sequencer) -> HeadSignals:
        """The chain with the loss at its end."""
        d = self._d
        m.submodules.errors = loss = SquaredErrorLoss(d)
        if not d.local:
            connect(m, flipped(chip.targets), loss.targets)
        connect(m, loss.results, flipped(chip.results))
        outputs = self.chain.elaborate(
            m, chip.inputs, sequencer.open, sequencer.entered, sequencer.learn
        )
        if d.local:
            self._gather(m, chip, outputs, loss, sequencer)
        else:
            skid_buffer(m, "skid_loss", outputs, loss.inputs)
        m.d.comb += [
            sequencer.left.eq(loss.counted),
            loss.learn.eq(sequencer.learn),
            loss.clear.eq(sequencer.clear if d.passes > 1 else sequencer.prime),
        ]
        if d.passes > 1:
            m.d.comb += loss.pass_index.eq(sequencer.pass_index)
        for layer, dense in zip(self._g.layers, self.chain.dense, strict=True):
            if layer.skips:
                m.d.comb += dense.learn.eq(sequencer.learn)
        clipped: Clips = {
            Flag.MEMBRANE: self._overflows(0),
            Flag.TANGENT: self._overflows(1) & sequencer.learn,
            Flag.FLOOR: self._floor(),
        }
        return HeadSignals(clipped, None, loss.loss, loss.jvp)

    def _overflows(self, bit: int) -> Value:
        """Whether any part tells of a membrane (bit 0) or a tangent (bit 1) clipped."""
        return Cat(part.overflow[bit] for part in (*self.chain.dense, *self.chain.neurons)).any()

    def _floor(self) -> Value:
        """Whether any membrane was clipped at its lower end."""
        return Cat(neurons.floor for neurons in self.chain.neurons).any()

    def _gather(
        self,
        m: Module,
        chip: wiring.Component,
        outputs: wiring.PureInterface,
        loss: SquaredErrorLoss,
        sequencer: Sequencer,
    ) -> None:
        """Outputs of all readouts, with their targets, on their way to the one loss."""
        m.submodules.readouts = readouts = Readouts(self._d.parts[0], self._g)
        connect(m, flipped(chip.targets), readouts.targets)
        sources = [outputs, *(dense.outputs for dense in self.chain.local)]
        for n, source in enumerate(sources):
            name = f"skid_local_{n - 1}" if n else "skid_loss"
            skid_buffer(m, name, source, getattr(readouts, f"inputs_{n}"))
        given = readouts.outputs
        m.d.comb += [
            readouts.learn.eq(sequencer.learn),
            readouts.entered.eq(sequencer.entered),
            loss.inputs.valid.eq(given.valid),
            loss.inputs.payload.eq(given.payload.row),
            loss.targets.valid.eq(given.valid),
            loss.targets.payload.eq(given.payload.target),
            loss.is_local.eq(given.payload.local),
            given.ready.eq(loss.inputs.ready),
        ]
