"""One part of an operator chip: a perceptron's chain, its outputs as factors, and its slopes."""

from collections.abc import Sequence
from typing import ClassVar

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out, SignatureMembers, connect, flipped

from dualspike.hw.chip.probes import part_probes, wire_probes
from dualspike.hw.head.product.slopes import Slopes
from dualspike.hw.layer.chain import Chain
from dualspike.hw.layer.dense import Dense
from dualspike.hw.layer.online.dense import ChangingDense
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.description import Description
from dualspike.model.sizes.cycles import part_frames
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes


class PartCore(wiring.Component):
    """Rows of inputs in, ``basis`` factors of each out; E of all rows of a frame in, slopes out.

    A frame is rows whose E come together: all of a trunk's batch, one of the branch. Tangents are
    kept until then, of the branch those of a few rows (`model.sizes.cycles.part_frames`).
    ``opened`` lets rows in, ``entered`` pulses with the end of each. ``learn`` keeps tangents,
    ``clear`` zeroes ``jvp``, ``finished`` pulses at the end of a frame (`Slopes`). The other
    members are those of `Dense`, layer by layer; lanes are those that the part carries.
    ``overflow`` pulses: bit 0 a membrane, 1 a tangent, 2 a factor clipped; ``floor``: a membrane at
    its lower end. In a chip that only infers rows of inputs become factors, and there is nothing
    else.
    """

    def __init__(self, description: Description, number: int, *, probes: bool = False) -> None:
        part, f = description.parts[number], description.formats
        self._g, self._bits = product_sizes(description), f.factor.bits
        sizes = geometry(part)
        self._chain = self._chain_of(description, number)
        self._slopes = self._slopes_of(description, number) if description.learns else None
        first = description.layers_of(number).start
        self.probes = part_probes(part, first) if probes else []
        inputs = ArrayLayout(signed(f.input.bits), sizes.layers[0].simd)
        members = {
            "inputs": In(stream.Signature(inputs)),
            "factors": Out(stream.Signature(signed(f.factor.bits))),
            "opened": In(1),
            "entered": Out(1),
            "overflow": Out(3),
            "floor": Out(1),
            **{probe.name: Out(probe.signature) for probe in self.probes},
        }
        if self._slopes:
            members |= self._taught(self._slopes.signature.members)
        self._inner = [
            (f"{kind}_{layer}", kind, dense)
            for layer, dense in enumerate(self._chain.dense)
            for kind in dense.signature.members
            if kind not in self.INSIDE
        ]
        members |= {name: dense.signature.members[kind] for name, kind, dense in self._inner}
        super().__init__(members)

    INSIDE: ClassVar = ("inputs", "outputs", "overflow")
    """Members of a layer that nobody sees from outside."""

    @property
    def dense(self) -> Sequence[Dense | ChangingDense]:
        """The weight layers."""
        return self._chain.dense

    def _chain_of(self, d: Description, number: int) -> Chain:
        return Chain(d.parts[number], geometry(d.parts[number]))

    def _slopes_of(self, d: Description, number: int) -> Slopes:
        g, (frames, words) = product_sizes(d), part_frames(d, number)
        bits = g.jvp_bits - g.jvp_align[number]
        f, lanes = d.formats, d.parts[number].lanes
        return Slopes(frames, words, lanes, f.tangent.bits, f.cotangent.bits, bits)

    def _taught(self, slopes: SignatureMembers) -> dict[str, Member]:
        """What there is to learn with."""
        return {name: slopes[name] for name in ("means", "clear", "finished", "jvp")} | {
            "learn": In(1)
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        chain = self._chain
        outputs = chain.elaborate(m, flipped(self.inputs), self.opened, self.entered)
        m.submodules.skid_outputs = between = SkidBuffer(outputs.payload.shape())
        connect(m, outputs, between.inputs)
        onward = self._narrow(m, between.outputs)
        if self._slopes:
            self._learn(m, self._slopes, between.outputs, onward)
        else:
            m.d.comb += between.outputs.ready.eq(onward)
        for name, kind, dense in self._inner:
            outer, inner = getattr(self, name), getattr(dense, kind)
            if self.signature.members[name].is_signature:
                connect(m, flipped(outer), inner)
            else:
                given = self.signature.members[name].flow == In
                m.d.comb += inner.eq(outer) if given else outer.eq(inner)
        if self.probes:
            wire_probes(m, self, self.probes, chain)
        m.d.comb += [
            self.overflow[0].eq(Cat(pulse[0] for pulse in self._overflows).any()),
            self.floor.eq(Cat(neurons.floor for neurons in chain.neurons).any()),
        ]
        return m

    @property
    def _overflows(self) -> list[Value]:
        return [one.overflow for one in (*self._chain.dense, *self._chain.neurons)]

    def _narrow(self, m: Module, source: wiring.PureInterface) -> Signal:
        """Outputs become factors; whether the next one can."""
        advance = Signal()
        factor, clips = round_saturate(
            m, source.payload.value[0], self._g.factor.shift, self._bits, "rounded"
        )
        m.d.comb += [
            advance.eq(~self.factors.valid | self.factors.ready),
            self.overflow[2].eq(source.valid & source.ready & clips),
        ]
        with m.If(advance):
            m.d.sync += [
                self.factors.valid.eq(source.valid & source.ready),
                self.factors.payload.eq(factor),
            ]
        return advance

    def _learn(
        self, m: Module, slopes: Slopes, source: wiring.PureInterface, onward: Signal
    ) -> None:
        """Tangents of outputs, while learning, go where E will meet them."""
        m.submodules.slopes = slopes
        connect(m, flipped(self.means), slopes.means)
        self._move(m, slopes)
        m.d.comb += [
            self.finished.eq(slopes.finished),
            slopes.tangents.valid.eq(source.valid & self.learn & onward),
            slopes.tangents.payload.eq(source.payload.tangent[0]),
            source.ready.eq(onward & (slopes.tangents.ready | ~self.learn)),
            self.overflow[1].eq(Cat(pulse[1] for pulse in self._overflows).any() & self.learn),
        ]

    def _move(self, m: Module, slopes: Slopes) -> None:
        """What the slopes are for."""
        m.d.comb += [slopes.clear.eq(self.clear), self.jvp.eq(slopes.jvp)]
