"""One part of an operator chip: a perceptron's chain, its outputs as factors, and its slopes."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.chip.probes import part_probes, wire_probes
from dualspike.hw.head.product.slopes import Slopes
from dualspike.hw.layer.chain import Chain
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.skid_buffer import SkidBuffer
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
    ``overflow`` pulses: bit 0 a membrane, 1 a tangent, 2 a factor clipped.
    """

    def __init__(self, description: Description, number: int, *, probes: bool = False) -> None:
        part, f = description.parts[number], description.formats
        self._g, self._bits = product_sizes(description), f.factor.bits
        sizes = geometry(part)
        self._chain = Chain(part, sizes)
        frames, words = part_frames(description, number)
        bits = self._g.jvp_bits - self._g.jvp_align[number]
        self._slopes = Slopes(frames, words, part.lanes, f.tangent.bits, f.cotangent.bits, bits)
        first = description.layers_of(number).start
        self.probes = part_probes(part, first) if probes else []
        inputs = ArrayLayout(signed(f.input.bits), sizes.layers[0].simd)
        members = {
            "inputs": In(stream.Signature(inputs)),
            "factors": Out(stream.Signature(signed(f.factor.bits))),
            "means": In(stream.Signature(signed(f.cotangent.bits))),
            "opened": In(1),
            "entered": Out(1),
            "learn": In(1),
            "clear": In(1),
            "finished": Out(1),
            "jvp": Out(self._slopes.jvp.shape()),
            "overflow": Out(3),
            **{probe.name: Out(probe.signature) for probe in self.probes},
        }
        self._inner = [
            (f"{kind}_{layer}", kind, dense)
            for layer, dense in enumerate(self._chain.dense)
            for kind in dense.signature.members
            if kind not in ("inputs", "outputs", "overflow")
        ]
        members |= {name: dense.signature.members[kind] for name, kind, dense in self._inner}
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        chain, slopes = self._chain, self._slopes
        m.submodules.slopes = slopes
        outputs = chain.elaborate(m, flipped(self.inputs), self.opened, self.entered)
        m.submodules.skid_outputs = between = SkidBuffer(outputs.payload.shape())
        connect(m, outputs, between.inputs)
        self._narrow(m, between.outputs, slopes)
        connect(m, flipped(self.means), slopes.means)
        m.d.comb += [
            slopes.clear.eq(self.clear),
            self.jvp.eq(slopes.jvp),
            self.finished.eq(slopes.finished),
        ]
        for name, kind, dense in self._inner:
            connect(m, flipped(getattr(self, name)), getattr(dense, kind))
        if self.probes:
            wire_probes(m, self, self.probes, chain)
        inner = [one.overflow for one in (*chain.dense, *chain.neurons)]
        m.d.comb += [
            self.overflow[0].eq(Cat(pulse[0] for pulse in inner).any()),
            self.overflow[1].eq(Cat(pulse[1] for pulse in inner).any() & self.learn),
        ]
        return m

    def _narrow(self, m: Module, source: wiring.PureInterface, slopes: Slopes) -> None:
        """Outputs become factors; their tangents, while learning, go where E will meet them."""
        advance = Signal()
        factor, clips = round_saturate(
            m, source.payload.value[0], self._g.factor.shift, self._bits, "rounded"
        )
        m.d.comb += [
            advance.eq(~self.factors.valid | self.factors.ready),
            slopes.tangents.valid.eq(source.valid & self.learn & advance),
            slopes.tangents.payload.eq(source.payload.tangent[0]),
            source.ready.eq(advance & (slopes.tangents.ready | ~self.learn)),
            self.overflow[2].eq(source.valid & source.ready & clips),
        ]
        with m.If(advance):
            m.d.sync += [
                self.factors.valid.eq(source.valid & source.ready),
                self.factors.payload.eq(factor),
            ]
