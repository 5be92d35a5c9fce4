"""The whole core: a chain of streams from samples to outputs, a sequencer and a register bus."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value, signed, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.bus import BusSignature, RegisterBus
from dualspike.hw.chain import Chain, relay
from dualspike.hw.counters import counter_shape
from dualspike.hw.drawer import Drawer
from dualspike.hw.inference import Inference
from dualspike.hw.layouts import ArrayLayout
from dualspike.hw.loss import Loss
from dualspike.hw.readouts import Readouts
from dualspike.hw.registers import (
    wire_drawer,
    wire_injection,
    wire_learning,
    wire_options,
    wire_skips,
    wire_status,
    wire_updates,
    wire_weights,
)
from dualspike.hw.relay import Relay
from dualspike.hw.sequencer import Course, Sequencer
from dualspike.hw.streams import row
from dualspike.model.code import code_of
from dualspike.model.description import Description
from dualspike.model.geometry import Layer, geometry
from dualspike.model.lfsr import seed_state
from dualspike.model.registers import Flag, register_map


@dataclass(frozen=True)
class Probe:
    """An inner stream made visible: port ``name`` pulses ``moved`` with ``bits`` of payload."""

    name: str
    bits: int


def probes_of(d: Description) -> list[Probe]:
    """The probes of a core: every layer's weighted sums (z, dz), every hidden layer's (S, dS)."""
    g, f = geometry(d), d.formats

    def probe(kind: str, value: Shape, layer: Layer) -> Probe:
        payload = row(value, f.tangent.bits, g.lanes, layer.next_simd)
        return Probe(f"{kind}_{layer.index}", Shape.cast(payload).width)

    sums = [probe("sums", signed(f.membrane.bits), layer) for layer in g.layers]
    return sums + [probe("spikes", unsigned(1), layer) for layer in g.chain[:-1]]


class Core(wiring.Component):
    """A spiking network, for any description: one that learns on its own, or one that only infers.

    Members: ``inputs``, a sample as chunks of ``simd[0]`` stored inputs; ``targets``, while
    learning, one stored target for each output (a core that only infers has none); ``results``,
    while inferring, one output each; ``bus``, the registers of `model.registers`; ``busy``, bit 0
    of STATUS. With ``probes`` the streams inside appear as ports ``<name>_moved`` and
    ``<name>_payload``: see `probes_of`.
    Throughput: a sample every `Geometry.interval` cycles, with or without learning.
    """

    def __init__(self, description: Description, config: int = 0, *, probes: bool = False) -> None:
        self._d, self._config, self._probes = description, config, probes
        self._g = g = geometry(description)
        self._map = register_map(description)
        f = description.formats
        self._chain = Chain(description, g)
        self._dense = self._chain.dense
        inputs = ArrayLayout(signed(f.input.bits), g.layers[0].simd)
        targets = stream.Signature(signed(f.target.bits))
        members = {
            "inputs": In(stream.Signature(inputs)),
            **({"targets": In(targets)} if description.learns else {}),
            "results": Out(stream.Signature(signed(f.membrane.bits))),
            "bus": In(BusSignature(counter_shape(len(self._map) - 1).width)),
            "busy": Out(1),
        }
        for probe in probes_of(description) if probes else []:
            port = wiring.Signature({"moved": Out(1), "payload": Out(probe.bits)})
            members[probe.name] = Out(port)
        super().__init__(members)

    def _lanes_of(self, layer: int) -> int:
        """The description's masks, seen from a layer: lane k in bit k."""
        return sum((mask >> layer & 1) << k for k, mask in enumerate(self._d.masks))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.registers = registers = RegisterBus(self._map)
        connect(m, flipped(self.bus), registers.bus)
        sequencer = self._learn(m, registers) if self._d.learns else self._infer(m, registers)
        m.d.comb += [registers.CONFIG.eq(self._config), self.busy.eq(sequencer.busy)]
        wire_weights(m, registers, self._ports())
        if self._d.hardware.protection != "none":
            wire_injection(m, registers, self._ports())
        for layer, dense in zip(self._g.layers, self._dense, strict=True):
            if layer.skips:
                wire_skips(m, registers, layer, dense.dropped)
        encoder = self._chain.encoder
        if encoder and self._d.network.coding == "bernoulli":
            wire_drawer(m, registers, encoder, "CODER")
        if self._probes:
            parts = [*self._dense, *self._chain.neurons]
            for probe, part in zip(probes_of(self._d), parts, strict=True):
                port = getattr(self, probe.name)
                m.d.comb += [
                    port.moved.eq(part.outputs.valid & part.outputs.ready),
                    port.payload.eq(part.outputs.payload),
                ]
        return m

    def _ports(self) -> list[wiring.PureInterface]:
        """The memories, in the order of WEIGHT_SELECT."""
        ports = [port for dense in self._dense for port in (dense.weights, dense.biases)]
        if self._d.momentum is not None:
            for dense in self._dense:
                ports += [dense.weight_velocities, dense.bias_velocities]
        return ports

    def _raised(self, clipped: Value) -> Value:
        """All bits of FLAGS: what was clipped, and above it the upsets of the memories."""
        upsets = code_of(self._d.hardware.protection, self._d.formats.weight.bits).upsets
        if not upsets:
            return clipped
        raised: list[Value] = [*clipped, *[Const(0)] * (max(upsets) + 1 - len(clipped))]
        for kind, upset in enumerate(upsets):
            raised[upset] = Cat(port.upsets[kind] for port in self._ports()).any()
        return Cat(raised)

    def _overflows(self, bit: int) -> Value:
        """Whether any part tells of a membrane (bit 0) or a tangent (bit 1) clipped."""
        parts = [*self._dense, *self._chain.neurons]
        return Cat(part.overflow[bit] for part in parts).any()

    def _infer(self, m: Module, registers: RegisterBus) -> Inference:
        """The chain from samples to results, and nothing else."""
        m.submodules.sequencer = sequencer = Inference(self._d)
        outputs = self._chain.elaborate(m, self.inputs, sequencer.open, sequencer.entered)
        m.submodules.relay_results = last = Relay(outputs.payload.shape())
        connect(m, outputs, last.inputs)
        m.d.comb += [
            self.results.valid.eq(last.outputs.valid),
            self.results.payload.eq(last.outputs.payload.value[0]),
            last.outputs.ready.eq(self.results.ready),
            sequencer.left.eq(self.results.valid & self.results.ready),
        ]
        wire_status(m, registers, sequencer, self._raised(self._overflows(0)), sequencer.busy)
        return sequencer

    def _learn(self, m: Module, registers: RegisterBus) -> Sequencer:
        """The chain with the loss at its end, signs from the drawer, and the learner."""
        d, g = self._d, self._g
        m.submodules.drawer = drawer = Drawer(seed_state(d.learning.seed), twin=d.passes > 1)
        m.submodules.sequencer = sequencer = Sequencer(Course.of(d, g))
        m.submodules.errors = loss = Loss(d, g)
        connect(m, drawer.words, sequencer.words)
        if not d.local:
            connect(m, flipped(self.targets), loss.targets)
        connect(m, loss.results, flipped(self.results))
        outputs = self._chain.elaborate(
            m, self.inputs, sequencer.open, sequencer.entered, sequencer.learn
        )
        if d.local:
            self._gather(m, outputs, loss, sequencer)
        else:
            relay(m, "relay_loss", outputs, loss.inputs)
        masks = [
            Signal(d.lanes, name=f"mask_{n}", init=self._lanes_of(n)) for n in range(len(g.layers))
        ]
        shifts = Signal(ArrayLayout(6, len(g.layers)), init=d.step_shift)
        m.d.comb += [
            *(sequencer.masks[n].eq(mask) for n, mask in enumerate(masks)),
            sequencer.shifts.eq(shifts),
            sequencer.jvp.eq(loss.jvp),
            sequencer.left.eq(loss.counted),
            sequencer.sweeping.eq(Cat(dense.busy for dense in self._dense).any()),
            loss.learn.eq(sequencer.learn),
            loss.clear.eq(sequencer.clear if d.passes > 1 else sequencer.prime),
        ]
        if d.passes > 1:
            m.d.comb += [
                loss.turn.eq(sequencer.turn),
                drawer.keep.eq(sequencer.keep),
                drawer.swap.eq(sequencer.swap),
            ]
        for n, dense in enumerate(self._dense):
            if g.layers[n].skips:
                m.d.comb += dense.learn.eq(sequencer.learn)
            mask = masks[n]
            if d.passes > 1:
                mask = Cat(mask, Const(0, g.lanes)).word_select(sequencer.turn, g.lanes)
            m.d.comb += [
                dense.mask.eq(mask),
                dense.load.eq(sequencer.load[n]),
                dense.word.eq(drawer.words.payload),
                dense.restart.eq(sequencer.prime),
                dense.start.eq(sequencer.start[n]),
                dense.lane.eq(sequencer.lane),
                dense.step.eq(sequencer.step),
            ]
        raised = Signal(len(Flag))
        m.d.comb += [
            raised[Flag.MEMBRANE].eq(self._overflows(0)),
            raised[Flag.TANGENT].eq(self._overflows(1) & sequencer.learn),
            raised[Flag.WEIGHT].eq(Cat(dense.saturated for dense in self._dense).any()),
            raised[Flag.STEP].eq(sequencer.clipped),
        ]
        wire_status(m, registers, sequencer, self._raised(raised), sequencer.busy)
        wire_updates(m, registers, sequencer)
        wire_drawer(m, registers, drawer)
        wire_learning(m, registers, loss.loss, loss.jvp, masks, [-1] * len(masks), shifts)
        wire_options(m, registers, sequencer, d.learning, len(g.layers))
        if d.momentum is not None:
            m.d.comb += [dense.ends.eq(sequencer.ends) for dense in self._dense]
        return sequencer

    def _gather(
        self, m: Module, outputs: wiring.PureInterface, loss: Loss, sequencer: Sequencer
    ) -> None:
        """Outputs of all readouts, with their targets, on their way to the one loss."""
        m.submodules.readouts = readouts = Readouts(self._d, self._g)
        connect(m, flipped(self.targets), readouts.targets)
        sources = [outputs, *(dense.outputs for dense in self._chain.local)]
        for n, source in enumerate(sources):
            name = f"relay_local_{n - 1}" if n else "relay_loss"
            relay(m, name, source, getattr(readouts, f"inputs_{n}"))
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
