"""`Weights`: the host's order, rows as the walk reads them, and moves that clip."""

import random

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.model.ceil_div import ceil_div
from dualspike.testbench.unit.benches.memories import fill, read_back
from dualspike.testbench.unit.benches.reference import Rows, clipped, flat
from dualspike.testbench.unit.tb import TB

TOP = "weights"
CASES = [
    {"n_out": 1, "n_in": 1, "pe": 1, "simd": 1, "bits": 2},
    {"n_out": 4, "n_in": 6, "pe": 4, "simd": 1, "bits": 4},
    {"n_out": 4, "n_in": 6, "pe": 2, "simd": 3, "bits": 5},
    {"n_out": 5, "n_in": 5, "pe": 3, "simd": 3, "bits": 3},
    {"n_out": 5, "n_in": 4, "pe": 4, "simd": 2, "bits": 8},
    {"n_out": 5, "n_in": 4, "pe": 4, "simd": 2, "bits": 8, "spread": True},
    {"n_out": 3, "n_in": 1, "pe": 2, "simd": 1, "bits": 18},
]


def component(
    n_out: int, n_in: int, pe: int, simd: int, bits: int, *, spread: bool = False
) -> Weights:
    """The memories of one layer."""
    return Weights(n_out, n_in, pe, simd, Words(bits, spread=spread))


class Bench(TB):
    """Memories next to the matrix they should hold."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.rng, given = random.Random(6), self.case
        self.n_out, self.n_in = given["n_out"], given["n_in"]
        self.pe, self.simd, self.width = given["pe"], given["simd"], given["bits"]
        self.chunks = ceil_div(self.n_in, self.simd)
        self.n_rows = ceil_div(self.n_out, self.pe) * self.chunks
        self.half = 1 << (self.width - 1)
        self.matrix: Rows = [[0] * self.n_in for _ in range(self.n_out)]

    def number(self) -> int:
        """A random weight, often the lowest or the highest."""
        edge = self.rng.choice([-self.half, self.half - 1])
        return self.rng.choice([edge, self.rng.randint(-self.half, self.half - 1)])

    async def load(self) -> None:
        """Write a random matrix, a word in every cycle."""
        self.matrix = [[self.number() for _ in range(self.n_in)] for _ in range(self.n_out)]
        await fill(self, "host", flat(self.matrix))

    async def dump(self) -> Rows:
        """Read all of the matrix."""
        found = await read_back(self, "host", self.n_out * self.n_in)
        return [found[i * self.n_in : (i + 1) * self.n_in] for i in range(self.n_out)]

    def place(self, row: int, bank: int) -> tuple[int, int] | None:
        """The matrix element of a bank's word, or None for padding."""
        s, p = divmod(bank, self.pe)
        group, chunk = divmod(row, self.chunks)
        i, j = group * self.pe + p, chunk * self.simd + s
        return (i, j) if i < self.n_out and j < self.n_in else None

    def expected(self, row: int) -> list[int]:
        """What the banks hold in a row; padding holds 0."""
        places = [self.place(row, bank) for bank in range(self.pe * self.simd)]
        return [self.matrix[place[0]][place[1]] if place else 0 for place in places]

    def move(self, row: int, signs: int, step: int) -> bool:
        """Move a row of the matrix; whether anything clipped."""
        over = False
        for bank in range(self.pe * self.simd):
            place = self.place(row, bank)
            if place:
                i, j = place
                sign = -1 if signs >> bank & 1 else 1
                self.matrix[i][j], clips = clipped(self.matrix[i][j] - sign * step, self.width)
                over |= clips
        return over


@Bench.test()
async def host_reads_what_it_wrote(bench: Bench) -> None:
    """Row by row of the matrix; a write without access changes nothing."""
    assert await bench.dump() == bench.matrix
    await bench.pulse(host_rewind=1)
    for row in bench.matrix:
        for j in range(bench.n_in):
            row[j] = bench.number()
            await bench.pulse(host_write=1, host_write_data=bench.number())
            await bench.pulse(host_access=1, host_write=1, host_write_data=row[j])
    assert await bench.dump() == bench.matrix
    assert await bench.dump() == bench.matrix


@Bench.test()
async def rows_hold_groups_and_chunks(bench: Bench) -> None:
    """Rows in any order, one in each cycle, each a cycle later."""
    row = 0
    bench.set(row=row)
    await bench.cycle()
    for _ in range(80):
        before, row = row, bench.rng.randrange(bench.n_rows)
        bench.set(row=row, enable=bench.rng.randrange(2))
        assert await bench.see("words") == bench.expected(before)


@Bench.test()
async def moves_clip(bench: Bench) -> None:
    """Passes of moves, a row a cycle, with steps up to both ends; padding stays 0."""
    clips, over = [0, 0], [False, False]
    banks = bench.pe * bench.simd
    for _ in range(30):
        step = bench.number()
        signs = [bench.rng.getrandbits(banks) for _ in range(bench.n_rows)]
        before = [bench.expected(row) for row in range(bench.n_rows)]
        for row in range(bench.n_rows + 3):
            moves = 0 < row <= bench.n_rows
            bench.set(row=row % bench.n_rows, enable=row < bench.n_rows, move=moves, step=step)
            if moves:
                bench.set(signs=signs[row - 1])
            await bench.settle()
            assert bench.get("saturated") == over.pop(0), "told 2 cycles after the move"
            over.append(False)
            if moves:
                assert bench.get("words") == before[row - 1]
                over[-1] = bench.move(row - 1, signs[row - 1], step)
                clips[over[-1]] += 1
            await bench.edge()
        bench.set(move=0, enable=0)
    assert await bench.dump() == bench.matrix
    for row in range(bench.n_rows):
        await bench.pulse(row=row, enable=1)
        assert await bench.see("words") == bench.expected(row)
        assert await bench.see("saturated") == 0
    assert min(clips) > 0, "the steps never, or always, clip"
