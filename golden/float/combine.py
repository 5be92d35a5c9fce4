"""How the outputs of an operator's parts make up y, and the loss of y with its derivatives.

With one part y is its output, otherwise y[f, x, ...] = sum over i of A0[f, i] A1[x, i] ... for
the parts' outputs A_n [B_n, p].
"""

import numpy as np

from dualspike.golden.numeric import Floats

# Entries of y that are looked at together, about: they stay in the cache.
ENTRIES = 1 << 16


def row_products(factors: list[Floats]) -> Floats:
    """Row-wise products, [B_0 B_1 ..., p]: the Khatri-Rao product of factors [B_n, p]."""
    result = factors[0]
    for factor in factors[1:]:
        result = (result[:, None] * factor).reshape(-1, result.shape[-1])
    return result


def shape_of(outputs: list[Floats]) -> tuple[int, ...]:
    """Shape of y."""
    return outputs[0].shape if len(outputs) == 1 else tuple(len(output) for output in outputs)


def combine(outputs: list[Floats]) -> Floats:
    """y [B, n_out] for one part, [B_0, B_1, ...] for several."""
    if len(outputs) == 1:
        return outputs[0]
    return (row_products(outputs[:-1]) @ outputs[-1].T).reshape(shape_of(outputs))


def loss_and_cotangents(
    outputs: list[Floats], target: Floats, floor: float | None = None
) -> tuple[float, list[Floats]]:
    """(L, dL/dA_n of every part) for a target of y's shape.

    L = 1/2 mean over the batch of sum over outputs of (y - target)^2 for one part, and 1/2 mean
    over all entries for several. With a ``floor`` above 0, function f (the first axis) counts
    m / (m_f + floor m), where m_f is its target's mean square and m the mean of these: large and
    small functions then count alike, as in a mean of relative errors, down to the floor.
    """
    scale = 1 / (len(target) if len(outputs) == 1 else target.size)
    weights = function_weights(target, floor)
    if len(outputs) == 1:
        error = outputs[0] - target
        cotangents: list[Floats] = [error if weights is None else error * weights[:, None]]
        loss = float(np.vdot(error, cotangents[0]))
    else:
        loss, cotangents = 0.0, [np.zeros_like(output) for output in outputs]
        functions = max(ENTRIES * len(target) // target.size, 1)
        for first in range(0, len(target), functions):
            some = slice(first, first + functions)
            factors = [outputs[0][some], *outputs[1:]]
            rows = row_products(factors[:-1])
            error = weighted = rows @ factors[-1].T
            error -= target[some].reshape(error.shape)
            if weights is not None:
                spread = np.repeat(weights[some], len(rows) // len(factors[0]))
                weighted = error * spread[:, None]
            loss += float(np.vdot(error, weighted))
            parts = [cotangents[0][some], *cotangents[1:]]
            for part, more in zip(parts, _pull(weighted, rows, factors), strict=True):
                part += more
    for cotangent in cotangents:
        cotangent *= scale
    return 0.5 * scale * loss, cotangents


def function_weights(target: Floats, floor: float | None) -> Floats | None:
    """Weight of every function in the loss, see `loss_and_cotangents`; None where all are 1."""
    if floor is None:
        return None
    squares = np.square(target).reshape(len(target), -1).mean(axis=1)
    return squares.mean() / (squares + floor * squares.mean())


def _pull(error: Floats, rows: Floats, factors: list[Floats]) -> list[Floats]:
    """<error, dy/dA_n> [B_n, p] for an error [rows, B_last], ``rows`` being those of y.

    The last axis is contracted first and once for all other parts, which leaves one matrix
    product as large as that of y, and one more for the last part.
    """
    shape = [len(factor) for factor in factors[:-1]]
    rest = (error @ factors[-1]).reshape(*shape, -1)
    pulled: list[Floats] = []
    for part in range(len(shape)):
        others = rest
        for axis in range(len(shape) - 1, -1, -1):
            if axis != part:
                factor = factors[axis]
                spread = factor.reshape(len(factor), *[1] * (others.ndim - axis - 2), -1)
                others = (others * spread).sum(axis=axis)
        pulled.append(others)
    return [*pulled, error.T @ rows]
