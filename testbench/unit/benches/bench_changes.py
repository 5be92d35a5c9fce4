"""`Changes`: products of signals and traces become changes, whatever the shift."""

import random

from amaranth.hdl import signed

from dualspike.hw.layer.online.changes import ROUNDED, SHIFT, Changes
from dualspike.hw.layer.online.weights import SPARE
from dualspike.model.interface.lfsr import DITHER
from dualspike.testbench.unit.benches.reference import clipped
from dualspike.testbench.unit.tb import TB

TOP = "changes_of_weights"
CASES = [
    {"product": 26, "pe": 2, "simd": 3, "bits": 9},
    {"product": 18, "pe": 3, "simd": 1, "bits": 12},
    {"product": 30, "pe": 1, "simd": 1, "bits": 4},
]


def component(product: int, pe: int, simd: int, bits: int) -> Changes:
    """For signed products of so many bits."""
    return Changes(signed(product), pe, simd, bits)


@TB.test()
async def rounds_at_random(tb: TB) -> None:
    """floor((d a + u) / 2^s) of products from small to the ends, clipped, 3 cycles later."""
    rng, given = random.Random(3), tb.case
    pe, simd, bits = given["pe"], given["simd"], given["bits"] + SPARE
    half = 1 << (given["product"] - 1)
    met = set[bool]()
    for shift in SHIFT:
        tb.set(shift=shift)
        await tb.cycle(2)
        due: list[list[int]] = []
        for _ in range(40):
            picks = [[-half, half - 1], range(-4, 5), range(-half, half)]
            products = [rng.choice(rng.choice(picks)) for _ in range(pe * simd)]
            rows = [rng.getrandbits(DITHER) for _ in range(pe)]
            columns = [rng.getrandbits(DITHER) for _ in range(simd)]
            tb.set(products=products, rows=rows, columns=columns)
            changes: list[int] = []
            for bank, product in enumerate(products):
                s, p = divmod(bank, pe)
                dither = (rows[p] ^ columns[s]) % (1 << shift)
                change, clips = clipped((product + dither) // (1 << shift), bits)
                changes.append(change)
                met.add(clips)
            due.append(changes)
            await tb.settle()
            if len(due) > ROUNDED:
                assert tb.get("changes") == due[-1 - ROUNDED]
            await tb.edge()
    assert True in met
    assert False in met
