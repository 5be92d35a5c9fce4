"""The chain of a perceptron that learns online: from samples to outputs in every step."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from dualspike.hw.layer.chain import Chain
from dualspike.hw.layer.online.dense import ChangingDense
from dualspike.hw.layer.online.neuron import StepNeuron
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.fork import Fork
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import Geometry


class StepChain(Chain):
    """inputs -> dense -> neurons -> ... -> dense; the last layer's rows are the outputs.

    ``gates`` are copies of what every layer's neurons give, while the core learns.
    """

    def __init__(self, part: Part, geometry: Geometry, batch: int) -> None:
        self._d, self._g = part, geometry
        self.dense = [ChangingDense(part, layer, batch) for layer in geometry.layers]
        self.neurons = [StepNeuron(part, layer) for layer in geometry.layers[:-1]]
        self.encoder, self.local = self._encoder(), []
        self.gates: list[wiring.PureInterface] = []

    def elaborate(
        self,
        m: Module,
        inputs: wiring.PureInterface,
        opened: Value,
        entered: Signal,
        learn: Value | None = None,
    ) -> wiring.PureInterface:
        """As that of `Chain`; ``gates`` are there after it."""
        for n, dense in enumerate(self.dense):
            m.submodules[f"dense_{n}"] = dense
        self._enter(m, inputs, opened, entered)
        for n, neurons in enumerate(self.neurons):
            m.submodules[f"neurons_{n}"] = neurons
            source = self.dense[n].outputs
            if not self._g.layers[n].every_step:
                shape, steps = source.payload.shape(), self._d.network.time_steps
                m.submodules.repeat = repeat = FrameRepeater(shape, self._g.layers[n].rows, steps)
                connect(m, source, repeat.inputs)
                source = repeat.outputs
            connect(m, source, neurons.inputs)
            self._give(m, n, neurons.outputs, learn)
        return self.dense[-1].outputs

    def _give(self, m: Module, n: int, source: wiring.PureInterface, learn: Value | None) -> None:
        """Spikes and tangents of layer n to the next one, and to where gates wait."""
        m.submodules[f"fork_{n}"] = fork = Fork(source.payload.shape())
        connect(m, source, fork.inputs)
        m.d.comb += fork.on.eq(0 if learn is None else learn)
        self.gates.append(fork.copies)
        given, sink = fork.outputs, self.dense[n + 1].inputs
        m.d.comb += [sink.valid.eq(given.valid), given.ready.eq(sink.ready)]
        for name, _ in sink.payload.shape():
            m.d.comb += sink.payload[name].eq(given.payload[name])
