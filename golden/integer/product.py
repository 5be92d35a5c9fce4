"""The product unit of an operator chip, in integers: y, its errors, and the errors of the parts.

The notation is that of `model.sizes.head`. All sums are exact; what is rounded, half up,
saturates in its format.
"""

import numpy as np

from dualspike.golden.integer.head import Errors, OutputError
from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.rounding import product, round_half_up, saturate
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.head import ProductFlag
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.head import Sum, product_sizes


class IntegerProduct:
    """The parts' outputs [B_n, p] of a batch in the product unit: `golden.integer.head.Outcome`."""

    def __init__(self, d: Description, passes: list[Forward]) -> None:
        self._f, self._g, self._passes = d.formats, product_sizes(d), passes
        self.flags = 0
        g, outputs = self._g, [one.y for one in passes]
        factor = self._f.factor
        self._factors = [
            self._fit(output, g.factor, factor, ProductFlag.FACTOR) for output in outputs
        ]
        self._chain = [self._factors[0]]
        for trunk in self._factors[1:-1]:
            products = self._chain[-1][..., None, :] * trunk
            self._chain.append(self._fit(products, g.chain, factor, ProductFlag.FACTOR))
        total = product(self._chain[-1], self._factors[-1])
        self.y = self._fit(total, g.output, self._f.membrane, Flag.MEMBRANE)

    def errors(self, target: Ints, scale: Ints | None = None) -> Errors:
        """Exact sum of e times e weighted, and E_n [B_n, p] of every part."""
        f, g = self._f, self._g
        off = self.y - (target << (f.membrane.fraction - f.target.fraction))
        error = weighted = self._fit(off, g.error, f.error, ProductFlag.ERROR)
        if scale is not None:
            spread = scale.reshape(-1, *[1] * (error.ndim - 1))
            weighted = self._fit(error * spread, g.scaled, f.error, ProductFlag.ERROR)
        loss = int(np.vdot(error, weighted))
        last = len(self._factors) - 1
        rows = self._chain[-1].reshape(-1, self._chain[-1].shape[-1])
        total = product(weighted.reshape(len(rows), -1).T, rows.T)
        parts = [self._cotangent(total, g.own[last])]
        back = product(weighted, self._factors[-1].T)
        for n in range(last, 0, -1):
            carried = self._cotangent(back, g.carried[n - 1])
            if n == 1:
                parts.append(carried)
                break
            others = self._chain[n - 2]
            own = (carried * others[..., None, :]).reshape(-1, *carried.shape[-2:]).sum(axis=0)
            parts.append(self._cotangent(own, g.own[n - 1]))
            back = (carried * self._factors[n - 1]).sum(axis=-2)
        found = [
            OutputError(n, values, one.dy, 1 << align)
            for n, (values, one, align) in enumerate(
                zip(parts[::-1], self._passes, g.jvp_align, strict=True)
            )
        ]
        return Errors(loss, found)

    def _cotangent(self, total: Matrix, exact: Sum) -> Matrix:
        return self._fit(total, exact, self._f.cotangent, ProductFlag.COTANGENT)

    def _fit(self, total: Matrix, exact: Sum, form: Format, flag: Flag | ProductFlag) -> Matrix:
        fitted, over = saturate(round_half_up(total, exact.shift), form)
        self.flags |= over << flag
        return fitted.astype(np.int64, copy=False)
