"""One weight layer: perturbed weights and biases, from input chunks to rows of (z, dz)."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.macs.admission import Admission
from dualspike.hw.layer.macs.mac_array import MacArray
from dualspike.hw.layer.memory.learner_port import LearnerPort
from dualspike.hw.layer.memory.words import Contents, Words
from dualspike.hw.layer.requantizer import Requantizer
from dualspike.hw.layer.zero_skipper import ZeroSkipper
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.delay import later
from dualspike.hw.stream.payloads import layer_input, row
from dualspike.hw.stream.serializer import Serializer
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer


class Dense(wiring.Component):
    """`MacArray`, `Serializer`, `RowBuffer`, `Requantizer`; `FrameRepeater` before several groups.

    From a chunk in to its rows in the buffer nothing but the serializer waits for what is after it:
    `Admission` says when a group's last chunk may come.
    Where the layer skips, a `ZeroSkipper` takes the place of the `FrameRepeater`; ``learn`` and
    ``dropped`` are its own, and latency and throughput follow from the chunks that it keeps.

    ``contents`` are the weights and biases that its memories hold at power-up (`Words`).
    ``learner`` is the way of the learner to the layer (`LearnerPort`); without lanes it is not
    there. With momentum there are two more ports, for velocities (`Weights`).
    Latency from a frame's last chunk to its first row: 2 + ``fetch`` + ``multiply`` + 1 + 1 + 3
    cycles, 1 more in a readout whose T is no power of two, and 1 + chunks more with several groups,
    2 + chunks where the repeater holds its chunks (`Layer.holds_chunks`). Throughput: a
    frame every ``cycles`` cycles (once full: ``rows`` if that is more).
    """

    def __init__(self, part: Part, geometry: Geometry, layer: Layer) -> None:
        self._d, self._g, self._layer = part, geometry, layer
        f, lanes = part.formats, geometry.lanes
        results = row(signed(f.membrane.bits), f.tangent.bits, lanes, layer.next_simd)
        self._words = words = Words.of(part)
        self.contents: Contents = ((), ())
        host, *moving = words.ports.values()
        skipper = {"learn": In(1)} if layer.skips and lanes else {}
        skipper |= {"dropped": Out(1)} if layer.skips else {}
        super().__init__(
            {
                **skipper,
                "inputs": In(stream.Signature(layer_input(layer, lanes))),
                "outputs": Out(stream.Signature(results)),
                **({"learner": In(LearnerPort(lanes, words))} if lanes else {}),
                **{
                    kind: port
                    for port in moving
                    for kind in ("weight_velocities", "bias_velocities")
                },
                "overflow": Out(2),
                "weights": host,
                "biases": host,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, lanes, structure = self._layer, self._g.lanes, self._d.learning.structure
        weights, biases = self.contents
        m.submodules.macs = macs = MacArray(layer, lanes, structure, self._words.holding(weights))
        m.submodules.serializer = serializer = Serializer(
            layer, lanes, shared=structure == "factored"
        )
        m.submodules.requantizer = requantizer = Requantizer(
            self._d, self._g, layer, self._words.holding(biases)
        )
        if layer.skips:
            m.submodules.skipper = skipper = ZeroSkipper(layer, lanes)
            connect(m, flipped(self.inputs), skipper.inputs)
            connect(m, skipper.outputs, macs.inputs)
            m.d.comb += self.dropped.eq(skipper.dropped)
            if lanes:
                m.d.comb += skipper.learn.eq(self.learn)
        elif layer.groups > 1:
            m.submodules.repeater = repeater = FrameRepeater(
                layer_input(layer, lanes), layer.chunks, layer.groups, held=layer.holds_chunks
            )
            connect(m, flipped(self.inputs), repeater.inputs)
            connect(m, repeater.outputs, macs.inputs)
        else:
            connect(m, flipped(self.inputs), macs.inputs)
        connect(m, macs.outputs, serializer.inputs)
        shape = requantizer.inputs.payload.shape()
        m.submodules.buffer = buffer = RowBuffer(shape, layer.row_places)
        connect(m, serializer.outputs, buffer.inputs)
        connect(m, buffer.outputs, requantizer.inputs)
        m.submodules.admission = admission = Admission(layer)
        m.d.comb += [
            admission.ended.eq(macs.ended),
            admission.leaves.eq(buffer.outputs.valid & buffer.outputs.ready),
            macs.admits.eq(admission.admits),
            serializer.ready_ahead.eq(buffer.ready_ahead),
        ]
        connect(m, requantizer.outputs, flipped(self.outputs))
        connect(m, flipped(self.weights), macs.host)
        connect(m, flipped(self.biases), requantizer.host)
        m.d.comb += self.overflow.eq(requantizer.overflow)
        if lanes:
            self._learner(m, macs, requantizer)
        if self._words.momentum is not None:
            connect(m, flipped(self.weight_velocities), macs.velocities)
            connect(m, flipped(self.bias_velocities), requantizer.velocities)
        if lanes:
            self._words.tell(m, self.learner, macs, requantizer)
        return m

    def _learner(self, m: Module, macs: MacArray, requantizer: Requantizer) -> None:
        """Signs for both parts, and their sweeps, which begin together.

        What the sequencer says of signs, and of the lane, comes from a register: it goes to
        thousands of places.
        """
        port = self.learner
        sweeping = Signal(2)
        load = Signal.like(port.load)
        restart = Signal()
        lane = later(m, port.lane, 1, "lane")
        m.d.sync += [load.eq(port.load), restart.eq(port.restart)]
        m.d.comb += [
            macs.mask.eq(port.mask),
            macs.load.eq(load),
            macs.word.eq(later(m, port.word, 1, "word")),
            macs.restart.eq(restart),
            requantizer.rows.eq(macs.rows),
            requantizer.first.eq(macs.first),
            requantizer.mask.eq(port.mask),
            port.saturated.eq(macs.saturated | requantizer.saturated),
            port.busy.eq(sweeping.any()),
        ]
        for n, part in enumerate((macs, requantizer)):
            m.d.comb += [
                part.sweep.eq(sweeping[n]),
                part.lane.eq(lane),
                part.step.eq(port.step),
            ]
            with m.If(port.start):
                m.d.sync += sweeping[n].eq(1)
            with m.Elif(part.swept):
                m.d.sync += sweeping[n].eq(0)
