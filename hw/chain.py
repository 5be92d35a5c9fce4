"""The chain of one perceptron: weight layers and neurons in a row, from samples to outputs."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from dualspike.hw.dense import Dense
from dualspike.hw.encoder import Encoder
from dualspike.hw.neuron import Neuron
from dualspike.hw.relay import Relay
from dualspike.hw.replay import Replay
from dualspike.hw.streams import counter_shape
from dualspike.hw.tally import Tally
from dualspike.model.description import Description
from dualspike.model.geometry import Geometry


class Chain:
    """inputs -> dense -> neurons -> ... -> tally -> dense, with relays between.

    ``dense`` and ``neurons`` are the parts, by layer; ``encoder`` makes spikes of the inputs
    before them, or is None where these are direct. Whoever builds the chain into a module
    drives the layers' signs and learning.
    """

    def __init__(self, description: Description, geometry: Geometry) -> None:
        self._d, self._g = description, geometry
        lanes = geometry.lanes
        self.dense = [Dense(description, geometry, layer) for layer in geometry.layers]
        first = geometry.layers[0]
        self.encoder = Encoder(description, first) if first.kind == "coded" else None
        self.neurons = [Neuron(description, layer, lanes) for layer in geometry.layers[:-1]]

    def elaborate(
        self, m: Module, inputs: wiring.PureInterface, opened: Value, entered: Signal
    ) -> wiring.PureInterface:
        """Build the chain into ``m`` behind the stream ``inputs``; its stream of outputs.

        Samples enter while ``opened``, one that has begun does so to its end. ``entered`` pulses
        with the last chunk of each.
        """
        for n, dense in enumerate(self.dense):
            m.submodules[f"dense_{n}"] = dense
        self._enter(m, inputs, opened, entered)
        g, steps = self._g, self._d.network.time_steps
        for n, neurons in enumerate(self.neurons):
            m.submodules[f"neurons_{n}"] = neurons
            source = self.dense[n].outputs
            if n == 0 and not self.encoder:
                shape = source.payload.shape()
                m.submodules.repeat = repeat = Replay(shape, g.layers[0].rows, steps)
                connect(m, source, repeat.inputs)
                source = repeat.outputs
            connect(m, source, neurons.inputs)
            if n + 1 < len(self.neurons):
                relay(m, f"relay_{n + 1}", neurons.outputs, self.dense[n + 1].inputs)
        bits = self._d.formats.tangent.bits
        m.submodules.tally = tally = Tally(g.layers[-1], g.lanes, steps, bits)
        relay(m, "relay_tally", self.neurons[-1].outputs, tally.inputs)
        connect(m, tally.outputs, self.dense[-1].inputs)
        return self.dense[-1].outputs

    def _enter(
        self, m: Module, inputs: wiring.PureInterface, opened: Value, entered: Signal
    ) -> None:
        first, entry = self._g.layers[0], self.dense[0].inputs
        if self.encoder:
            m.submodules.encoder = self.encoder
            connect(m, self.encoder.outputs, entry)
            entry = self.encoder.inputs
        chunk, open_now = Signal(counter_shape(first.chunks - 1)), Signal(name="opened")
        taken = Signal()
        m.d.comb += [
            open_now.eq(opened | (chunk != 0)),
            entry.valid.eq(inputs.valid & open_now),
            inputs.ready.eq(entry.ready & open_now),
            taken.eq(entry.valid & entry.ready),
            entered.eq(taken & (chunk == first.chunks - 1)),
        ]
        for slot in range(first.simd):
            # What the host puts where the last chunk has no input left must not count.
            given = inputs.payload[slot]
            if (first.chunks - 1) * first.simd + slot >= first.n_in:
                given = Mux(chunk == first.chunks - 1, 0, given)
            m.d.comb += entry.payload.value[slot].eq(given)
        with m.If(taken):
            m.d.sync += chunk.eq(Mux(chunk == first.chunks - 1, 0, chunk + 1))


def relay(m: Module, name: str, source: wiring.PureInterface, sink: wiring.PureInterface) -> None:
    """Connect two streams through a `Relay`."""
    m.submodules[name] = between = Relay(source.payload.shape())
    connect(m, source, between.inputs)
    connect(m, between.outputs, sink)
