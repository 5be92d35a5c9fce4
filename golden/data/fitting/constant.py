"""Descriptions for labels of constant inputs: images, tables."""

from typing import Any

import numpy as np

from dualspike.golden.data.fitting.learner import Drive, learner
from dualspike.golden.data.fitting.scales import applied, spread, whole, whole_bits
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.numeric import Doubles

FEW, WIDE, MANY = 16, 256, 16
"""A network is narrow up to so many inputs, wide above so many, or with more classes than that."""
HIDDEN = 32, 64, 128
"""Neurons of the hidden layer: of a narrow network, of others, of a wide one."""
STEPS, LEAKS = 32, (3, 2)
"""Steps, and what may suit: a membrane keeps 1 - 2^-k of itself in a step."""
WIDE_STEPS, WIDE_LEAKS = 8, (2,)
"""The same for wide inputs."""
LEAST, MOST, EPOCHS = 60_000, 120_000, 4
"""Presentations: 64 of every sample within these bounds, and this many in any case."""
FRACTION = 8
"""Bits of inputs after the point, at most."""


def of_constants(found: ClassData, *, own: bool) -> list[dict[str, Any]]:
    """Tables of descriptions for samples [N, n] with labels, one for every leak of `LEAKS`.

    Inputs of a file of one's ``own`` are brought to a size that is learned from, see `spread`.
    Their format has as many bits after the point as whole numbers over a power of two want, at most
    `FRACTION`, and holds all samples; where every input has its own scale, twice as far out, too.
    """
    x, test_x = (np.asarray(one.x, np.float64) for one in (found.whole, found.test))
    keys = spread(x) if own else {}
    bits = whole_bits(keys, x, test_x)
    x = applied(x, keys)
    n = int(x.shape[1])
    wide = n > WIDE
    steps: int = WIDE_STEPS if wide else STEPS
    leaks: tuple[int, ...] = WIDE_LEAKS if wide else LEAKS
    hidden = HIDDEN[2 if wide or found.classes > MANY else n > FEW]
    power = float(np.square(x).sum(axis=1).mean()) + 1
    fraction = _fraction(x)
    samples = max(EPOCHS * len(x), min(max(LEAST, 64 * len(x)), MOST))
    found_tables: list[dict[str, Any]] = []
    for leak in leaks:
        drive = Drive(n, steps, leak, 4.0**leak * power)
        tables = learner(drive, hidden, found.classes, samples, fraction)
        tables["formats"]["input"] = f"s{bits}.{fraction}"
        found_tables.append(tables | {"data": keys})
    return found_tables


def _fraction(x: Doubles) -> int:
    """As many bits after the point as hold all inputs, `FRACTION` at most."""
    return next((one for one in range(FRACTION) if whole(x * 2.0**one)), FRACTION)
