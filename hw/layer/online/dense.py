"""One weight layer that changes in its passes, from input chunks to rows of (z, dz)."""

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.macs.admission import Admission
from dualspike.hw.layer.memory.words import Contents, Words
from dualspike.hw.layer.online.biases import ChangingBiases
from dualspike.hw.layer.online.mac_array import ChangingMacArray
from dualspike.hw.layer.online.requantizer import StepRequantizer
from dualspike.hw.layer.online.rounding.scaling import below_top, scaled
from dualspike.hw.layer.online.shapes import signal_shape
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.fork import Fork
from dualspike.hw.stream.gatherer import Gatherer
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import row, spikes, weighted
from dualspike.hw.stream.queue import Queue
from dualspike.hw.stream.serializer import Serializer
from dualspike.model.description.part import Part, change_shifts
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.layers import Layer


class ChangingDense(wiring.Component):
    """`ChangingMacArray`, `Serializer`, `RowBuffer`, `StepRequantizer` with `ChangingBiases`.

    ``signals`` are those of the layer's neurons, in rows as the results leave: those of every step
    (of a still input: of every sample), in order; a pass of a batch waits for those of ``lag``
    passes before. ``start`` starts a batch, for which ``load``[0] and ``load``[1] have put ``word``
    into the registers of rows and columns, wound back by as many steps as ``shift`` is below the
    largest that is reached; ``over`` tells that all its changes have landed.
    ``shift`` is the right shift s of the changes. `FrameRepeater`, `Admission` and ``contents`` are
    as in `hw.layer.dense`.
    Latency from a frame's last chunk to its first row: 12 + 2 ``multiply`` cycles, and 1 + chunks
    more with several groups. Throughput: a frame in max(cycles, rows, `AGAIN`) cycles. Where the
    layer skips both follow from what is kept (`ChangingSkipper`), and ``left`` are the cycles that
    a group which ends has saved.
    """

    def __init__(self, part: Part, layer: Layer, batch: int) -> None:
        self._part, self._layer, self._words = part, layer, Words.of(part)
        self.contents: Contents = ((), ())
        self._frames = batch * (part.network.time_steps if layer.every_step else 1)
        self._signal = ArrayLayout(signal_shape(part, layer), layer.next_simd)
        self._reach = change_shifts(part)[layer.index]
        f, (host, *_) = part.formats, self._words.ports.values()
        results = row(signed(f.membrane.bits), f.tangent.bits, layer.lanes_in, layer.next_simd)
        left = counter_shape(layer.chunks - 1)
        super().__init__(
            {
                "inputs": In(stream.Signature(spikes(layer, layer.simd))),
                "signals": In(stream.Signature(self._signal)),
                "outputs": Out(stream.Signature(results)),
                "start": In(1),
                "learn": In(1),
                "over": Out(1),
                "load": In(2),
                "word": In(WORD),
                "shift": In(7),
                "saturated": Out(1),
                "overflow": Out(2),
                **({"left": Out(left)} if layer.skips else {}),
                "weights": host,
                "biases": host,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, part = self._layer, self._part
        given = signal_shape(part, layer)
        raised = signed(given.width + len(self._reach) - 1)
        direct, top = layer.kind == "direct", self._reach[-1]
        weights, held = self.contents
        m.submodules.macs = macs = ChangingMacArray(
            part,
            layer,
            self._frames,
            given if direct else raised,
            self._reach,
            self._words.holding(weights),
        )
        m.submodules.bias_unit = biases = ChangingBiases(
            part, layer, self._frames, raised, top, self._words.holding(held)
        )
        m.submodules.serializer = serializer = Serializer(layer, layer.lanes_in, shared=False)
        m.submodules.buffer = buffer = RowBuffer(weighted(layer, layer.next_simd), layer.row_places)
        m.submodules.requantizer = requantizer = StepRequantizer(part, layer)
        m.submodules.admission = admission = Admission(layer)
        self._signals(m, macs, biases)
        source = flipped(self.inputs)
        if layer.groups > 1 and not layer.skips:
            m.submodules.repeater = repeater = FrameRepeater(
                spikes(layer, layer.simd), layer.chunks, layer.groups
            )
            connect(m, source, repeater.inputs)
            source = repeater.outputs
        connect(m, source, macs.inputs)
        connect(m, macs.outputs, serializer.inputs)
        connect(m, serializer.outputs, buffer.inputs)
        connect(m, buffer.outputs, requantizer.inputs)
        connect(m, biases.outputs, requantizer.biases)
        connect(m, requantizer.outputs, flipped(self.outputs))
        connect(m, flipped(self.weights), macs.host)
        connect(m, flipped(self.biases), biases.host)
        m.d.comb += [
            admission.ended.eq(macs.ended & ~macs.flush),
            admission.leaves.eq(buffer.outputs.valid & buffer.outputs.ready),
            macs.admits.eq(admission.admits),
            serializer.ready_ahead.eq(buffer.ready_ahead),
            biases.ended.eq(macs.ended),
            self.overflow.eq(requantizer.overflow),
            self.saturated.eq(macs.saturated | biases.saturated),
            self.over.eq(biases.over),
        ]
        if layer.skips:
            m.d.comb += self.left.eq(Mux(macs.ended, macs.left, 0))
        for unit in (macs, biases):
            for name in ("start", "learn", "load", "word"):
                m.d.comb += getattr(unit, name).eq(getattr(self, name))
        return m

    def _signals(self, m: Module, macs: ChangingMacArray, biases: ChangingBiases) -> None:
        """Rows of signals: groups of them for the weights; they wait for the biases' turn.

        They are shifted before both, but where inputs are numbers only before the biases.
        """
        layer, reach = self._layer, self._reach
        k = below_top(m, self.shift, reach, "up")
        up = Signal.like(k, name="up_held", reset_less=True)
        m.d.sync += up.eq(k)
        m.d.comb += macs.up.eq(up)
        groups, rows = (unit.signals.payload.shape().elem_shape for unit in (macs, biases))
        raised = ArrayLayout(rows, layer.next_simd)
        m.submodules.fork = fork = Fork(self._signal)
        m.submodules.gatherer = gatherer = Gatherer(layer, groups)
        m.submodules.waiting = waiting = Queue(raised, 2 * layer.group_rows + 2)
        m.d.comb += fork.on.eq(1)
        connect(m, flipped(self.signals), fork.inputs)
        connect(m, waiting.outputs, biases.signals)
        connect(m, gatherer.outputs, macs.signals)
        for source, sink in ((fork.copies, waiting.inputs), (fork.outputs, gatherer.inputs)):
            m.d.comb += [sink.valid.eq(source.valid), source.ready.eq(sink.ready)]
            for slot in range(layer.next_simd):
                signal: Value = source.payload[slot]
                if sink.payload.shape() == raised:
                    signal = scaled(signal, up, reach)
                m.d.comb += sink.payload[slot].eq(signal)
