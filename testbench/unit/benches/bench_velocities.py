"""`Weights` with momentum: velocities that decay and take steps, and words that follow them."""

import random
from fractions import Fraction
from math import floor

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.model.ceil_div import ceil_div
from dualspike.testbench.unit.benches.memories import fill, read_back
from dualspike.testbench.unit.benches.reference import clipped
from dualspike.testbench.unit.tb import TB

FINER = 4

TOP = "weights"
CASES = [
    {"n_out": 5, "n_in": 5, "pe": 2, "simd": 3, "bits": 6, "momentum": 2},
    {"n_out": 3, "n_in": 1, "pe": 2, "simd": 1, "bits": 18, "momentum": 8},
    {"n_out": 1, "n_in": 1, "pe": 1, "simd": 1, "bits": 4, "momentum": 1},
]


def component(n_out: int, n_in: int, pe: int, simd: int, bits: int, momentum: int) -> Weights:
    """The memories of one layer."""
    return Weights(n_out, n_in, pe, simd, Words(bits, momentum=momentum))


class Bench(TB):
    """Memories next to the words and velocities that they should hold, by (i, j)."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        given, self.rng = self.case, random.Random(8)
        self.places = [(i, j) for i in range(given["n_out"]) for j in range(given["n_in"])]
        self.chunks = ceil_div(given["n_in"], given["simd"])
        self.rows = ceil_div(given["n_out"], given["pe"]) * self.chunks
        self.words = {place: self.number(given["bits"]) for place in self.places}
        self.velocities = {place: self.number(given["bits"] + FINER) for place in self.places}

    async def load(self) -> None:
        """Load both kinds of memory."""
        await fill(self, "host", self.words.values())
        await fill(self, "velocities", self.velocities.values())

    def number(self, bits: int) -> int:
        """A random number, often the lowest or the highest."""
        half = 1 << (bits - 1)
        return self.rng.choice([-half, half - 1, *(self.rng.randrange(-half, half) for _ in "abc")])

    async def check(self) -> None:
        """Read everything back."""
        count = len(self.places)
        assert await read_back(self, "host", count) == list(self.words.values())
        assert await read_back(self, "velocities", count) == list(self.velocities.values())

    def move(self, row: int, signs: int, step: int, ends: int) -> tuple[bool, bool]:
        """Move a row; whether a velocity and whether a word clipped."""
        pe, bits, k = self.case["pe"], self.case["bits"], self.case["momentum"]
        over = [False, False]
        for bank in range(pe * self.case["simd"]):
            s, p = divmod(bank, pe)
            place = row // self.chunks * pe + p, row % self.chunks * self.case["simd"] + s
            if place not in self.words:
                continue
            old = self.velocities[place]
            decay = floor(Fraction(old, 2**k) + Fraction(1, 2)) if ends & 1 else 0
            moved = old - decay + (-step if signs >> bank & 1 else step)
            self.velocities[place], clips = clipped(moved, bits + FINER)
            over[0] |= clips
            if ends & 2:
                change = floor(Fraction(self.velocities[place], 2**FINER) + Fraction(1, 2))
                self.words[place], clips = clipped(self.words[place] - change, bits)
                over[1] |= clips
        return over[0], over[1]


@Bench.test()
async def host_reads_what_it_wrote(bench: Bench) -> None:
    """Both kinds, in any order; neither disturbs the other."""
    await bench.check()
    await bench.check()


@Bench.test()
async def words_follow_velocities(bench: Bench) -> None:
    """Sweeps of one lane or several in a batch: first, between, last; steps up to both ends."""
    seen = [set[bool](), set[bool]()]
    for ends in (3, 1, 0, 2, 3, 1, 2, 3) * 4:
        step = bench.number(bench.case["bits"] + FINER)
        banks = bench.case["pe"] * bench.case["simd"]
        signs = [bench.rng.getrandbits(banks) for _ in range(bench.rows)]
        moved = late = False
        for row in range(bench.rows + 3):
            moves = 0 < row <= bench.rows
            bench.set(row=row % bench.rows, enable=row < bench.rows, move=moves, step=step)
            bench.set(ends=ends, signs=signs[row - 1] if moves else 0)
            await bench.settle()
            assert bench.get("saturated") == moved
            moved, late = late, False
            if moves:
                velocity, late = bench.move(row - 1, signs[row - 1], step, ends)
                seen[0].add(velocity)
                seen[1].add(late)
                moved |= velocity
            await bench.edge()
        bench.set(move=0, enable=0)
        await bench.check()
    assert seen == [{False, True}] * 2 or bench.rows == 1
