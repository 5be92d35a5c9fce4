"""A layer's multiply-accumulate array whose weights change on their way to the products.

For every neuron: sum W a, and for every tangent lane that comes in sum W da (docs/online_chip.md).
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.macs.addresses import WeightAddressGenerator
from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.online.changes import ROUNDED, Changes, change_bits
from dualspike.hw.layer.online.counts import InputCounts
from dualspike.hw.layer.online.passes import Passes, change_steps, spaced
from dualspike.hw.layer.online.rounding.dither import Dither
from dualspike.hw.layer.online.rounding.scaling import scaled
from dualspike.hw.layer.online.skipper import FOUND, ChangingSkipper
from dualspike.hw.layer.online.traces import TRACED, Traces
from dualspike.hw.layer.online.weights import AGAIN, CHANGED, USED, ChangingWeights
from dualspike.hw.stream.arithmetic import Counted, add, add_counted, turned, wire
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import spikes, weighted
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.layers import Layer

SCALED = 2
"""Cycles from a trace to its products."""


class ChangingMacArray(wiring.Component):
    """Weighted sums of one layer, pass after pass.

    ``inputs``, ``outputs`` and ``admits`` are those of a `MacArray`. In a pass in which a change is
    due a group begins when its row of ``signals`` is there, which it takes. ``ended`` pulses with
    the last chunk of each group; passes at the end of a batch have no frame (``flush``) and give no
    sums. ``frames`` make a batch, from ``start`` on; ``load`` and ``word`` are the `Dither`'s.
    Where the layer skips, a `ChangingSkipper` leads through its passes, and ``left`` tells with
    ``ended`` how many chunks a group has left out.
    Latency: 8 + 2 ``multiply`` cycles from a group's last chunk to its sums. Throughput: a chunk a
    cycle; a pass in `AGAIN` cycles if it has fewer chunks.
    """

    def __init__(
        self, part: Part, layer: Layer, frames: int, shape: Shape, reach: range, words: Words
    ) -> None:
        self._part, self._layer, self._frames = part, layer, frames
        self._signal, self._reach, self._words = shape, reach, words
        super().__init__(
            {
                "inputs": In(stream.Signature(spikes(layer, layer.simd))),
                "signals": In(stream.Signature(ArrayLayout(self._signal, layer.pe))),
                "outputs": Out(stream.Signature(weighted(layer, layer.pe))),
                "admits": In(1),
                "ended": Out(1),
                "flush": Out(1),
                "start": In(1),
                "learn": In(1),
                "load": In(2),
                "word": In(WORD),
                "up": In(range(len(reach))),
                "saturated": Out(1),
                **({"left": Out(counter_shape(layer.chunks - 1))} if layer.skips else {}),
                **self._words.ports,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        steps = change_steps(self._part, layer)
        m.submodules.passes = passes = Passes(self._frames, layer.lag, steps)
        taken, may, able = (Signal(name=name) for name in ("taken", "may", "able"))
        at = self._walk(m)
        begins = at.first_chunk & passes.due
        there = self.inputs.valid | passes.flush
        if isinstance(at, ChangingSkipper):
            connect(m, flipped(self.inputs), at.inputs)
            there = at.offered
            m.d.comb += [may.eq(self.signals.valid | ~begins), self.left.eq(at.left)]
        else:
            spare = spaced(m, at.row == 0, at.last_row, taken, layer.cycles, AGAIN)
            m.d.comb += [
                may.eq(~passes.over & (self.signals.valid | ~begins) & spare),
                self.inputs.ready.eq(able & ~passes.flush),
            ]
        m.d.comb += [
            passes.start.eq(self.start),
            passes.learn.eq(self.learn),
            passes.ended.eq(taken & at.last_row),
            self.flush.eq(passes.flush),
            able.eq(may & (self.admits | ~at.last_chunk)),
            taken.eq(able & there),
            self.signals.ready.eq(taken & begins),
            self.ended.eq(taken & at.last_chunk),
            at.advance.eq(taken),
        ]
        words = self._change(m, at, passes, taken)
        chunk = Signal(spikes(layer, layer.simd), reset_less=True)
        given, known = self.inputs.payload, self.inputs.valid & self.inputs.ready
        if isinstance(at, ChangingSkipper):
            given, known = at.chunk, bit_later(m, taken, FOUND, "found")
        m.d.sync += chunk.eq(Mux(known, given, 0))
        chunk = later(m, chunk, self._used - 1 - self._found, "chunk")
        summed = self._used + layer.multiply
        first = bit_later(m, taken & at.first_chunk, summed, "first")
        last = bit_later(m, self.ended & ~passes.flush, summed + 1, "last")
        m.d.comb += self.outputs.valid.eq(last)
        self._accumulate(m, first, words, chunk)
        return m

    def _walk(self, m: Module) -> WeightAddressGenerator | ChangingSkipper:
        """What leads through a pass: over all chunks, or over those that are worth a clock."""
        layer = self._layer
        if not layer.skips:
            m.submodules.addresses = walk = WeightAddressGenerator(layer)
            return walk
        m.submodules.skipper = skipper = ChangingSkipper(
            self._part, layer, self._frames, self._reach[-1]
        )
        m.d.comb += [
            skipper.start.eq(self.start),
            skipper.learn.eq(self.learn),
            skipper.load.eq(self.load[1]),
            skipper.word.eq(self.word),
        ]
        return skipper

    @property
    def _found(self) -> int:
        """Cycles from a place of the walk to its row and its chunk."""
        return FOUND if self._layer.skips else 0

    @property
    def _used(self) -> int:
        """Cycles from a chunk to its weights."""
        return TRACED + SCALED + self._layer.multiply + ROUNDED - CHANGED + USED

    def _change(
        self,
        m: Module,
        at: WeightAddressGenerator | ChangingSkipper,
        passes: Passes,
        taken: Signal,
    ) -> data.View:
        """The present chunk's weights, changed."""
        layer, top = self._layer, self._reach[-1]
        pe, simd = layer.pe, layer.simd
        due, rounded = taken & passes.due, TRACED + SCALED + layer.multiply
        m.submodules.dither = dither = Dither(pe, 0 if layer.skips else simd, top)
        if isinstance(at, ChangingSkipper):
            columns = later(m, at.columns, rounded - TRACED, "columns")
            held = at.traces
            m.d.comb += at.moving.eq(self._moving(m, at, passes.due, taken))
        else:
            columns, held = dither.columns, self._traces(m, at, passes, taken)
        given = [self._scaled(m, held[s], f"trace_{s}") for s in range(simd)]
        product = signed(self._signal.width + given[0].shape().width)
        m.submodules.changes = changes = Changes(product, pe, simd, top)
        m.submodules.store = store = ChangingWeights(
            layer.n_out, layer.n_in, pe, simd, self._words, change_bits(product, top)
        )
        self._words.connect(m, self, store)
        changed = rounded + ROUNDED
        m.d.comb += [
            dither.load.eq(self.load),
            dither.word.eq(self.word),
            dither.advance.eq(bit_later(m, due, rounded - 1, "due")),
            dither.last_chunk.eq(bit_later(m, at.last_chunk, rounded - 1, "last_chunk")),
            dither.last_row.eq(bit_later(m, at.last_row, rounded - 1, "last_row")),
            changes.rows.eq(dither.rows),
            changes.columns.eq(columns),
            store.row.eq(later(m, at.row, changed - CHANGED - self._found, "row")),
            store.enable.eq(bit_later(m, taken, changed - CHANGED, "enable")),
            store.changes.eq(changes.changes),
            store.move.eq(bit_later(m, due, changed, "move")),
            self.saturated.eq(store.saturated),
        ]
        signals = self._signals(m, taken & at.first_chunk, passes.due)
        for s in range(simd):
            for p in range(pe):
                m.d.comb += changes.products[s * pe + p].eq(
                    self._product(m, signals[p], given[s], f"change_{s}_{p}")
                )
        return store.words

    def _traces(
        self, m: Module, at: WeightAddressGenerator, passes: Passes, taken: Signal
    ) -> data.View:
        """Those of the present chunk, `TRACED` cycles later."""
        layer, part = self._layer, self._part
        counts = part.by_sample and layer.every_step
        m.submodules.traces = traces = (InputCounts if counts else Traces)(part, layer)
        if isinstance(traces, InputCounts):
            several = change_steps(part, layer) > 1
            m.d.comb += [
                traces.first.eq(passes.first if several else 1),
                traces.last.eq(passes.last if several else 1),
            ]
        m.d.comb += [
            traces.start.eq(self.start),
            traces.advance.eq(taken),
            traces.due.eq(passes.due),
            traces.chunk.eq(at.chunk),
            traces.group.eq(at.group),
            traces.last_row.eq(at.last_row),
            traces.values.eq(self.inputs.payload.value),
        ]
        return traces.traces

    def _moving(self, m: Module, at: ChangingSkipper, due: Value, taken: Value) -> Value:
        """Whether a neuron of the present group has a signal; the last may be short of some."""
        layer, held = self._layer, Signal(name="moving_held")
        missing = layer.groups * layer.pe - layer.n_out
        there = [
            self.signals.payload[p].any() & (Const(1) if p < layer.pe - missing else ~at.last_group)
            for p in range(layer.pe)
        ]
        moving = wire(m, Mux(at.first_chunk, due & Cat(there).any(), held), "moving")
        with m.If(taken):
            m.d.sync += held.eq(moving)
        return moving

    def _scaled(self, m: Module, trace: Value, name: str) -> Value:
        """A trace as products take it, `SCALED` cycles later."""
        if self._layer.kind == "direct":
            trace = scaled(trace, self.up, self._reach)
        return later(m, trace, SCALED, name)

    def _signals(self, m: Module, first: Value, due: Value) -> list[Signal]:
        """The group's row of signals when its traces are there, 0 where no change is due.

        Registers load with the group's first chunk, and others when the traces of that are there;
        between them are as many as groups can begin meanwhile.
        """
        pe, clocks = self._layer.pe, TRACED + SCALED - 1
        chunks = 1 if self._layer.skips else self._layer.chunks
        ways = [min(n, clocks) for n in range(0, clocks + chunks, chunks)]
        row: list[Signal] = []
        for n, way in enumerate(ways):
            held = [
                Signal(self._signal, name=f"signal_{n}_{p}", reset_less=True) for p in range(pe)
            ]
            load = bit_later(m, first, way, f"loads_{n}") if way else first
            for p in range(pe):
                given = row[p] if n else Mux(due, self.signals.payload[p], 0)
                with m.If(load):
                    m.d.sync += held[p].eq(given)
            row = held
        return row

    def _product(self, m: Module, signal: Signal, trace: Value, name: str) -> Value:
        if trace.shape().width > 1:
            return multiplied(m, signal, trace, name, self._layer.multiply)
        return later(m, Mux(trace, signal, 0), self._layer.multiply, name)

    def _accumulate(self, m: Module, first: Value, words: data.View, chunk: data.View) -> None:
        """Products of the chunk, then their sums onto the accumulators."""
        layer, out = self._layer, self.outputs.payload
        clocks, inputs = layer.multiply, range(layer.simd)

        def stage(target: Value, held: Sequence[Counted], name: str) -> None:
            total = Signal(target.shape(), name=f"{name}_sum", reset_less=True)
            before = Mux(first, 0, total)
            if any(isinstance(bit, Signal) for _, bit in held):
                both, _ = add_counted(*held, (before, Const(0)))
            else:
                both = before + add(*(value for value, _ in held))
            m.d.sync += total.eq(both)
            m.d.comb += target.eq(total)

        def times(weight: Value, given: Value, name: str, *, number: bool) -> Counted:
            if number:
                return multiplied(m, weight, given, name, clocks), Const(0)
            if not given.shape().signed:
                return later(m, Mux(given, weight, 0), clocks, name), Const(0)
            value, bit = turned(weight, given[1])
            return (
                later(m, Mux(given[0], value, 0), clocks, name),
                later(m, given[0] & bit, clocks, f"{name}_bit"),
            )

        for p in range(layer.pe):
            weights = [words[s * layer.pe + p] for s in inputs]
            columns = {"value": [chunk.value[s] for s in inputs]}
            for k in range(layer.own_lanes):
                columns[f"own_{k}"] = [chunk.own[s][k] for s in inputs]
            for k in range(layer.lanes_in - layer.own_lanes):
                columns[f"tangent_{k}"] = [chunk.tangent[s][k] for s in inputs]
            for name, column in columns.items():
                label = f"{name}_product_{p}"
                kind, _, lane = name.partition("_")
                target = out[kind][p][int(lane)] if lane else out.value[p]
                number = kind == "tangent" or (kind == "value" and layer.numbers)
                terms = [
                    times(weights[s], column[s], f"{label}_{s}", number=number) for s in inputs
                ]
                stage(target, terms, label)
