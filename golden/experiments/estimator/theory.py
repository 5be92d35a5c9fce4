"""What forward gradients should do: variance, kurtosis and cosine, exactly, from the gradient.

A slope is s = <grad, v> and its estimate s v. Every layer l of N_l parameters has its directions
for itself, its gradient being the matrix G_l [n_out, 1 + n_in] with the biases in column 0. With
E[v v^T] = I alone the estimate is unbiased, and

    E|s v|^2 = M_l |G_l|^2 for layer l by itself,    M_l = E[s^2 |v|^2] / |G_l|^2

    signs, independent or factored      |v|^2 = N_l always     M = N_l
    normal, independent                 E[v_i^4] = 3           M = N_l + 2
    normal, factored, v = r c^T         twice the above        M = (n_out + 2) (n_in + 1 + 2)

Layers are independent of each other, so for the mean of K directions, relative to |grad|^2,

    layer-wise    E|g - grad|^2 = sum over l of (M_l - 1) |G_l|^2 / K
    global        E|g - grad|^2 = sum over l of (M_l + N - N_l - 1) |G_l|^2 / K

For global signs that is (N - 1) / K, for global independent normals (N + 1) / K: N / K is close to
both. Fourth moments differ between all four, see `fourth_moment`. The bits of a shift register are
signs with E[v v^T] = I; no further moment is assumed of them, they are predicted like signs.

Of the estimators that are compared at equal cost, layer by layer with signs, K directions:

    antithetic       (N_l - 1) |G_l|^2 / (K / 2)                   v and -v estimate the same
    orthogonal       (N_l - 1) |G_l|^2 / K * left(K)               see `left`
    fresh signs      (N_l - 1) sum over rows b of |G_lb|^2 / K     G_l = sum over b of G_lb
    control          (N_l - 1) |G_l - E c_l|^2 / K + ...           see `controlled`
    neurons          see `golden.float.estimators.neuron_gradient`, and `neurons`
"""

import math
from collections.abc import Sequence

import numpy as np

from dualspike.golden.experiments.estimator.further import block_of
from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.layout import Layout
from dualspike.golden.numeric import Floats


def blocks(layout: Layout, g: Floats) -> list[Floats]:
    """G of every layer, [n_out, 1 + n_in], of a gradient [N]."""
    return [np.hstack([b[:, None], w]) for w, b in (slot.split(g) for slot in layout.layers)]


def length(shape: tuple[int, int], distribution: Distribution, structure: Structure) -> int:
    """M for a layer [n_out, 1 + n_in]."""
    rows, columns = shape
    if distribution != "gaussian":
        return rows * columns
    if structure == "independent":
        return rows * columns + 2
    return (rows + 2) * (columns + 2)


def variance(
    gradient: Sequence[Floats],
    scope: Scope,
    distribution: Distribution,
    structure: Structure,
    directions: int = 1,
) -> float:
    """E|g - grad|^2 / |grad|^2 of a gradient in blocks, not all 0, for K ``directions``."""
    squares = [float(np.square(block).sum()) for block in gradient]
    size = sum(block.size for block in gradient)
    total = 0.0
    for block, square in zip(gradient, squares, strict=True):
        rows, columns = block.shape
        others = size - block.size if scope == "global" else 0
        total += (length((rows, columns), distribution, structure) + others - 1) * square
    return total / sum(squares) / directions


def left(directions: int, width: int) -> float:
    """Share of the variance that K orthogonal directions have of K independent ones.

    1 - (K - 1) / (m - 1) for K <= m, m the power of two from ``width`` on: two different rows of
    the Hadamard matrix have E[v_i v_j v'_i v'_j] = -1 / (m - 1). Further rows are further blocks.
    """
    order = block_of(width)
    whole, rest = divmod(directions, order)
    pairs = whole * order * (order - 1) + rest * (rest - 1)
    return 1 - pairs / (directions * (order - 1)) if order > 1 else 1.0


def controlled(
    gradient: Sequence[Floats], before: Sequence[Floats], directions: int, *, exact: bool
) -> tuple[float, list[float]]:
    """E|g - grad|^2 / |grad|^2 with a control variate, and the best share of it in every layer.

    The control is a c, with E c = C the other batch's gradient and E|c|^2 = |C|^2 (1 + e); e is 0
    where it is ``exact``, else (N_l - 1) / K. Best is a = <G, C> / ((1 + e) |C|^2), which leaves
    (1 - cos^2(G, C) / (1 + e)) of the layer's (N_l - 1) |G|^2 / K.
    """
    total, shares = 0.0, list[float]()
    for block, c in zip(gradient, before, strict=True):
        noise = 0.0 if exact else (block.size - 1) / directions
        inner, square = float(np.vdot(block, c)), float(np.vdot(c, c)) * (1 + noise)
        shares.append(inner / square if square else 0.0)
        total += (block.size - 1) * (float(np.vdot(block, block)) - shares[-1] * inner)
    return total / directions / sum(float(np.vdot(block, block)) for block in gradient), shares


def neurons(q: Floats, sent: Floats, directions: int, *, orthogonal: bool = False) -> float:
    """E|g - E g|^2 of a hidden layer with signs along neurons, q [B, n] and s [B, n_in].

    (n - 1) / K sum over b of |q|^2 (1 + |s|^2), for orthogonal ones less what two directions p and
    p' of a block, of the same or of different rows, share: (n - 1) / (m - 1) / K^2 of
    <q, q'> (1 + <s, s'>).
    """
    rows, n = q.shape
    terms = np.column_stack([np.ones(rows), sent])
    own = np.square(q).sum(axis=1) * np.square(terms).sum(axis=1)
    total = directions * float(own.sum())
    order = block_of(n)
    if orthogonal and order > 1:
        for first in range(0, rows * directions, order):
            some = np.arange(first, min(first + order, rows * directions)) // directions
            whole = float(np.square(q[some].T @ terms[some]).sum())
            total -= (whole - float(own[some].sum())) / (order - 1)
    return (n - 1) * total / directions**2


def fourth_moment(block: Floats, distribution: Distribution, structure: Structure) -> float:
    """E[s^4] of one layer, with R_i and C_j the sums of the squares of G's row i and column j.

    - signs, independent: 3 |G|^4 - 2 sum G^4
    - normal, independent: 3 |G|^4
    - normal, factored: 3 |G|^4 + 6 |G G^T|^2
    - signs, factored: 3 |G|^4 + 6 |G G^T|^2 - 6 sum R_i^2 - 6 sum C_j^2 + 4 sum G^4
    """
    squares = np.square(block)
    plain = 3 * float(squares.sum()) ** 2
    fourths = float(np.square(squares).sum())
    if structure == "independent":
        return plain if distribution == "gaussian" else plain - 2 * fourths
    twice = plain + 6 * float(np.square(block @ block.T).sum())
    if distribution == "gaussian":
        return twice
    sums = (squares.sum(axis=axis) for axis in (0, 1))
    return twice - 6 * sum(float(np.square(s).sum()) for s in sums) + 4 * fourths


def kurtosis(gradient: Sequence[Floats], distribution: Distribution, structure: Structure) -> float:
    """E[s^4] / E[s^2]^2 of the slope over all blocks together: 3 for a normal slope."""
    squares = [float(np.square(block).sum()) for block in gradient]
    excess = sum(
        fourth_moment(block, distribution, structure) - 3 * square**2
        for block, square in zip(gradient, squares, strict=True)
    )
    return 3 + excess / sum(squares) ** 2


def cosine(relative_variance: float) -> float:
    """Root mean square of the cosine between g and grad, with a ratio of means for the mean.

    E<g, grad> / sqrt(|grad|^2 E|g|^2) = 1 / sqrt(1 + variance), for global signs
    sqrt(K / (N + K - 1)). Exact for one global direction of signs, see also `normal_cosine`.
    """
    return 1 / math.sqrt(1 + relative_variance)


def normal_cosine(size: int, directions: int) -> float:
    """The same for K global independent normal directions, exactly: sqrt(K / (N + K - 1)).

    cos^2 has the distribution Beta(K / 2, (N - 1) / 2), for whatever gradient.
    """
    return math.sqrt(directions / (size + directions - 1))
