"""`Signs`: every weight has golden's sign, whatever the folding."""

import random
from itertools import product

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.lfsr import bits
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.hw.layer.macs.signs import Signs
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.lfsr import SIGNS
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer
from dualspike.testbench.unit.benches.memories import push_words
from dualspike.testbench.unit.benches.reference import drawn, drawn_words
from dualspike.testbench.unit.tb import TB


def _described(
    n_in: int, n_out: int, pe: int, simd: int, structure: str, lanes: int
) -> tuple[Description, Layer]:
    """A network whose readout is the layer in question."""
    tables = {
        "network": {"layers": [2, n_in, n_out]},
        "learning": {"structure": structure, "scope": "global", "directions": lanes},
        "hardware": {"pe": [n_in, pe], "simd": [1, simd]},
    }
    d = describe(tables, "signs")
    return d, geometry(d.parts[0]).layers[1]


TOP = "signs"
CASES = [
    {"n_in": 5, "n_out": 6, "pe": 6, "simd": 1, "structure": "independent", "lanes": 2},
    {"n_in": 5, "n_out": 6, "pe": 4, "simd": 2, "structure": "independent", "lanes": 3},
    {"n_in": 6, "n_out": 5, "pe": 2, "simd": 3, "structure": "independent", "lanes": 1},
    {"n_in": 3, "n_out": 40, "pe": 16, "simd": 2, "structure": "independent", "lanes": 2},
    {"n_in": 4, "n_out": 3, "pe": 1, "simd": 3, "structure": "independent", "lanes": 4},
    {"n_in": 1, "n_out": 1, "pe": 1, "simd": 1, "structure": "factored", "lanes": 1},
    {"n_in": 5, "n_out": 6, "pe": 4, "simd": 2, "structure": "factored", "lanes": 3},
    {"n_in": 6, "n_out": 5, "pe": 2, "simd": 3, "structure": "factored", "lanes": 4},
    {"n_in": 37, "n_out": 40, "pe": 16, "simd": 8, "structure": "factored", "lanes": 1},
]

SEEDS = 12
"""Batches after the first."""
STEPS = 100
"""Chunks of a walk that has no end."""


def component(n_in: int, n_out: int, pe: int, simd: int, structure: str, lanes: int) -> Signs:
    """The signs of one layer."""
    return Signs(_described(n_in, n_out, pe, simd, structure, lanes)[1], lanes, structure)


class Bench(TB):
    """Signs loaded with the words of the first batch, and where the pass stands."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.d, self.layer = _described(**self.case)
        self.signs: Perturbation = drawn(self.d)
        self.shared = self.d.learning.structure == "factored"

    async def load(self) -> None:
        """Push the words in, restart."""
        await push_words(self, drawn_words(self.d, self.layer))

    async def redraw(self, seed: int) -> None:
        """The words and signs of another batch."""
        learning = self.d.learning.model_copy(update={"seed": seed})
        self.d = self.d.model_copy(update={"learning": learning})
        self.signs = drawn(self.d)
        await self.load()

    async def visit(self, group: int, chunk: int, advance: int = 1) -> None:
        """Check all signs of one position, then advance or stay."""
        layer = self.layer
        last_chunk = chunk == layer.chunks - 1
        self.set(
            advance=-advance & (1 << self.shape("advance")) - 1,
            chunk=chunk,
            group=group,
            last_chunk=last_chunk,
            last_row=last_chunk and group == layer.groups - 1,
        )
        await self.settle()
        for lane, found in enumerate(self.get("weights")):
            for p in range(layer.pe):
                for s in range(layer.simd):
                    i, j = group * layer.pe + p, chunk * layer.simd + s
                    if i < layer.n_out and j < layer.n_in:
                        bit = found >> (s * layer.pe + p) & 1
                        expected = self.signs.weights[layer.index][lane, i, j]
                        assert 1 - 2 * bit == expected, f"lane {lane}, weight ({i}, {j})"
        self.rows(chunk)
        await self.edge()

    def rows(self, chunk: int) -> None:
        """Row and column signs make up the weights' and the biases'."""
        layer = self.layer
        rows, columns, first = self.get("rows"), self.get("columns"), self.get("first")
        for lane in range(self.d.lanes):
            c0 = first >> lane & 1
            for i in range(layer.n_out):
                r = rows[lane] >> i & 1
                assert 1 - 2 * (r ^ c0) == self.signs.biases[layer.index][lane, i]
                for s in range(min(layer.simd, layer.n_in - chunk * layer.simd)):
                    if self.shared:
                        weight = 1 - 2 * (r ^ (columns[lane] >> s & 1))
                        j = chunk * layer.simd + s
                        assert weight == self.signs.weights[layer.index][lane, i, j]
        if not self.shared:
            assert first == 0 and not any(columns)


@Bench.test()
async def follow_the_walk(bench: Bench) -> None:
    """Three passes without a restart, with pauses in the second; then passes of other batches.

    So many that every bit of a register comes to the few that are seen.
    """
    rng = random.Random(4)
    for turn in range(3 + SEEDS):
        if turn >= 3:
            bench.set(advance=0)
            await bench.redraw(rng.randrange(1, 2**32))
        for group in range(bench.layer.groups):
            for chunk in range(bench.layer.chunks):
                while turn == 1 and rng.random() < 0.4:
                    await bench.visit(group, chunk, advance=0)
                await bench.visit(group, chunk)


@Bench.test()
async def restart_anywhere(bench: Bench) -> None:
    """``restart`` goes back to the start of the pass from every position."""
    positions = [
        (group, chunk) for group in range(bench.layer.groups) for chunk in range(bench.layer.chunks)
    ]
    for length in range(len(positions) + 1):
        for group, chunk in positions[:length]:
            await bench.visit(group, chunk)
        bench.set(advance=0)
        await bench.pulse(restart=1)
        await bench.visit(0, 0, advance=0)


@Bench.test()
async def go_on_without_end(bench: Bench) -> None:
    """More chunks and groups than the layer has, so that every bit of a register is seen."""
    if bench.shared:
        return
    layer, rng = bench.layer, random.Random(5)
    starts = dict(drawn_words(bench.d, layer))  # the last word of a lane
    stream = bits(SIGNS, list(starts.values()), (STEPS + 2) * layer.simd * layer.n_out + layer.pe)
    everyone = (1 << bench.shape("advance")) - 1
    begin = place = 0
    for _ in range(STEPS):
        last_chunk = rng.random() < 0.5
        bench.set(advance=everyone, last_chunk=last_chunk)
        await bench.settle()
        expected = [
            sum(
                int(one[place + s * layer.n_out + p]) << (s * layer.pe + p)
                for s, p in product(range(layer.simd), range(layer.pe))
            )
            for one in stream
        ]
        assert bench.get("weights") == expected
        await bench.edge()
        begin += layer.pe * last_chunk
        place = begin if last_chunk else place + layer.simd * layer.n_out
