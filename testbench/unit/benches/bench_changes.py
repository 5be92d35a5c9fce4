"""`Changes`: products of signals and traces become changes, the dither's carry in a last bit."""

import random

from amaranth.hdl import signed

from dualspike.hw.layer.online.changes import Changes
from dualspike.testbench.unit.tb import TB

TOP = "changes_of_weights"
CASES = [
    {"product": 26, "pe": 2, "simd": 3, "top": 24},
    {"product": 18, "pe": 3, "simd": 1, "top": 7},
    {"product": 9, "pe": 1, "simd": 2, "top": 12},
    {"product": 7, "pe": 1, "simd": 1, "top": 0},
]


def component(product: int, pe: int, simd: int, top: int) -> Changes:
    """For signed products of so many bits."""
    return Changes(signed(product), pe, simd, top)


@TB.test()
async def rounds_at_random(tb: TB) -> None:
    """floor((product + u) / 2^top) of products from small to the ends, a cycle later."""
    rng, given = random.Random(3), tb.case
    pe, simd, top = given["pe"], given["simd"], given["top"]
    half = 1 << (given["product"] - 1)
    due: list[int] = []
    met = set[int]()
    for _ in range(1000):
        picks = [[-half, half - 1], range(-4, 5), range(-half, half)]
        products = [rng.choice(rng.choice(picks)) for _ in range(pe * simd)]
        rows = [rng.getrandbits(top) for _ in range(pe)]
        columns = [rng.getrandbits(top) for _ in range(simd)]
        tb.set(products=products, **({"rows": rows, "columns": columns} if top else {}))
        await tb.settle()
        assert not due or [-(-n // 2) for n in tb.get("changes")] == due
        due = []
        for bank, product in enumerate(products):
            s, p = divmod(bank, pe)
            due.append(product + (rows[p] ^ columns[s]) >> top)
            met.add(due[-1] - (product >> top))
        await tb.edge()
    assert met == ({0, 1} if top else {0})
