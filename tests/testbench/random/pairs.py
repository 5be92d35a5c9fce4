"""All kinds of draws, and seeds whose descriptions have every pair of choices between them.

``python -m tests.testbench.random.pairs`` finds such seeds anew, for `COVER`.
"""

from collections.abc import Callable
from functools import cache
from pprint import pformat

from dualspike.model.description.description import Description
from tests.testbench.random.asking import Pair, pairs
from tests.testbench.random.axes import choices
from tests.testbench.random.descriptions import random_description
from tests.testbench.random.online_descriptions import (
    random_online,
    random_operators,
    random_samples,
)

Draw = tuple[str, int]
"""A kind of draw, and its seed."""

DRAWS: dict[str, Callable[[int], Description]] = {
    "description": random_description,
    "online": random_online,
    "samples": random_samples,
    "operators": random_operators,
}
COUNTS = {"description": 1200, "online": 300, "samples": 300, "operators": 300}
"""Seeds of each that `COVER` is found among."""

COVER: dict[str, list[int]] = {
    "description": [
        *(3, 16, 17, 19, 35, 41, 53, 55, 92, 120, 146, 163, 171, 186, 298, 305, 318, 364, 368),
        *(412, 429, 465, 531, 535, 587, 619, 655, 675, 701, 739, 884, 886, 905, 934, 1044, 1050),
        *(1072, 1140, 1156, 1172, 1179),
    ],
    "online": [
        *(9, 11, 19, 22, 26, 28, 34, 36, 37, 62, 76, 100, 115, 119, 132, 141, 187, 211, 254, 265),
        287,
    ],
    "samples": [1, 4, 15, 17, 20, 27, 39, 43, 56, 98, 158],
    "operators": [48, 58, 71, 225, 282],
}
"""Seeds that have all pairs between them which may stand together."""


def covering() -> list[Draw]:
    """All of `COVER`."""
    return [(kind, seed) for kind, seeds in COVER.items() for seed in seeds]


@cache
def drawn(draw: Draw) -> Description:
    """What a seed draws."""
    kind, seed = draw
    return DRAWS[kind](seed)


def pairs_of(draw: Draw) -> set[Pair]:
    """The pairs that it has."""
    return pairs(choices(drawn(draw)))


def cover(found: dict[Draw, set[Pair]]) -> dict[str, list[int]]:
    """Of these draws those that have all their pairs, by greedy choice."""
    chosen: dict[str, list[int]] = {kind: [] for kind in DRAWS}
    left = set[Pair]().union(*found.values())
    while left:
        best = max(found, key=lambda draw: len(found[draw] & left))
        chosen[best[0]].append(best[1])
        left -= found[best]
    return {kind: sorted(seeds) for kind, seeds in chosen.items()}


if __name__ == "__main__":
    every = [(kind, seed) for kind, count in COUNTS.items() for seed in range(count)]
    print(pformat(cover({draw: pairs_of(draw) for draw in every}), width=98, compact=True))
