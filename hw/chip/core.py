"""The whole chip: parts and head in a row of streams, a learner, and a register bus."""

from collections.abc import Sequence

from amaranth.hdl import Array, Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.chip.bus import BusSignature, RegisterBus
from dualspike.hw.chip.online import OnlinePerceptron
from dualspike.hw.chip.online_operator import OnlineOperator
from dualspike.hw.chip.operator_network import OperatorNetwork
from dualspike.hw.chip.perceptron import Perceptron
from dualspike.hw.chip.probes import probes_of
from dualspike.hw.chip.registers import (
    wire_drawer,
    wire_injection,
    wire_learning,
    wire_options,
    wire_status,
    wire_updates,
    wire_weights,
)
from dualspike.hw.chip.samples import SamplePerceptron
from dualspike.hw.head.head import Clips, Outputs
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.learn.inference import Inference
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.random_words import RandomWordSource
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.learn.sequencer_config import SequencerConfig
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import seed_state
from dualspike.model.interface.memory_map import apart, confusion_memory, memory_map
from dualspike.model.interface.register import Command, Flag
from dualspike.model.interface.registers import register_map, upset_bits


class Core(wiring.Component):
    """A spiking network, for any description: one that learns on its own, or one that only infers.

    Members: the streams of its `Perceptron` or `OperatorNetwork`; ``bus``, the registers of
    `model.interface.registers`; ``busy``, bit 0 of STATUS; ``irq``, a level, 1 while a bit of
    IRQ_STATUS is up that IRQ_ENABLE has as well. With ``probes`` the streams inside
    appear as ports
    ``<name>_moved`` and ``<name>_payload``: see `hw.chip.probes`.
    ``contents`` are the stored weights and biases at power-up, memory after memory in the order of
    WEIGHT_SELECT; without them these are 0, and all other memories are in any case.
    Throughput: a sample every `Geometry.interval` cycles, with or without learning; of an operator
    network as `model.sizes.cycles` says.
    """

    def __init__(
        self,
        description: Description,
        config: int = 0,
        *,
        probes: bool = False,
        contents: Sequence[Sequence[int]] = (),
    ) -> None:
        self._d, self._config = description, config
        self._map = register_map(description)
        kind = Perceptron if description.kind == "mlp" else OperatorNetwork
        if description.online:
            by_sample = SamplePerceptron if description.kind == "mlp" else OnlineOperator
            kind = by_sample if description.learning.by_sample else OnlinePerceptron
        self._body = kind(description, probes=probes)
        if contents:
            weights, biases, _ = apart(contents, description.n_layers)
            for dense, *held in zip(self._body.dense, weights, biases, strict=True):
                dense.contents = held[0], held[1]
        shown = probes_of(description) if probes else []
        super().__init__(
            {
                **self._body.members,
                "bus": In(BusSignature(counter_shape(len(self._map) - 1).width)),
                "busy": Out(1),
                "irq": Out(1),
                **{probe.name: Out(probe.signature) for probe in shown},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.registers = registers = RegisterBus(self._map)
        connect(m, flipped(self.bus), registers.bus)
        m.d.comb += registers.CONFIG.eq(self._config)
        if self._d.online:
            self._learn_online(m, registers)
        elif self._d.learns:
            self._learn(m, registers)
        else:
            self._infer(m, registers)
        counts = confusion_memory(self._d)
        seen = [self._body.port(one.kind, one.layer) for one in (counts,) if one]
        wire_weights(m, registers, [*self._ports, *seen])
        if self._d.hardware.protection != "none":
            wire_injection(m, registers, self._ports)
        self._body.wire(m, self, registers)
        return m

    @property
    def _ports(self) -> list[wiring.PureInterface]:
        """The memories, in the order of WEIGHT_SELECT."""
        return [self._body.port(one.kind, one.layer) for one in memory_map(self._d)]

    @property
    def _learners(self) -> list[wiring.PureInterface]:
        """The way of the learner to every layer."""
        return [self._body.port("learner", layer) for layer in range(self._d.n_layers)]

    def _raised(self, m: Module, clips: Clips) -> Signal:
        """The alarms of FLAGS: what was clipped, and above it the upsets of the memories."""
        upsets = upset_bits(self._d)
        raised = Signal(max([*clips, *upsets.values()]) + 1)
        m.d.comb += [raised[flag].eq(pulse) for flag, pulse in clips.items()]
        for kind, bit in enumerate(upsets.values()):
            m.d.comb += raised[bit].eq(Cat(port.upsets[kind] for port in self._ports).any())
        return raised

    def _infer(self, m: Module, registers: RegisterBus) -> None:
        m.submodules.sequencer = sequencer = Inference(self._d)
        outcome = self._body.infer(m, self, sequencer)
        self._status(m, registers, sequencer, outcome, outcome.clips)

    def _learn_online(self, m: Module, registers: RegisterBus) -> None:
        sequencer, outcome = self._body.learner(m, self, registers)
        self._status(m, registers, sequencer, outcome, outcome.clips)
        self._wait(m, registers, sequencer, outcome)

    def _learn(self, m: Module, registers: RegisterBus) -> None:
        d = self._d
        m.submodules.drawer = drawer = RandomWordSource(
            seed_state(d.learning.seed), twin=d.passes > 1
        )
        m.submodules.sequencer = sequencer = Sequencer(SequencerConfig.of(d))
        connect(m, drawer.words, sequencer.words)
        outcome = self._body.learn(m, self, sequencer)
        masks = [
            Signal(
                d.lanes,
                name=f"mask_{layer}",
                init=sum((mask >> layer & 1) << k for k, mask in enumerate(d.masks)),
            )
            for layer in range(d.n_layers)
        ]
        shifts = Signal(ArrayLayout(6, d.n_layers), init=d.step_shift)
        self._learner(m, sequencer, drawer, masks)
        m.d.comb += [
            *(sequencer.masks[layer].eq(mask) for layer, mask in enumerate(masks)),
            sequencer.shifts.eq(shifts),
            sequencer.jvp.eq(outcome.jvp),
        ]
        clips = {
            **outcome.clips,
            Flag.WEIGHT: Cat(port.saturated for port in self._learners).any(),
            Flag.STEP: sequencer.clipped,
        }
        self._status(m, registers, sequencer, outcome, clips)
        self._wait(m, registers, sequencer, outcome)
        wire_updates(m, registers, sequencer)
        wire_drawer(m, registers, drawer)
        wire_learning(m, registers, outcome.loss, outcome.jvp, masks, self._wired(), shifts)
        wire_options(m, registers, sequencer, d.learning, d.n_layers)

    def _status(
        self,
        m: Module,
        registers: RegisterBus,
        sequencer: Sequencer | OnlineSequencer | Inference,
        outcome: Outputs,
        clips: Clips,
    ) -> None:
        """FLAGS, STATUS and the interrupt."""
        m.d.comb += self.busy.eq(outcome.busy(sequencer.busy))
        alarms = {flag: pulse for flag, pulse in clips.items() if flag != Flag.FLOOR}
        raised, floor = self._raised(m, alarms), clips[Flag.FLOOR]
        m.d.comb += self.irq.eq(wire_status(m, registers, sequencer, raised, floor, self.busy))

    def _wait(
        self,
        m: Module,
        registers: RegisterBus,
        sequencer: Sequencer | OnlineSequencer,
        outcome: Outputs,
    ) -> None:
        """Learning begins only where all is settled."""
        if outcome.settled is not None:
            with m.If(~outcome.settled & (registers.write_data == Command.LEARN)):
                m.d.comb += sequencer.command.eq(Command.STOP)

    def _wired(self) -> list[int]:
        """For each layer the lanes that its part carries, one bit each."""
        parts = range(len(self._d.parts))
        lanes = [sum(1 << lane for lane in self._d.lanes_of(part)) for part in parts]
        return [lanes[part] for part in parts for _ in self._d.layers_of(part)]

    def _learner(
        self, m: Module, sequencer: Sequencer, drawer: RandomWordSource, masks: list[Signal]
    ) -> None:
        """Signs and steps to every layer; every part has lanes of its own."""
        d, learners = self._d, self._learners
        for n, part in enumerate(d.parts):
            carried = d.lanes_of(n)
            own = [carried.index(k) if k in carried else 0 for k in range(d.lanes)]
            for layer in d.layers_of(n):
                port = learners[layer]
                mask: Value = masks[layer]
                load: Value = sequencer.load[layer]
                lane: Value = sequencer.lane
                if d.kind != "mlp":
                    mask, load = Cat(mask[k] for k in carried), Cat(load[k] for k in carried)
                    lane = Array(own)[lane]
                if d.passes > 1:
                    spare = Cat(mask, Const(0, part.lanes))
                    mask = spare.word_select(sequencer.pass_index, part.lanes)
                m.d.comb += [
                    port.mask.eq(mask),
                    port.load.eq(load),
                    port.word.eq(drawer.words.payload),
                    port.restart.eq(sequencer.prime),
                    port.start.eq(sequencer.start[layer]),
                    port.lane.eq(lane),
                    port.step.eq(sequencer.step),
                ]
                Words.of(part).tell(m, sequencer, port)
        m.d.comb += sequencer.sweeping.eq(Cat(port.busy for port in learners).any())
        if d.passes > 1:
            m.d.comb += [drawer.keep.eq(sequencer.keep), drawer.swap.eq(sequencer.swap)]
