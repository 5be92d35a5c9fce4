"""The chain of one perceptron: weight layers and neurons in a row, from samples to outputs.

Local readouts branch off after every hidden layer.
"""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from dualspike.hw.layer.dense import Dense
from dualspike.hw.layer.encoder import Encoder
from dualspike.hw.layer.neuron import Neuron
from dualspike.hw.layer.spike_counter import SpikeCounter
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.fork import Fork
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer


class Chain:
    """inputs -> dense -> neurons -> ... -> spike counter -> dense.

    ``dense`` and ``neurons`` are the parts, by layer; ``encoder`` makes spikes of the inputs
    before them, or is None where these are direct. ``local`` are the dense parts that are local
    readouts; the last of them shares the counter. Whoever builds the chain into a module drives the
    layers' signs and learning.
    """

    def __init__(self, part: Part, geometry: Geometry) -> None:
        self._d, self._g = part, geometry
        lanes = geometry.lanes
        self.dense = [Dense(part, geometry, layer) for layer in geometry.layers]
        self.encoder = self._encoder()
        self.neurons = [Neuron(part, layer, lanes) for layer in geometry.chain[:-1]]
        self._readout = self.dense[len(self.neurons)]
        self.local = self.dense[len(geometry.chain) :]

    def _encoder(self) -> Encoder | None:
        """Where inputs are drawn or spaced as spikes; frames of these come as they are."""
        first, coding = self._g.layers[0], self._d.network.coding
        coded = first.kind == "coded" and coding != "frames"
        return Encoder(self._d, first) if coded else None

    def elaborate(
        self,
        m: Module,
        inputs: wiring.PureInterface,
        opened: Value,
        entered: Signal,
        learn: Value | None = None,
    ) -> wiring.PureInterface:
        """Build the chain into ``m`` after the stream ``inputs``; its stream of outputs.

        Samples enter while ``opened``, one that has begun does so to its end. ``entered`` pulses
        with the last chunk of each. Local readouts are at work while ``learn``.
        """
        learn = Const(0) if learn is None else learn
        for n, dense in enumerate(self.dense):
            m.submodules[f"dense_{n}"] = dense
        self._enter(m, inputs, opened, entered)
        g, steps = self._g, self._d.network.time_steps
        for n, neurons in enumerate(self.neurons):
            m.submodules[f"neurons_{n}"] = neurons
            source = self.dense[n].outputs
            if n == 0 and not self.encoder:
                shape = source.payload.shape()
                m.submodules.repeat = repeat = FrameRepeater(
                    shape, g.layers[0].rows, steps, held=g.layers[0].holds_rows
                )
                connect(m, source, repeat.inputs)
                source = repeat.outputs
            connect(m, source, neurons.inputs)
            if n + 1 < len(self.neurons):
                source = neurons.outputs
                if self.local:
                    source, rows = self._branch(m, n, source, learn)
                    counter = self._spike_counter(m, f"counter_{n}", g.local[n])
                    connect(m, rows, counter.inputs)
                    connect(m, counter.outputs, self.local[n].inputs)
                connect(m, source, self.dense[n + 1].inputs)
        counter = self._spike_counter(m, "counter", g.chain[-1])
        connect(m, self.neurons[-1].outputs, counter.inputs)
        source = counter.outputs
        if self.local:
            source, sums = self._branch(m, len(self.local) - 1, source, learn)
            connect(m, sums, self.local[-1].inputs)
        connect(m, source, self._readout.inputs)
        return self._readout.outputs

    def _spike_counter(self, m: Module, name: str, layer: Layer) -> SpikeCounter:
        """The sums over T that a readout takes."""
        steps, bits = self._d.network.time_steps, self._d.formats.tangent.bits
        m.submodules[name] = counter = SpikeCounter(layer, self._g.lanes, steps, bits)
        return counter

    def _branch(
        self, m: Module, n: int, source: wiring.PureInterface, learn: Value
    ) -> tuple[wiring.PureInterface, wiring.PureInterface]:
        """A stream twice: for the chain, and while the core learns for the local readout ``n``."""
        m.submodules[f"fork_{n}"] = fork = Fork(source.payload.shape())
        connect(m, source, fork.inputs)
        m.d.comb += fork.on.eq(learn)
        return fork.outputs, fork.copies

    def _enter(
        self, m: Module, inputs: wiring.PureInterface, opened: Value, entered: Signal
    ) -> None:
        first, entry = self._g.layers[0], self.dense[0].inputs
        if self.encoder:
            m.submodules.encoder = self.encoder
            connect(m, self.encoder.outputs, entry)
            entry = self.encoder.inputs
        chunk = Signal(counter_shape(first.chunks - 1))
        open_now = Signal(name="opened")
        taken = Signal()
        inside, ends = chunk != 0, chunk == first.chunks - 1
        if self._d.network.coding == "frames":
            last_frame, begun = self._frames(m, taken & ends)
            inside, ends = inside | begun, ends & last_frame
        m.d.comb += [
            open_now.eq(opened | inside),
            entry.valid.eq(inputs.valid & open_now),
            inputs.ready.eq(entry.ready & open_now),
            taken.eq(entry.valid & entry.ready),
            entered.eq(taken & ends),
        ]
        for slot in range(first.simd):
            # What the host puts where the last chunk has no input left must not count.
            given = inputs.payload[slot]
            if (first.chunks - 1) * first.simd + slot >= first.n_in:
                given = Mux(chunk == first.chunks - 1, 0, given)
            m.d.comb += entry.payload.value[slot].eq(given)
        with m.If(taken):
            count_on(m, chunk, first.chunks - 1)

    def _frames(self, m: Module, ended: Value) -> tuple[Value, Value]:
        """Whether a frame of inputs is the last of its sample, and whether one is behind it."""
        steps = self._d.network.time_steps
        frame = Signal(counter_shape(steps - 1))
        with m.If(ended):
            count_on(m, frame, steps - 1)
        return frame == steps - 1, frame != 0


def skid_buffer(
    m: Module, name: str, source: wiring.PureInterface, sink: wiring.PureInterface
) -> None:
    """Connect two streams through a `SkidBuffer`."""
    m.submodules[name] = between = SkidBuffer(source.payload.shape())
    connect(m, source, between.inputs)
    connect(m, between.outputs, sink)
