"""`Dither`: windows against registers that are stepped one bit at a time."""

import random

from dualspike.golden.integer.lfsr import leap
from dualspike.hw.layer.online.rounding.dither import Dither
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.lfsr import DITHER, SIGNS, WORD
from dualspike.testbench.unit.tb import TB

TOP = "dither"
CASES = [
    {"n_out": 13, "n_in": 13, "pe": 2, "simd": 3, "bits": DITHER},
    {"n_out": 3, "n_in": 4, "pe": 3, "simd": 1, "bits": 9},
    {"n_out": 40, "n_in": 2, "pe": 40, "simd": 2, "bits": 17},
    {"n_out": 4, "n_in": 1, "pe": 1, "simd": 1, "bits": 1},
]


def component(n_out: int, n_in: int, pe: int, simd: int, bits: int) -> Dither:
    """For one layer's folding."""
    del n_out, n_in
    return Dither(pe, simd, bits)


def window(start: int, steps: int, bits: int) -> int:
    """The next output bits of a register some steps on."""
    return leap(SIGNS, start, steps) % (1 << bits)


@TB.test()
async def follows_the_walk(tb: TB) -> None:
    """Changes of several batches, with pauses; columns begin anew with each group.

    So many that every bit of both registers comes to the few bits that are seen.
    """
    rng, given = random.Random(4), tb.case
    pe, simd, bits = given["pe"], given["simd"], given["bits"]
    chunks, groups = ceil_div(given["n_in"], simd), ceil_div(given["n_out"], pe)
    drawn = [[rng.getrandbits(WORD) for _ in range(2)] for _ in range(3)]
    for start in (*drawn, [1 << 31, 0], [0, 1 << 31]):
        for n in range(2):
            await tb.pulse(load=1 << n, word=start[n])
        for change in range(4 + WORD // (bits + groups * chunks)):
            row, column = (leap(SIGNS, one, change * WORD) for one in start)
            for place in range(groups * chunks):
                group, chunk = divmod(place, chunks)
                while rng.random() < 0.4:
                    await tb.cycle()
                tb.set(advance=1, last_chunk=chunk == chunks - 1)
                tb.set(last_row=place == groups * chunks - 1)
                await tb.cycle()
                tb.set(advance=0)
                await tb.settle()
                expected = [window(row, group * pe + p, bits) for p in range(pe)]
                assert tb.get("rows") == expected
                expected = [window(column, 1 + chunk * simd + s, bits) for s in range(simd)]
                assert tb.get("columns") == expected
                assert tb.get("first") == window(column, 0, bits)
                await tb.edge()
