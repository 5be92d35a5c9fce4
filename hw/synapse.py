"""A layer's multiply-accumulate array on dual numbers, folded to ``pe`` neurons by ``simd`` inputs.

For every neuron: sum W a, and for every tangent lane sum W da and sum V a (d(W a) = W da + V a).
Source: Wan, Zhang, Karniadakis, arXiv 2411.07057; the folding follows FINN's matrix-vector unit.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.fixed import add, wire
from dualspike.hw.layouts import ArrayLayout
from dualspike.hw.signs import Signs
from dualspike.hw.streams import entries, sums, synapse_input
from dualspike.hw.walk import Jump, Walk
from dualspike.hw.weights import HostPort, Weights
from dualspike.model.code import Protection
from dualspike.model.geometry import Layer
from dualspike.model.learning import VELOCITY_BITS
from dualspike.model.lfsr import WORD


class Synapse(wiring.Component):
    """Weighted sums of one layer.

    Members: ``inputs``, chunks of ``simd`` dual numbers, every frame of ``chunks`` given
    ``groups`` times; ``outputs``, the sums of ``pe`` neurons, group after group; ``mask``, a bit
    for each lane that perturbs this layer. ``load``, ``word``, ``restart``, ``rows`` and ``first``
    belong to the signs (`Signs`). ``sweep`` holds while the learner moves the weights by ``step``
    against lane ``lane``: one row a cycle, ``swept`` in the last. Without lanes only the streams
    and ``host`` are there. With ``momentum`` there are ``ends`` and ``velocities`` (`Weights`).
    Where the layer skips, ``inputs`` are chunks as a `Sieve` gives them. Independent signs then
    have a memory, since chunks come from anywhere: ``restart`` fills it, in as many cycles as a
    pass over the weights has, in which no input is taken.
    Latency: 3 cycles from a group's last chunk in to its sums out. Throughput: a chunk a cycle.
    """

    def __init__(
        self,
        layer: Layer,
        lanes: int,
        structure: str,
        weight_bits: int,
        momentum: int | None = None,
        protection: Protection = "none",
    ) -> None:
        self._layer, self._lanes = layer, lanes
        self._structure, self._bits, self._momentum = structure, weight_bits, momentum
        self._protection: Protection = protection
        self._shared = structure == "factored"
        outputs = sums(layer, lanes, layer.pe, shared=self._shared)
        step_bits = weight_bits if momentum is None else weight_bits + VELOCITY_BITS
        glide = {"ends": In(2), "velocities": In(HostPort(step_bits, protection))}
        learner = {
            "mask": In(lanes),
            "load": In(lanes),
            "word": In(WORD),
            "restart": In(1),
            "rows": Out(ArrayLayout(layer.n_out, lanes)),
            "first": Out(lanes),
            "sweep": In(1),
            "lane": In(range(max(lanes, 2))),
            "step": In(signed(step_bits)),
            "swept": Out(1),
            "saturated": Out(1),
        }
        super().__init__(
            {
                "inputs": In(stream.Signature(synapse_input(layer, lanes))),
                "outputs": Out(stream.Signature(outputs)),
                **(learner if lanes else {}),
                **({} if momentum is None else glide),
                "host": In(HostPort(weight_bits, protection)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, lanes = self._layer, self._lanes
        m.submodules.walk = walk = (Jump if layer.skips else Walk)(layer)
        m.submodules.store = weights = Weights(
            layer.n_out,
            layer.n_in,
            layer.pe,
            layer.simd,
            self._bits,
            learn=lanes > 0,
            momentum=self._momentum,
            protection=self._protection,
        )
        connect(m, flipped(self.host), weights.host)
        if self._momentum is not None:
            connect(m, flipped(self.velocities), weights.velocities)
            m.d.comb += weights.ends.eq(self.ends)

        advance = Signal()
        taken = Signal()
        given = self.inputs.payload
        busy = self.sweep if lanes else Const(0)
        filling = self._filling(m, walk) if lanes and layer.skips and not self._shared else None
        if filling is not None:
            busy = busy | filling
        if layer.skips:
            m.d.comb += [walk.given.eq(~busy), walk.index.eq(given.index), walk.last.eq(given.last)]
            given = given.chunk
        m.d.comb += [
            advance.eq(~self.outputs.valid | self.outputs.ready),
            self.inputs.ready.eq(advance & ~busy),
            taken.eq(self.inputs.valid & self.inputs.ready),
            walk.advance.eq(taken | busy),
            weights.row.eq(walk.row),
            weights.enable.eq(walk.advance),
        ]
        chunk_signs = self._learner(m, walk, weights, filling) if lanes else []
        chunk = Signal.like(given, reset_less=True)
        with m.If(walk.advance):
            m.d.sync += chunk.eq(given)

        valid = [Signal(name=f"valid_{n}") for n in range(2)]
        first = [Signal(name=f"first_{n}") for n in range(2)]
        last = [Signal(name=f"last_{n}") for n in range(2)]
        with m.If(advance):
            m.d.sync += [
                valid[0].eq(taken),
                first[0].eq(walk.first_chunk),
                last[0].eq(walk.last_chunk),
                valid[1].eq(valid[0]),
                first[1].eq(first[0]),
                last[1].eq(last[0]),
                self.outputs.valid.eq(valid[1] & last[1]),
            ]
        self._accumulate(m, advance, valid, first[1], weights.words, chunk, chunk_signs)
        return m

    def _learner(
        self, m: Module, walk: Walk | Jump, weights: Weights, filling: Signal | None
    ) -> list[Value]:
        """Signs beside the weights, and the sweeps that move these; the signs of the chunk.

        ``filling`` is there if the signs have a memory.
        """
        layer = self._layer
        m.submodules.sign_source = signs = Signs(layer, self._lanes, self._structure)
        m.d.comb += [
            signs.load.eq(self.load),
            signs.word.eq(self.word),
            signs.restart.eq(self.restart),
            signs.advance.eq(walk.advance if filling is None else filling),
            signs.last_chunk.eq(walk.last_chunk),
            signs.last_row.eq(walk.last_row),
            signs.chunk.eq(walk.chunk),
            signs.group.eq(walk.group),
            self.rows.eq(signs.rows),
            self.first.eq(signs.first),
            self.swept.eq(self.sweep & walk.last_row),
        ]

        here = signs.columns if self._shared else signs.weights
        move = Signal()
        m.d.sync += move.eq(self.sweep)
        if filling is not None:
            chunk_signs = self._kept_signs(m, walk, filling, here)
            move_signs = chunk_signs[self.lane]
        else:
            chunk_signs = Signal.like(here, reset_less=True)
            move_signs = Signal(layer.pe * layer.simd, reset_less=True)
            with m.If(walk.advance):
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

    def _filling(self, m: Module, walk: Walk | Jump) -> Signal:
        """1 while the memory of signs is written, for a whole pass behind ``restart``."""
        filling = Signal()
        with m.If(self.restart):
            m.d.sync += filling.eq(1)
        with m.Elif(filling & walk.last_row):
            m.d.sync += filling.eq(0)
        return filling

    def _kept_signs(
        self, m: Module, walk: Walk | Jump, filling: Signal, here: data.View
    ) -> data.View:
        """A row of signs for each row of weights, written along the walk while ``filling``."""
        m.submodules.kept = store = memory.Memory(
            shape=here.shape(), depth=self._layer.cycles, init=[]
        )
        read, write = store.read_port(), store.write_port()
        m.d.comb += [
            write.addr.eq(walk.row),
            write.data.eq(here),
            write.en.eq(filling),
            read.addr.eq(walk.row),
            read.en.eq(walk.advance),
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
