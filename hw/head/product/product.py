"""The product unit of an operator chip: all axes of the grid, the products between them, y."""

from amaranth.hdl import Cat, Module, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.head.product.axis import Axis
from dualspike.hw.head.product.chain_product import ChainProduct
from dualspike.hw.head.product.grid_output import GridOutput
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.counters import counter_shape
from dualspike.model.description.description import Description
from dualspike.model.sizes.head import ProductSizes


class ProductUnit(wiring.Component):
    """From the factors F_n of all parts to y, the loss, and the mean errors E_n of the parts.

    ``factors_n`` takes the rows of part n, term after term: the trunks' before the ``full`` grid
    can be walked, the branch's one function after the other. ``learn``, ``targets``, ``scales``,
    ``results``, ``counted``, ``clear`` and ``loss`` are those of `GridOutput`; ``empty`` takes the
    rows away (``clear`` of `Axis`), ``stored_n`` counts them.
    ``means_0`` gives E_0 of every function; after the last ``flush`` lets ``means_n`` give those
    of the trunks. ``overflow`` pulses: bit 0 y, 1 a product Q, 2 an error, 3 a mean error clipped.
    A chip that only infers has of these what leads to ``results``.
    """

    def __init__(self, description: Description, geometry: ProductSizes) -> None:
        self._d = description
        f, batch = description.formats, description.batch
        axes = range(1, len(batch))
        self._axes = [Axis(description, geometry, n) for n in axes]
        self._chains = [ChainProduct(description, geometry) for _ in axes[:-1]]
        self._points = GridOutput(description, geometry)
        inner = ("pairs", "errors", "overflow")
        members = {
            name: one for name, one in self._points.signature.members.items() if name not in inner
        }
        for n in (0, *axes):
            members[f"factors_{n}"] = In(stream.Signature(signed(f.factor.bits)))
            if description.learns:
                members[f"means_{n}"] = Out(stream.Signature(signed(f.cotangent.bits)))
        for n in axes:
            members[f"stored_{n}"] = Out(counter_shape(batch[n]))
        members |= {"empty": In(1), "full": Out(1), "overflow": Out(2 + 2 * description.learns)}
        super().__init__(members | ({"flush": In(1)} if description.learns else {}))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        points = self._points
        m.submodules.points = points
        chain_clips = Cat(chain.overflow for chain in self._chains).any()
        m.d.comb += [
            self.counted.eq(points.counted),
            self.full.eq(Cat(axis.full for axis in self._axes).all()),
            self.overflow[0].eq(points.overflow[0]),
            self.overflow[1].eq(wire(m, chain_clips, "chain_clips")),
        ]
        connect(m, points.results, flipped(self.results))
        prefix = flipped(self.factors_0)
        for n, axis in enumerate(self._axes, 1):
            m.submodules[f"axis_{n}"] = axis
            m.d.comb += [
                axis.clear.eq(self.empty),
                getattr(self, f"stored_{n}").eq(axis.stored),
            ]
            connect(m, flipped(getattr(self, f"factors_{n}")), axis.factors)
            connect(m, prefix, axis.prefix)
            if n < len(self._axes):
                m.submodules[f"chain_{n}"] = chain = self._chains[n - 1]
                connect(m, axis.pairs, chain.pairs)
                prefix = chain.outputs
        connect(m, self._axes[-1].pairs, points.pairs)
        if self._d.learns:
            self._learn(m)
        return m

    def _learn(self, m: Module) -> None:
        """The way back: from errors at the points to mean errors of every part."""
        points = self._points
        axis_clips = Cat(axis.overflow for axis in self._axes).any()
        m.d.comb += [
            points.learn.eq(self.learn),
            points.clear.eq(self.clear),
            self.loss.eq(points.loss),
            self.overflow[2].eq(points.overflow[1]),
            self.overflow[3].eq(wire(m, axis_clips, "axis_clips")),
        ]
        connect(m, flipped(self.targets), points.targets)
        if self._d.floor is not None:
            connect(m, flipped(self.scales), points.scales)
        carried = flipped(self.means_0)
        for n, axis in enumerate(self._axes, 1):
            m.d.comb += [axis.learn.eq(self.learn), axis.flush.eq(self.flush)]
            connect(m, axis.own, flipped(getattr(self, f"means_{n}")))
            connect(m, axis.carried, carried)
            carried = axis.errors
        connect(m, points.errors, carried)
