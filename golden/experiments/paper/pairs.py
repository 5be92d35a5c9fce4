"""Two rules compared seed by seed: the mean difference, and how often chance makes it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

MOST = 16
"""Seeds at most: every further one doubles the work."""


@dataclass(frozen=True)
class Pair:
    """The mean of first less second over the ``seeds`` that ended with both, and its p."""

    first: str
    second: str
    mean: float
    p: float
    seeds: int


def paired(
    first: str, errors: Mapping[int, float], second: str, others: Mapping[int, float]
) -> Pair:
    """Of two rules with an error for every seed; seeds that diverged with either do not count."""
    differences = [
        errors[seed] - others[seed]
        for seed in errors
        if seed in others and math.isfinite(errors[seed]) and math.isfinite(others[seed])
    ][:MOST]
    mean = sum(differences) / len(differences) if differences else 0.0
    return Pair(first, second, mean, flipped(differences), len(differences))


def flipped(differences: Sequence[float]) -> float:
    """p of the exact paired test, two-sided: the share of all signs with a mean as far from 0.

    Without a difference between the rules, each seed's would be as likely with the other sign
    (Fisher, The Design of Experiments, 1935, section 21). The least p of n seeds is 2^(1 - n):
    0.0625 for five.
    """
    far = abs(sum(differences)) * (1 - 1e-9)
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(one >= far for one in sums) / len(sums)
