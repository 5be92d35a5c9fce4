"""The chain of a perceptron that changes once a sample: as `Chain`, of layers that change."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from dualspike.hw.layer.chain import Chain
from dualspike.hw.layer.online.dense import ChangingDense
from dualspike.hw.layer.online.perturbed_neuron import PerturbedNeuron
from dualspike.hw.layer.spike_counter import SpikeCounter
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import Geometry


class SampleChain(Chain):
    """inputs -> dense -> neurons -> ... -> spike counter -> dense."""

    def __init__(self, part: Part, geometry: Geometry, batch: int) -> None:
        self._d, self._g = part, geometry
        self.dense = [ChangingDense(part, layer, batch) for layer in geometry.layers]
        self.neurons = [PerturbedNeuron(part, layer) for layer in geometry.layers[:-1]]
        self.encoder, self.local = self._encoder(), []

    def elaborate(
        self,
        m: Module,
        inputs: wiring.PureInterface,
        opened: Value,
        entered: Signal,
        learn: Value | None = None,
    ) -> wiring.PureInterface:
        """As that of `Chain`."""
        for n, dense in enumerate(self.dense):
            m.submodules[f"dense_{n}"] = dense
        self._enter(m, inputs, opened, entered)
        steps, last = self._d.network.time_steps, self._g.layers[-1]
        m.submodules.counter = counter = SpikeCounter(
            last, last.lanes_in, steps, self._d.formats.tangent.bits
        )
        for n, neurons in enumerate(self.neurons):
            m.submodules[f"neurons_{n}"] = neurons
            source, layer = self.dense[n].outputs, self._g.layers[n]
            if not layer.every_step:
                shape = source.payload.shape()
                m.submodules.repeat = repeat = FrameRepeater(shape, layer.rows, steps)
                connect(m, source, repeat.inputs)
                source = repeat.outputs
            connect(m, source, neurons.inputs)
            ends = n + 1 == len(self.neurons)
            sink = counter.inputs if ends else self.dense[n + 1].inputs
            connect(m, neurons.outputs, sink)
        connect(m, counter.outputs, self.dense[-1].inputs)
        return self.dense[-1].outputs
