"""A layer's multiply-accumulate array on dual numbers, folded to ``pe`` neurons by ``simd`` inputs.

For every neuron: sum W a, and for every tangent lane sum W da and sum V a (d(W a) = W da + V a).
Source: Wan, Zhang, Karniadakis, arXiv 2411.07057; the folding follows FINN's matrix-vector unit.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.addresses import SparseAddressGenerator, WeightAddressGenerator
from dualspike.hw.layer.signs import Signs
from dualspike.hw.layer.weights import Weights
from dualspike.hw.layer.words import Words
from dualspike.hw.stream.arithmetic import add, wire
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import entries, mac_input, sums
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.layers import Layer


class MacArray(wiring.Component):
    """Weighted sums of one layer.

    Members: ``inputs``, chunks of ``simd`` dual numbers, every frame of ``chunks`` given
    ``groups`` times; ``outputs``, the sums of ``pe`` neurons, group after group; ``mask``, a bit
    for each lane that perturbs this layer. ``load``, ``word``, ``restart``, ``rows`` and ``first``
    belong to the signs (`Signs`). ``sweep`` holds while the learner moves the weights by ``step``
    against lane ``lane``: one row a cycle, ``swept`` in the last. Without lanes only the streams
    and ``host`` are there. With momentum there are ``ends`` and ``velocities`` (`Weights`).
    Where the layer skips, ``inputs`` are chunks as a `ZeroSkipper` gives them. Independent signs
    then have a memory, since chunks come from anywhere: ``restart`` fills it, in as many cycles as
    a pass over the weights has, in which no input is taken. Latency: 3 cycles from a group's last
    chunk in to its sums out. Throughput: a chunk a cycle.
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
                **(learner if lanes else {}),
                **words.ports,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, lanes = self._layer, self._lanes
        m.submodules.addresses = addresses = (
            SparseAddressGenerator if layer.skips else WeightAddressGenerator
        )(layer)
        m.submodules.store = weights = Weights(
            layer.n_out,
            layer.n_in,
            layer.pe,
            layer.simd,
            self._words,
        )
        self._words.connect(m, self, weights)
        self._words.tell(m, self, weights)

        advance = Signal()
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
            advance.eq(~self.outputs.valid | self.outputs.ready),
            self.inputs.ready.eq(advance & ~busy),
            taken.eq(self.inputs.valid & self.inputs.ready),
            addresses.advance.eq(taken | busy),
            weights.row.eq(addresses.row),
            weights.enable.eq(addresses.advance),
        ]
        chunk_signs = self._learner(m, addresses, weights, filling) if lanes else []
        chunk = Signal.like(given, reset_less=True)
        with m.If(addresses.advance):
            m.d.sync += chunk.eq(given)

        valid = [Signal(name=f"valid_{n}") for n in range(2)]
        first = [Signal(name=f"first_{n}") for n in range(2)]
        last = [Signal(name=f"last_{n}") for n in range(2)]
        with m.If(advance):
            m.d.sync += [
                valid[0].eq(taken),
                first[0].eq(addresses.first_chunk),
                last[0].eq(addresses.last_chunk),
                valid[1].eq(valid[0]),
                first[1].eq(first[0]),
                last[1].eq(last[0]),
                self.outputs.valid.eq(valid[1] & last[1]),
            ]
        self._accumulate(m, advance, valid, first[1], weights.words, chunk, chunk_signs)
        return m

    def _learner(
        self,
        m: Module,
        addresses: WeightAddressGenerator | SparseAddressGenerator,
        weights: Weights,
        filling: Signal | None,
    ) -> list[Value]:
        """Signs next to the weights, and the sweeps that move these; the signs of the chunk.

        ``filling`` is there if the signs have a memory.
        """
        layer = self._layer
        m.submodules.sign_source = signs = Signs(layer, self._lanes, self._structure)
        m.d.comb += [
            signs.load.eq(self.load),
            signs.word.eq(self.word),
            signs.restart.eq(self.restart),
            signs.advance.eq(addresses.advance if filling is None else filling),
            signs.last_chunk.eq(addresses.last_chunk),
            signs.last_row.eq(addresses.last_row),
            signs.chunk.eq(addresses.chunk),
            signs.group.eq(addresses.group),
            self.rows.eq(signs.rows),
            self.first.eq(signs.first),
            self.swept.eq(self.sweep & addresses.last_row),
        ]

        here = signs.columns if self._shared else signs.weights
        move = Signal()
        m.d.sync += move.eq(self.sweep)
        if filling is not None:
            chunk_signs = self._kept_signs(m, addresses, filling, here)
            move_signs = chunk_signs[self.lane]
        else:
            chunk_signs = Signal.like(here, reset_less=True)
            move_signs = Signal(layer.pe * layer.simd, reset_less=True)
            with m.If(addresses.advance):
                m.d.sync += [
                    chunk_signs.eq(here),
                    move_signs.eq(signs.weights[self.lane]),
                ]
        m.d.comb += [
            weights.move.eq(move),
            weights.signs.eq(move_signs),
            weights.step.eq(self.step),
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

    def _kept_signs(
        self,
        m: Module,
        addresses: WeightAddressGenerator | SparseAddressGenerator,
        filling: Signal,
        here: data.View,
    ) -> data.View:
        """A row of signs for each row of weights, written along the walk while ``filling``."""
        m.submodules.kept = store = memory.Memory(
            shape=here.shape(), depth=self._layer.cycles, init=[]
        )
        read, write = store.read_port(), store.write_port()
        m.d.comb += [
            write.addr.eq(addresses.row),
            write.data.eq(here),
            write.en.eq(filling),
            read.addr.eq(addresses.row),
            read.en.eq(addresses.advance),
        ]
        return read.data

    def _accumulate(
        self,
        m: Module,
        advance: Signal,
        valid: list[Signal],
        first: Signal,
        words: data.View,
        chunk: data.View,
        chunk_signs: list[Value],
    ) -> None:
        """Products of the chunk in one cycle, their sums onto the accumulators in the next."""
        layer, out = self._layer, self.outputs.payload
        multiplies = wire(m, advance & valid[0], "multiplies")
        accumulates = wire(m, advance & valid[1], "accumulates")

        def stage(target: Value, products: list[Value], name: str) -> None:
            held = []
            for n, product in enumerate(products):
                register = Signal(product.shape(), name=f"{name}_{n}", reset_less=True)
                with m.If(multiplies):
                    m.d.sync += register.eq(product)
                held.append(register)
            total = Signal(target.shape(), name=f"{name}_sum", reset_less=True)
            with m.If(accumulates):
                m.d.sync += total.eq(Mux(first, 0, total) + add(*held))
            m.d.comb += target.eq(total)

        inputs = range(layer.simd)
        for p in range(layer.pe):
            weight = [words[s * layer.pe + p] for s in inputs]
            products = [self._times(weight[s], chunk.value[s]) for s in inputs]
            stage(out.value[p], products, f"product_{p}")
            if layer.tangent_in_bits:
                for k in range(self._lanes):
                    products = [weight[s] * chunk.tangent[s][k] for s in inputs]
                    stage(out.tangent[p][k], products, f"tangent_product_{p}_{k}")
        inverted = [wire(m, -chunk.value[s], f"inverted_{s}") for s in inputs]
        for k in range(self._lanes):
            for p in range(1 if self._shared else layer.pe):
                products = [
                    self._signed(
                        chunk_signs[k][s * (1 if self._shared else layer.pe) + p],
                        chunk.value[s],
                        inverted[s],
                        self.mask[k],
                    )
                    for s in inputs
                ]
                stage(out.sign[p][k], products, f"sign_product_{p}_{k}")

    def _times(self, weight: Value, value: Value) -> Value:
        if self._layer.kind == "coded":
            return Mux(value[0], Mux(value[1], -weight, weight), 0)
        return Mux(value, weight, 0) if self._layer.kind == "spiking" else weight * value

    def _signed(self, sign: Value, value: Value, inverted: Value, on: Value) -> Value:
        if self._layer.every_step:
            coded = self._layer.value_signed
            active = (value[0] if coded else value) & on
            negative = value[1] ^ sign if coded else sign
            return Cat(active, active & negative).as_signed()
        return Mux(on, Mux(sign, inverted, value), 0)
