"""A layer's multiply-accumulate array on dual numbers, folded to ``pe`` neurons by ``simd`` inputs.

For every neuron: sum W a, and for every tangent lane sum W da and sum V a (d(W a) = W da + V a).
Source: Wan, Zhang, Karniadakis, arXiv 2411.07057; the folding follows FINN's matrix-vector unit.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.macs.addresses import SparseAddressGenerator, WeightAddressGenerator
from dualspike.hw.layer.macs.kept_signs import kept_signs
from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.layer.macs.signs import Signs
from dualspike.hw.layer.macs.spikes import signed_by, spiked
from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.stream.arithmetic import add, wire
from dualspike.hw.stream.copies import MULTIPLIERS, copies, part_of
from dualspike.hw.stream.delay import bit_later, enabled, later, take
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import entries, mac_input, sums
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.layers import Layer


class MacArray(wiring.Component):
    """Weighted sums of one layer.

    Members: ``inputs``, chunks of ``simd`` dual numbers, every frame of ``chunks`` given
    ``groups`` times; ``outputs``, the sums of ``pe`` neurons, group after group, which wait for
    nobody: each is there for one cycle, and its ``ready`` is not looked at. So a group's last
    chunk is taken only while ``admits`` is 1, and ``ended`` tells of it (`Admission`).
    ``mask``, a bit for each lane that perturbs this layer. ``load``, ``word``, ``restart``,
    ``rows`` and ``first`` belong to the signs (`Signs`). ``sweep`` holds while the learner moves
    the weights by ``step`` against lane ``lane``: one row a cycle, ``swept`` in the last; no chunk
    was taken in the cycle before it. Without
    lanes only the streams, ``admits``, ``ended`` and ``host`` are there. With momentum there
    are ``ends`` and ``velocities`` (`Weights`).
    Where the layer skips, ``inputs`` are chunks as a `ZeroSkipper` gives them. Independent signs
    then have a memory, since chunks come from anywhere: ``restart`` fills it, in as many cycles as
    a pass over the weights has, in which no input is taken. Latency: 2 + ``fetch`` + ``multiply``
    cycles from a group's last chunk in to its sums out. Throughput: a chunk a cycle.
    """

    def __init__(
        self,
        layer: Layer,
        lanes: int,
        structure: str,
        words: Words,
    ) -> None:
        self._layer, self._lanes = layer, lanes
        self._structure, self._words = structure, words
        self._shared = structure == "factored"
        outputs = sums(layer, lanes, layer.pe, shared=self._shared)
        learner = {
            "mask": In(lanes),
            "load": In(lanes),
            "word": In(WORD),
            "restart": In(1),
            "rows": Out(ArrayLayout(layer.n_out, lanes)),
            "first": Out(lanes),
            "sweep": In(1),
            "lane": In(range(max(lanes, 2))),
            "step": In(signed(words.step_bits)),
            **words.told,
            "swept": Out(1),
            "saturated": Out(1),
        }
        super().__init__(
            {
                "inputs": In(stream.Signature(mac_input(layer, lanes))),
                "outputs": Out(stream.Signature(outputs)),
                "admits": In(1),
                "ended": Out(1),
                **(learner if lanes else {}),
                **words.ports,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, lanes, fetch = self._layer, self._lanes, self._layer.fetch
        m.submodules.addresses = addresses = (
            SparseAddressGenerator if layer.skips else WeightAddressGenerator
        )(layer)
        folding = layer.n_out, layer.n_in, layer.pe, layer.simd
        ahead = not layer.skips and layer.cycles > 1
        m.submodules.store = weights = Weights(*folding, self._words, ahead=ahead)
        if ahead:
            m.d.comb += weights.next_row.eq(addresses.row if fetch else addresses.next_row)
        self._words.connect(m, self, weights)
        for name in self._words.told:
            m.d.comb += getattr(weights, name).eq(later(m, getattr(self, name), fetch, name))

        taken = Signal()
        given = self.inputs.payload
        busy = self.sweep if lanes else Const(0)
        filling = (
            self._filling(m, addresses) if lanes and layer.skips and not self._shared else None
        )
        if filling is not None:
            busy = busy | filling
        if layer.skips:
            m.d.comb += [
                addresses.given.eq(~busy),
                addresses.index.eq(given.index),
                addresses.last.eq(given.last),
            ]
            given = given.chunk
        m.d.comb += [
            self.inputs.ready.eq(~busy & (self.admits | ~addresses.last_chunk)),
            taken.eq(self.inputs.valid & self.inputs.ready),
            self.ended.eq(taken & addresses.last_chunk),
            addresses.advance.eq(taken | busy),
            weights.row.eq(later(m, addresses.row, fetch, "row")),
            weights.enable.eq(bit_later(m, addresses.advance, fetch, "reads")),
        ]
        # With its row from registers a word is a clock later, and all that goes with it.
        now, given = bit_later(m, taken, fetch, "taken"), later(m, given, fetch, "given")
        chunk_signs = self._learner(m, addresses, weights, now, filling) if lanes else []
        chunk = Signal.like(given, reset_less=True)
        # The way of the chunk that is taken, a clock in each bit: words, products, sums. What comes
        # in a cycle without one is multiplied too, and not added.
        way = fetch + layer.multiply + 1
        goes = Signal(way)
        begins = Signal(way)
        going, first, last = (Signal(way, name=name) for name in ("going", "first", "last"))
        m.d.comb += [
            goes.eq(going << 1 | taken),
            begins.eq(first << 1 | (taken & addresses.first_chunk)),
        ]
        take(m, chunk, given, enabled(now, spread=layer.spread))
        m.d.sync += [
            going.eq(goes),
            first.eq(begins),
            last.eq(last << 1 | self.ended),
            self.outputs.valid.eq(last[-1]),
        ]
        bits = Shape.cast(self.outputs.payload.shape()).width
        firsts = copies(m, begins[-1], first[-1], bits, "first", spread=layer.spread)
        adds = copies(m, goes[-1], going[-1], bits, "adds", spread=layer.spread)
        multiplies = not layer.every_step or layer.tangent_in_bits
        places = layer.pe if multiplies else 1
        held = chunk.as_value()
        copied = copies(
            m, given.as_value(), held, places, "chunk", MULTIPLIERS, spread=layer.spread
        )
        chunks = [chunk.shape()(copy) for copy in copied]
        pulses = list(zip(firsts, adds, strict=True))
        self._accumulate(m, pulses, weights.words, chunks, chunk_signs, going)
        return m

    def _learner(
        self,
        m: Module,
        addresses: WeightAddressGenerator | SparseAddressGenerator,
        weights: Weights,
        taken: Value,
        filling: Signal | None,
    ) -> list[Value]:
        """Signs next to the weights, and the sweeps that move these; the signs of the chunk.

        ``filling`` is there if the signs have a memory. Where they have none they follow a chunk a
        cycle after it is ``taken``, which comes too late in a cycle for all their registers.
        """
        layer = self._layer
        m.submodules.sign_source = signs = Signs(layer, self._lanes, self._structure)
        m.d.comb += [
            signs.load.eq(self.load),
            signs.word.eq(self.word),
            signs.restart.eq(self.restart),
            self.rows.eq(signs.rows),
            self.first.eq(signs.first),
            self.swept.eq(self.sweep & addresses.last_row),
        ]

        took = Signal()
        m.d.sync += took.eq(taken)
        onwards = took | self.sweep if filling is None else filling
        if filling is None:
            tooks = copies(m, taken, took, signs.enables, "took", 1, spread=layer.spread)
            m.d.comb += signs.advance.eq(Cat(took | self.sweep for took in tooks))
        else:
            m.d.comb += signs.advance.eq(filling.replicate(signs.enables))
        walk: WeightAddressGenerator | SparseAddressGenerator = addresses
        if not layer.skips:
            # A walk of their own, a cycle behind with chunks and not so in a sweep.
            m.submodules.sign_walk = walk = WeightAddressGenerator(layer)
            m.d.comb += walk.advance.eq(onwards)
        for name in ("last_chunk", "last_row", "chunk", "group"):
            position = getattr(walk, name)
            if layer.skips and filling is None:
                held = later(m, position, 1, f"signs_{name}")
                position = Mux(self.sweep, position, held)
            m.d.comb += getattr(signs, name).eq(position)
        here = signs.columns if self._shared else signs.weights
        move = Signal()
        sweeps = bit_later(m, self.sweep, layer.fetch, "sweeps")
        m.d.sync += move.eq(sweeps)
        if filling is not None:
            chunk_signs = kept_signs(m, layer, addresses.row, filling, here)
            move_signs = chunk_signs[self.lane]
        else:
            chunk_signs = here
            move_signs = Signal(layer.pe * layer.simd, reset_less=True)
            chosen = later(m, signs.weights[self.lane], layer.fetch, "chosen_signs")
            take(m, move_signs, chosen, enabled(sweeps, spread=layer.spread))
        m.d.comb += [
            weights.move.eq(move),
            weights.signs.eq(move_signs),
            weights.step.eq(later(m, self.step, layer.fetch, "step")),
            self.saturated.eq(weights.saturated),
        ]
        return entries(chunk_signs, self._lanes)

    def _filling(
        self, m: Module, addresses: WeightAddressGenerator | SparseAddressGenerator
    ) -> Signal:
        """1 while the memory of signs is written, for a whole pass after ``restart``."""
        filling = Signal()
        with m.If(self.restart):
            m.d.sync += filling.eq(1)
        with m.Elif(filling & addresses.last_row):
            m.d.sync += filling.eq(0)
        return filling

    def _accumulate(
        self,
        m: Module,
        pulses: list[tuple[Value, Value]],
        words: data.View,
        chunks: list[data.View],
        chunk_signs: list[Value],
        going: Signal,
    ) -> None:
        """Products of the chunk, each few of them with a copy, then sums onto the accumulators.

        ``pulses`` say for each few sums whether a product is its group's first, and is added;
        ``going`` is the way of the chunk.
        """
        layer, out = self._layer, self.outputs.payload
        moves = [enabled(on, spread=layer.spread) for on in going[layer.fetch :]]

        def stage(target: Value, held: Sequence[Value], name: str, p: int, k: int = 0) -> None:
            first, adds = pulses[p * len(pulses) // layer.pe]
            if layer.ahead:
                first, adds = part_of(pulses, p, layer.pe, k, self._lanes)
            total = Signal(target.shape(), name=f"{name}_sum", reset_less=True)
            with m.If(adds):
                m.d.sync += total.eq(Mux(first, 0, total) + add(*held))
            m.d.comb += target.eq(total)

        def times(left: Value, right: Value, name: str) -> Signal:
            return multiplied(m, left, right, name, layer.multiply)

        inputs = range(layer.simd)
        for p in range(layer.pe):
            chunk = chunks[p * len(chunks) // layer.pe]
            weight = [words[s * layer.pe + p] for s in inputs]
            given = [chunk.value[s] for s in inputs]
            if layer.every_step:
                name = f"product_{p}"
                given = [spiked(layer, weight[s], given[s]) for s in inputs]
                held = self._held(m, given, name, moves)
            else:
                name = f"multiplier_{p}"
                held = [times(weight[s], given[s], f"{name}_{s}") for s in inputs]
            stage(out.value[p], held, name, p)
            if layer.tangent_in_bits:
                for k in range(self._lanes):
                    name, given = f"multiplier_{p}_{k}", [chunk.tangent[s][k] for s in inputs]
                    held = [times(weight[s], given[s], f"{name}_of_{s}") for s in inputs]
                    stage(out.tangent[p][k], held, name, p, k)
        chunk = chunks[0]
        inverted = [wire(m, -chunk.value[s], f"inverted_{s}") for s in inputs]
        for k in range(self._lanes):
            for p in range(1 if self._shared else layer.pe):
                products = [
                    signed_by(
                        layer,
                        chunk_signs[k][s * (1 if self._shared else layer.pe) + p],
                        chunk.value[s],
                        inverted[s],
                        self.mask[k],
                    )
                    for s in inputs
                ]
                name = f"sign_product_{p}_{k}"
                stage(out.sign[p][k], self._held(m, products, name, moves), name, p, k)

    def _held(
        self, m: Module, values: Sequence[Value], name: str, moves: Sequence[Value | None]
    ) -> Sequence[Value]:
        """Each in as many registers as products have that take a `Multiplier`."""
        moves = moves[: self._layer.multiply]
        return [later(m, value, moves, f"{name}_{n}") for n, value in enumerate(values)]
