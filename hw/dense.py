"""One weight layer: perturbed weights and biases, from input chunks to rows of (z, dz)."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.learner_port import LearnerPort
from dualspike.hw.relay import Relay
from dualspike.hw.replay import Replay
from dualspike.hw.serializer import Serializer
from dualspike.hw.settle import Settle
from dualspike.hw.sieve import Sieve
from dualspike.hw.streams import layer_input, row
from dualspike.hw.synapse import Synapse
from dualspike.hw.weights import HostPort
from dualspike.model.geometry import Geometry, Layer
from dualspike.model.part import Part


class Dense(wiring.Component):
    """`Synapse`, `Serializer`, `Relay` and `Settle` in a row; with several groups a `Replay` first.

    Where the layer skips, a `Sieve` takes the place of the `Replay`; ``learn`` and ``dropped`` are
    its own, and latency and throughput follow from the chunks that it keeps.

    ``learner`` is the way of the learner to the layer (`LearnerPort`); without lanes it is not
    there. With momentum there are two more ports, for velocities (`Weights`).
    Latency from a frame's last chunk to its first row: 3 + 1 + 1 + 3 cycles, 1 more in a readout
    whose T is no power of two, and 1 + chunks more with several groups. Throughput: a frame
    every ``cycles`` cycles (once full: ``rows`` if that is more).
    """

    def __init__(self, part: Part, geometry: Geometry, layer: Layer) -> None:
        self._d, self._g, self._layer = part, geometry, layer
        f, lanes = part.formats, geometry.lanes
        results = row(signed(f.membrane.bits), f.tangent.bits, lanes, layer.next_simd)
        momentum, step_bits = part.momentum, part.step_format.bits
        protection = part.protection
        port, words = HostPort(step_bits, protection), HostPort(f.weight.bits, protection)
        velocities = {"weight_velocities": In(port), "bias_velocities": In(port)}
        learner = LearnerPort(lanes, step_bits, momentum=momentum is not None)
        sieve = {"learn": In(1)} if layer.skips and lanes else {}
        sieve |= {"dropped": Out(1)} if layer.skips else {}
        super().__init__(
            {
                **sieve,
                "inputs": In(stream.Signature(layer_input(layer, lanes))),
                "outputs": Out(stream.Signature(results)),
                **({"learner": In(learner)} if lanes else {}),
                **({} if momentum is None else velocities),
                "overflow": Out(2),
                "weights": In(words),
                "biases": In(words),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, lanes, structure = self._layer, self._g.lanes, self._d.structure
        bits = self._d.formats.weight.bits
        momentum, protection = self._d.momentum, self._d.protection
        m.submodules.synapse = synapse = Synapse(
            layer, lanes, structure, bits, momentum, protection
        )
        m.submodules.serializer = serializer = Serializer(
            layer, lanes, shared=structure == "factored"
        )
        m.submodules.settle = settle = Settle(self._d, self._g, layer)
        if layer.skips:
            m.submodules.sieve = sieve = Sieve(layer, lanes)
            connect(m, flipped(self.inputs), sieve.inputs)
            connect(m, sieve.outputs, synapse.inputs)
            m.d.comb += self.dropped.eq(sieve.dropped)
            if lanes:
                m.d.comb += sieve.learn.eq(self.learn)
        elif layer.groups > 1:
            m.submodules.replay = replay = Replay(
                layer_input(layer, lanes), layer.chunks, layer.groups
            )
            connect(m, flipped(self.inputs), replay.inputs)
            connect(m, replay.outputs, synapse.inputs)
        else:
            connect(m, flipped(self.inputs), synapse.inputs)
        connect(m, synapse.outputs, serializer.inputs)
        m.submodules.relay = relay = Relay(settle.inputs.payload.shape())
        connect(m, serializer.outputs, relay.inputs)
        connect(m, relay.outputs, settle.inputs)
        connect(m, settle.outputs, flipped(self.outputs))
        connect(m, flipped(self.weights), synapse.host)
        connect(m, flipped(self.biases), settle.host)
        m.d.comb += self.overflow.eq(settle.overflow)
        if lanes:
            self._learner(m, synapse, settle)
        if momentum is not None:
            connect(m, flipped(self.weight_velocities), synapse.velocities)
            connect(m, flipped(self.bias_velocities), settle.velocities)
            ends = self.learner.ends
            m.d.comb += [synapse.ends.eq(ends), settle.ends.eq(ends)]
        return m

    def _learner(self, m: Module, synapse: Synapse, settle: Settle) -> None:
        """Signs for both parts, and their sweeps, which begin together."""
        port, sweeping = self.learner, Signal(2)
        m.d.comb += [
            synapse.mask.eq(port.mask),
            synapse.load.eq(port.load),
            synapse.word.eq(port.word),
            synapse.restart.eq(port.restart),
            settle.rows.eq(synapse.rows),
            settle.first.eq(synapse.first),
            settle.mask.eq(port.mask),
            port.saturated.eq(synapse.saturated | settle.saturated),
            port.busy.eq(sweeping.any()),
        ]
        for n, part in enumerate((synapse, settle)):
            m.d.comb += [
                part.sweep.eq(sweeping[n]),
                part.lane.eq(port.lane),
                part.step.eq(port.step),
            ]
            with m.If(port.start):
                m.d.sync += sweeping[n].eq(1)
            with m.Elif(part.swept):
                m.d.sync += sweeping[n].eq(0)
