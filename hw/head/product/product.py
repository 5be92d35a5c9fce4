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
    """

    def __init__(self, description: Description, geometry: ProductSizes) -> None:
        self._d = description
        f, batch = description.formats, description.batch
        axes = range(1, len(batch))
        self._axes = [Axis(description, geometry, n) for n in axes]
        self._chains = [ChainProduct(description, geometry) for _ in axes[:-1]]
        self._points = GridOutput(description, geometry)
        members = {
            name: self._points.signature.members[name]
            for name in ("targets", "results", "learn", "clear", "counted", "loss")
        }
        if description.learning.floor is not None:
            members["scales"] = self._points.signature.members["scales"]
        for n in (0, *axes):
            members[f"factors_{n}"] = In(stream.Signature(signed(f.factor.bits)))
            members[f"means_{n}"] = Out(stream.Signature(signed(f.cotangent.bits)))
        for n in axes:
            members[f"stored_{n}"] = Out(counter_shape(batch[n]))
        members |= {"empty": In(1), "flush": In(1), "full": Out(1), "overflow": Out(4)}
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        points = self._points
        m.submodules.points = points
        m.d.comb += [
            points.learn.eq(self.learn),
            points.clear.eq(self.clear),
            self.counted.eq(points.counted),
            self.loss.eq(points.loss),
            self.full.eq(Cat(axis.full for axis in self._axes).all()),
            self.overflow.eq(
                Cat(
                    points.overflow[0],
                    wire(m, Cat(chain.overflow for chain in self._chains).any(), "chain_clips"),
                    points.overflow[1],
                    wire(m, Cat(axis.overflow for axis in self._axes).any(), "axis_clips"),
                )
            ),
        ]
        connect(m, flipped(self.targets), points.targets)
        connect(m, points.results, flipped(self.results))
        if self._d.learning.floor is not None:
            connect(m, flipped(self.scales), points.scales)
        prefix, carried = flipped(self.factors_0), flipped(self.means_0)
        for n, axis in enumerate(self._axes, 1):
            m.submodules[f"axis_{n}"] = axis
            m.d.comb += [
                axis.learn.eq(self.learn),
                axis.clear.eq(self.empty),
                axis.flush.eq(self.flush),
                getattr(self, f"stored_{n}").eq(axis.stored),
            ]
            connect(m, flipped(getattr(self, f"factors_{n}")), axis.factors)
            connect(m, axis.own, flipped(getattr(self, f"means_{n}")))
            connect(m, prefix, axis.prefix)
            connect(m, axis.carried, carried)
            carried = axis.errors
            if n < len(self._axes):
                m.submodules[f"chain_{n}"] = chain = self._chains[n - 1]
                connect(m, axis.pairs, chain.pairs)
                prefix = chain.outputs
        connect(m, self._axes[-1].pairs, points.pairs)
        connect(m, points.errors, self._axes[-1].errors)
        return m
