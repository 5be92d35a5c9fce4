"""One part of an operator chip: a perceptron's chain, its outputs as factors, and its slopes."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.chain import Chain
from dualspike.hw.fixed import fit
from dualspike.hw.layouts import ArrayLayout
from dualspike.hw.operator_slopes import Slopes
from dualspike.hw.relay import Relay
from dualspike.hw.weights import HostPort
from dualspike.model.geometry import geometry
from dualspike.model.lfsr import WORD
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import ProductGeometry
from dualspike.model.operator_sizes import part_frames


class Part(wiring.Component):
    """Rows of inputs in, ``basis`` factors of each out; E of all rows of a frame in, slopes out.

    A frame is rows whose E come together: all of a trunk's batch, one of the branch. Tangents are
    kept until then, of the branch those of a few rows (`model.operator_sizes.part_frames`).
    ``opened`` lets rows in, ``entered`` pulses with the end of each. ``learn`` keeps tangents,
    ``clear`` zeroes ``jvp``, ``finished`` pulses at the end of a frame (`Slopes`). ``lane`` and all
    ``lanes`` are those that the part carries; the rest is that of `Dense`, layer by layer.
    ``overflow`` pulses: bit 0 a membrane, 1 a tangent, 2 a factor clipped.
    """

    def __init__(
        self, description: OperatorDescription, geometry_: ProductGeometry, part: int
    ) -> None:
        self._g, self._bits = geometry_, description.formats.factor.bits
        core, f = description.part(part), description.formats
        sizes = geometry(core)
        first, layers, lanes = sizes.layers[0], len(sizes.layers), sizes.lanes
        self._chain = Chain(core, sizes)
        frames, words = part_frames(description, part)
        bits = geometry_.jvp_bits - geometry_.jvp_align[part]
        self._slopes = Slopes(frames, words, lanes, f.tangent.bits, f.cotangent.bits, bits)
        members = {
            "inputs": In(stream.Signature(ArrayLayout(signed(f.input.bits), first.simd))),
            "factors": Out(stream.Signature(signed(f.factor.bits))),
            "means": In(stream.Signature(signed(f.cotangent.bits))),
            "opened": In(1),
            "entered": Out(1),
            "learn": In(1),
            "clear": In(1),
            "finished": Out(1),
            "jvp": Out(self._slopes.jvp.shape()),
            "masks": In(ArrayLayout(lanes, layers)),
            "load": In(ArrayLayout(lanes, layers)),
            "word": In(WORD),
            "start": In(layers),
            "lane": In(range(max(lanes, 2))),
            "step": In(signed(description.step_format.bits)),
            "sweeping": Out(1),
            "saturated": Out(1),
            "overflow": Out(3),
        }
        self._kinds = {"weights": f.weight.bits, "biases": f.weight.bits}
        if core.momentum is not None:
            members["ends"] = In(2)
            bits = description.step_format.bits
            self._kinds |= {"weight_velocities": bits, "bias_velocities": bits}
        for layer in range(layers):
            for kind, bits in self._kinds.items():
                port = HostPort(bits, description.hardware.protection)
                members[f"{kind}_{layer}"] = In(port)
        super().__init__(members)

    @property
    def ports(self) -> list[wiring.PureInterface]:
        """The host's windows: weights and biases of every layer."""
        return self._windows("weights", "biases")

    @property
    def velocities(self) -> list[wiring.PureInterface]:
        """Those to the velocities of the same memories, none without momentum."""
        if "ends" not in self.signature.members:
            return []
        return self._windows("weight_velocities", "bias_velocities")

    def _windows(self, *kinds: str) -> list[wiring.PureInterface]:
        layers = range(len(self._chain.dense))
        return [getattr(self, f"{kind}_{layer}") for layer in layers for kind in kinds]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        chain, slopes = self._chain, self._slopes
        m.submodules.slopes = slopes
        outputs = chain.elaborate(m, flipped(self.inputs), self.opened, self.entered)
        m.submodules.relay_outputs = between = Relay(outputs.payload.shape())
        connect(m, outputs, between.inputs)
        self._narrow(m, between.outputs, slopes)
        connect(m, flipped(self.means), slopes.means)
        m.d.comb += [
            slopes.clear.eq(self.clear),
            self.jvp.eq(slopes.jvp),
            self.finished.eq(slopes.finished),
            self.sweeping.eq(Cat(dense.busy for dense in chain.dense).any()),
            self.saturated.eq(Cat(dense.saturated for dense in chain.dense).any()),
        ]
        for n, dense in enumerate(chain.dense):
            for kind in self._kinds:
                connect(m, flipped(getattr(self, f"{kind}_{n}")), getattr(dense, kind))
            if "ends" in self.signature.members:
                m.d.comb += dense.ends.eq(self.ends)
            m.d.comb += [
                dense.mask.eq(self.masks[n]),
                dense.load.eq(self.load[n]),
                dense.word.eq(self.word),
                dense.restart.eq(self.clear),
                dense.start.eq(self.start[n]),
                dense.lane.eq(self.lane),
                dense.step.eq(self.step),
            ]
        inner = [one.overflow for one in (*chain.dense, *chain.neurons)]
        m.d.comb += [
            self.overflow[0].eq(Cat(pulse[0] for pulse in inner).any()),
            self.overflow[1].eq(Cat(pulse[1] for pulse in inner).any() & self.learn),
        ]
        return m

    def _narrow(self, m: Module, source: wiring.PureInterface, slopes: Slopes) -> None:
        """Outputs become factors; their tangents, while learning, go where E will meet them."""
        advance = Signal()
        factor, clips = fit(m, source.payload.value[0], self._g.factor.shift, self._bits, "rounded")
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
