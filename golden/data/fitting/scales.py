"""What brings the inputs of a file to where a network learns from them."""

import math
from typing import Any

import numpy as np

from dualspike.golden.numeric import Doubles
from dualspike.model.description.data import MOST

SPREAD = 0.5
"""Standard deviation of inputs of their own sizes, to learn labels from."""
ALIKE = 8
"""Inputs are of like size where half of them get within so many times of the largest."""
FAINT = 1 / 8
"""Inputs whose root mean square is less are brought up."""


def to_ones(x: Doubles, test_x: Doubles) -> dict[str, Any]:
    """Keys offset and scale of ``[data]`` that bring inputs [N, n] to [-1, 1]; none if they are.

    Whole numbers, as pixels and counts are: one power of two for all, and 0 stays 0. Others: from
    every input its mean over the training samples is taken away, and what is left is over the
    largest of it, also of the test samples.
    """
    every = np.concatenate((x, test_x))
    largest = float(np.abs(every).max())
    if largest <= 1:
        return {}
    if whole(every):
        return {"scale": power_below(1 / largest)}
    offset = middle(x)
    return {"offset": offset, "scale": over(np.abs(every - offset).max(axis=0))}


def spread(x: Doubles) -> dict[str, Any]:
    """Keys offset and scale for inputs [N, n] that labels are learned from; none if none is needed.

    Whole numbers of like size (see `ALIKE`), as pixels are: as `to_ones` has it. Others that are
    not within [-1, 1], or are `FAINT` there: from every input its mean is taken away, and what is
    left is brought to a standard deviation of `SPREAD`, so that one far value does not make all
    others small.
    """
    sizes = np.abs(x).max(axis=0)
    largest = float(sizes.max())
    changing = sizes[np.ptp(x, axis=0) > 0]
    if largest > 1 and whole(x) and np.median(changing) * ALIKE >= largest:
        return to_ones(x, x[:0])
    if largest <= 1 and np.square(x).mean() >= FAINT**2:
        return {}
    return standard(x, SPREAD)


def standard(values: Doubles, deviation: float) -> dict[str, Any]:
    """Keys offset and scale that take the mean of values [N, n] away and bring them to that."""
    return {"offset": middle(values), "scale": over(values.std(axis=0) / deviation)}


def middle(x: Doubles) -> list[float]:
    """The mean of every input [..., n], to a hundredth of its standard deviation or finer."""
    axes = tuple(range(x.ndim - 1))
    pairs = zip(x.mean(axes).tolist(), x.std(axes).tolist(), strict=True)
    return [round(m, 2 - math.floor(math.log10(s))) if s > 0 else m for m, s in pairs]


def over(sizes: Doubles) -> list[float]:
    """One over every size, with four digits, as they stand in a file; 1 where it is 0."""
    scale = np.clip(1 / np.where(sizes > 0, sizes, 1), 1 / MOST, MOST)
    return [float(f"{value:.4g}") for value in scale.tolist()]


def whole(x: Doubles) -> bool:
    """Whether there are whole numbers alone."""
    return bool((x == np.rint(x)).all())


def power_below(value: float) -> float:
    """The largest power of two that is not above a value."""
    return 2.0 ** math.floor(math.log2(value))


def whole_bits(keys: dict[str, Any], *parts: Doubles) -> int:
    """Bits before the point, 1 at least, of a format that holds values [..., n] with these keys.

    Where every column has its own scale it holds values twice as far out, too.
    """
    largest = max(float(np.abs(applied(one, keys)).max()) for one in parts)
    return math.floor(math.log2(max(1, largest * (2 if "offset" in keys else 1)))) + 1


def applied(x: Doubles, keys: dict[str, Any]) -> Doubles:
    """Inputs [..., n] with these keys."""
    return (x - np.asarray(keys.get("offset", 0.0))) * np.asarray(keys.get("scale", 1.0))
