"""`ChangingWeights`: the host's order, and rows that change while they are read."""

import random

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.online.weights import AGAIN, CHANGED, USED, ChangingWeights
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.ecc import Protection
from dualspike.testbench.unit.benches.memories import READ, fill, read_back
from dualspike.testbench.unit.benches.reference import Rows, clipped, flat
from dualspike.testbench.unit.tb import TB

MORE = 3
"""Bits of a change beyond those of a word; the last is for halves."""
TOP = "changing_weights"
CASES = [
    {"n_out": 1, "n_in": 1, "pe": 1, "simd": 1, "bits": 2, "protection": "none"},
    {"n_out": 5, "n_in": 7, "pe": 2, "simd": 3, "bits": 4, "protection": "none"},
    {"n_out": 4, "n_in": 6, "pe": 4, "simd": 1, "bits": 9, "protection": "ecc"},
]


def component(
    n_out: int, n_in: int, pe: int, simd: int, bits: int, protection: Protection
) -> ChangingWeights:
    """The memories of one layer."""
    words = Words(bits, protection=protection)
    return ChangingWeights(n_out, n_in, pe, simd, words, bits + MORE)


class Bench(TB):
    """Memories next to the matrix they should hold."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.rng, given = random.Random(8), self.case
        self.n_out, self.n_in = given["n_out"], given["n_in"]
        self.pe, self.simd, self.width = given["pe"], given["simd"], given["bits"]
        self.chunks = ceil_div(self.n_in, self.simd)
        self.n_rows = ceil_div(self.n_out, self.pe) * self.chunks
        self.matrix: Rows = [[0] * self.n_in for _ in range(self.n_out)]

    async def load(self) -> None:
        """Write a random matrix."""
        half = 1 << (self.width - 1)
        for row in self.matrix:
            row[:] = [self.rng.randint(-half, half - 1) for _ in row]
        await fill(self, "host", flat(self.matrix))

    def place(self, row: int, bank: int) -> tuple[int, int] | None:
        """The matrix element of a bank's word, or None for padding."""
        s, p = divmod(bank, self.pe)
        group, chunk = divmod(row, self.chunks)
        i, j = group * self.pe + p, chunk * self.simd + s
        return (i, j) if i < self.n_out and j < self.n_in else None

    def changed(self, row: int, changes: list[int], *, move: int) -> tuple[list[int | None], bool]:
        """The words of a row once changed, None for padding; they stay so with ``move``."""
        words: list[int | None] = []
        over = False
        for bank, change in enumerate(changes):
            place = self.place(row, bank)
            if not place:
                words.append(None)
                continue
            i, j = place
            word, clips = clipped(self.matrix[i][j] - (change + 1) // 2, self.width)
            words.append(word)
            over |= clips
            if move:
                self.matrix[i][j] = word
        return words, bool(over and move)


@Bench.test(often=[1.0, 0.4])
async def rows_change_as_they_are_read(bench: Bench, often: float) -> None:
    """Rows in any order and with any pauses, but each once in so many cycles; ends and all."""
    high = 1 << (bench.width + MORE - 1)
    given: dict[int, tuple[int, list[int], int]] = {}
    last = [-AGAIN] * bench.n_rows
    due: dict[int, tuple[list[int | None], bool]] = {}
    met, start = set[bool](), bench.now
    for n in range(600):
        free = [row for row in range(bench.n_rows) if n - last[row] >= AGAIN]
        row = bench.rng.choice(free) if free and bench.rng.random() < often else None
        bench.set(row=bench.rng.randrange(bench.n_rows) if row is None else row)
        bench.set(enable=row is not None)
        if row is not None:
            last[row] = n
            ends = [-high, high - 1, 0, 1, -1]
            pick = bench.rng.choice([ends, range(-3, 4), range(-high, high)])
            changes = [bench.rng.choice(pick) for _ in range(bench.pe * bench.simd)]
            given[n + CHANGED] = row, changes, int(bench.rng.random() < 0.8)
        here = given.pop(n, None)
        bench.set(move=here[2] if here else 0)
        if here:
            bench.set(changes=here[1])
            due[n + USED - CHANGED] = bench.changed(here[0], here[1], move=here[2])
        await bench.settle()
        words, over = due.pop(n, ([], False))
        assert bench.get("saturated") == over
        met.add(over)
        found = bench.get("words")
        assert all(a is None or a == b for a, b in zip(words, found, strict=False))
        await bench.edge()
    assert met == {False, True}
    assert bench.now == start + 600
    bench.set(enable=0, move=0)
    await bench.cycle(AGAIN)
    found = await read_back(bench, "host", bench.n_out * bench.n_in)
    assert found == flat(bench.matrix)


@Bench.test()
async def padding_stays_zero(bench: Bench) -> None:
    """Changes of padding go nowhere, so that they never matter to a sum or to its check bits."""
    banks = bench.pe * bench.simd
    for row in range(bench.n_rows):
        bench.set(row=row, enable=1)
        await bench.cycle()
        bench.set(enable=0)
        await bench.cycle(CHANGED - 1)
        bench.set(changes=[-3] * banks, move=1)
        bench.changed(row, [-3] * banks, move=1)
        await bench.cycle()
        bench.set(changes=[0] * banks, move=0)
        await bench.cycle(2)
    for row in range(bench.n_rows):
        bench.set(row=row, enable=1)
        await bench.cycle(USED)
        words = await bench.see("words")
        kept, _ = bench.changed(row, [0] * banks, move=0)
        assert words == [0 if word is None else word for word in kept]


@Bench.test()
async def host_is_answered(bench: Bench) -> None:
    """Four cycles after it asks, and until it asks again."""
    await bench.pulse(host_rewind=1)
    for word in flat(bench.matrix):
        await bench.pulse(host_access=1)
        bench.set(row=bench.rng.randrange(bench.n_rows))
        await bench.cycle(READ - 1)
        for _ in range(3):
            assert await bench.see("host_read_data") == word


@Bench.test()
async def corrects_single_upsets(bench: Bench) -> None:
    """A bit of every word is wrong, whichever it is; rows change as if it were right."""
    if bench.case["protection"] != "ecc":
        return
    upsets, high = bench.pulses("host_upsets"), 1 << (bench.width + MORE - 1)
    for bit in range(bench.shape("host_flips")):
        bench.set(host_flips=1 << bit)
        await bench.load()
        bench.set(host_flips=0)
        upsets.clear()
        for row in range(bench.n_rows):
            await bench.pulse(row=row, enable=1)
            await bench.cycle(CHANGED - 1)
            changes = [bench.rng.randrange(-high, high) for _ in range(bench.pe * bench.simd)]
            bench.set(changes=changes)
            await bench.pulse(move=1)
            words, _ = bench.changed(row, changes, move=1)
            found = await bench.see("words")
            assert all(a is None or a == b for a, b in zip(words, found, strict=True))
        assert len(upsets) >= bench.n_rows
        upsets.clear()
        found = await read_back(bench, "host", bench.n_out * bench.n_in)
        assert found == flat(bench.matrix)
        assert not upsets, "a change has left something wrong"
