"""`Rewinder`: words as many steps earlier as a layer's shift is below the largest it reaches."""

import random

from dualspike.golden.integer.lfsr import leap
from dualspike.hw.learn.online.rewinder import Rewinder
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.testbench.unit.tb import TB

TOP = "rewinder"
CASES = [
    {"reaches": [[3, 8], [0, 1], [9, 25]]},
    {"reaches": [[24, 25], [5, 6]]},
]


def component(reaches: list[list[int]]) -> Rewinder:
    """For layers with these right shifts, from the first up to before the last."""
    return Rewinder([range(*reach) for reach in reaches])


@TB.test()
async def goes_back(tb: TB) -> None:
    """Layer by layer, rows and columns, with shifts within and out of reach; nothing else too."""
    rng = random.Random(6)
    reaches = [range(*reach) for reach in tb.case["reaches"]]
    for turn in range(300):
        shifts = [rng.randrange(26) for _ in reaches]
        layer, which = rng.randrange(len(reaches)), rng.randrange(1, 3)
        word = rng.getrandbits(WORD) if turn else 0
        load = [which if n == layer else 0 for n in range(len(reaches))]
        tb.set(given=word, load=load, shifts=shifts)
        await tb.cycle()
        await tb.settle()
        reach = reaches[layer]
        steps = reach[-1] - min(max(shifts[layer], reach[0]), reach[-1])
        assert leap(SIGNS, tb.get("word"), steps) == word
        assert tb.get("loads") == load
        await tb.edge()
