"""Widths that make every sum of a head exact, and the right shifts that round it.

Of a squared error e = y - target: loss = sum e^2, jvp_k = sum e dy_k. Of a product, with A_0 the
branch's outputs and A_n those of trunk n = 1 ... d, in the format factor:

    Q_0 = A_0        Q_n = Q_(n-1) A_n        y = sum over i of Q_(d-1) A_d
    G_(d-1) = mean over axis d of e A_d       G_(n-1) = mean over axis n of G_n A_n       E_0 = G_0
    E_d = mean over axes 0 ... d-1 of e Q_(d-1)    E_n = mean over axes 0 ... n-1 of G_n Q_(n-1)
"""

import math
from dataclasses import dataclass

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.once import once
from dualspike.model.sizes.geometry import check_sum, geometry

FACTOR_BITS = 18
"""Bits of a factor that the multipliers of most FPGAs take."""


@dataclass(frozen=True)
class SquaredErrorSizes:
    """Widths of an error, of that times what its loss counts, and of the accumulators.

    ``multiply``: clocks of a product with a tangent, and of a square.
    """

    error_bits: int
    weighted_bits: int
    loss_bits: int
    jvp_bits: int
    multiply: int

    @property
    def error_half(self) -> int:
        """Bits of the lower half of an error that is too wide to be squared at once, or 0."""
        return self.error_bits // 2 if self.error_bits > FACTOR_BITS else 0


@once
def squared_error_sizes(d: Description) -> SquaredErrorSizes:
    """Sizes of the loss of a perceptron; raises BadInput where a sum is wider than 62 bits."""
    f, weight, n_out = d.formats, d.global_weight, d.network.layers[-1]
    target = f.target.bits + f.membrane.fraction - f.target.fraction
    error_bits = max(f.membrane.bits, target) + 1
    if d.online:
        return _step_error_sizes(d)
    grow = math.ceil(math.log2((2 * weight if d.local else 1) * d.batch[0] * n_out))
    weighted_bits = error_bits + (weight - 1).bit_length()
    sizes = SquaredErrorSizes(
        error_bits=error_bits,
        weighted_bits=weighted_bits,
        loss_bits=2 * error_bits + grow,
        jvp_bits=error_bits + f.tangent.bits + grow,
        multiply=d.depth.product(weighted_bits, f.tangent.bits),
    )
    if d.learns:
        check_sum("loss accumulator", sizes.loss_bits, "membrane or target, or the batch")
        narrow = "membrane, target or tangent, or the batch"
        check_sum("jvp accumulators", sizes.jvp_bits + 1, narrow)
    return sizes


def _step_error_sizes(d: Description) -> SquaredErrorSizes:
    """Of the online learner: e in its format, e^2 over a batch, e dy over the outputs."""
    f, n_out = d.formats, d.network.layers[-1]
    outputs = math.ceil(math.log2(n_out))
    grow = math.ceil(math.log2(d.batch[0] * d.parts[0].errors * n_out))
    sizes = SquaredErrorSizes(
        error_bits=f.error.bits,
        weighted_bits=f.error.bits,
        loss_bits=2 * f.error.bits + grow,
        jvp_bits=f.error.bits + f.tangent.bits + outputs,
        multiply=d.depth.multiply,
    )
    check_sum("loss accumulator", sizes.loss_bits, "error, or the batch")
    return sizes


def head_sizes(d: Description) -> "SquaredErrorSizes | ProductSizes":
    """Sizes of the head of either kind."""
    return squared_error_sizes(d) if d.kind == "mlp" else product_sizes(d)


@dataclass(frozen=True)
class Sum:
    """An exact sum: its width in bits, and how far right it is shifted when it is rounded.

    A negative ``shift`` multiplies, exactly; ``bits`` has room for that.
    """

    bits: int
    shift: int


@dataclass(frozen=True)
class ProductSizes:
    """Sums of the product unit, and its folding: ``terms`` of the basis in a clock.

    ``factor``: a part's output on its way into the format factor. ``chain``: one product in Q_n.
    ``output``: y. ``error``: y - target on its way into the format error. ``scaled``: an error
    times the weight of its function. ``carried[n]``: the sum of G_n; ``own[n]``: that of E_n, the
    same as of G_0 for n = 0. ``jvp_align[n]``: left shift of part n's share of an accumulator.
    ``slope``: sum of E dA over the outputs of one row, which only the online learner rounds.
    """

    terms: int
    factor: Sum
    chain: Sum
    output: Sum
    error: Sum
    scaled: Sum
    carried: tuple[Sum, ...]
    own: tuple[Sum, ...]
    jvp_align: tuple[int, ...]
    jvp_bits: int
    slope: Sum
    loss_bits: int


@once
def product_sizes(d: Description) -> ProductSizes:
    """Sizes of the product unit of ``d``; raises BadInput where a sum is wider than 62 bits."""
    f, shifts = d.formats, [(rows - 1).bit_length() for rows in d.batch]
    last = len(shifts) - 1
    basis = math.ceil(math.log2(d.basis))
    ff, fe, fc = f.factor.fraction, f.error.fraction, f.cotangent.fraction
    target = f.target.bits + f.membrane.fraction - f.target.fraction
    carried = [
        _sum(f.error.bits + f.factor.bits + shifts[n], fe + ff + shifts[n] - fc)
        if n == last
        else _sum(f.cotangent.bits + f.factor.bits + shifts[n], ff + shifts[n])
        for n in range(1, last + 1)
    ]
    own = [carried[0]]
    for n in range(1, last + 1):
        mean = sum(shifts[:n])
        if n == last:
            own.append(_sum(f.error.bits + f.factor.bits + mean, fe + ff + mean - fc))
        else:
            own.append(_sum(f.cotangent.bits + f.factor.bits + mean, ff + mean))
    grid = sum(shifts)
    result = ProductSizes(
        terms=_terms(d),
        factor=_sum(f.membrane.bits, f.membrane.fraction - ff),
        chain=_sum(2 * f.factor.bits, ff),
        output=_sum(2 * f.factor.bits + basis, 2 * ff - f.membrane.fraction),
        error=_sum(max(f.membrane.bits, target) + 1, f.membrane.fraction - fe),
        scaled=_sum(f.error.bits + f.scale.bits, f.scale.fraction),
        carried=tuple(carried),
        own=tuple(own),
        jvp_align=tuple(max(shifts) - shift for shift in shifts),
        jvp_bits=f.cotangent.bits
        + f.tangent.bits
        + max(shifts)
        + basis
        + math.ceil(math.log2(len(shifts))),
        slope=_sum(f.cotangent.bits + f.tangent.bits + basis, f.tangent.fraction),
        loss_bits=2 * f.error.bits + grid,
    )
    _check(result, d)
    return result


def _terms(d: Description) -> int:
    """As described, or the fewest that keep up with the branch; the whole basis if none do."""
    if d.hardware.terms is not None:
        return d.hardware.terms
    points, interval = math.prod(d.batch[1:]), geometry(d.parts[0]).interval
    for terms in range(1, d.basis):
        if points * ceil_div(d.basis, terms) <= interval:
            return terms
    return d.basis


def _sum(bits: int, shift: int) -> Sum:
    return Sum(bits + max(0, -shift), shift)


def _check(g: ProductSizes, d: Description) -> None:
    check_sum("sums of the product", g.output.bits + 1, "factor")
    if not d.learns:
        return
    sums = [
        ("error", g.error.bits, "membrane, target or error"),
        ("weighted error", g.scaled.bits, "error or scale"),
        ("loss accumulator", g.loss_bits, "error, or the batch"),
        ("jvp accumulators", g.jvp_bits, "cotangent or tangent, or the batch"),
    ]
    for name, some in (("part", g.own), ("axis", (g.own[0], *g.carried))):
        for n, one in enumerate(some):
            sums.append((f"error sums of {name} {n}", one.bits, "error, factor or cotangent"))
    for name, bits, narrow in sums:
        check_sum(name, bits + 1, narrow)
