"""`ConfusionMatrix`: every answer counted in its place, read in order, cleared whole."""

import random
from collections.abc import Callable

from dualspike.hw.head.confusion_matrix import ConfusionMatrix
from dualspike.model.ceil_div import ceil_div
from dualspike.testbench.unit.tb import TB

TOP = "confusion_matrix"
CASES = [
    {"classes": 1, "bits": 32},
    {"classes": 2, "bits": 4},
    {"classes": 3, "bits": 32},
    {"classes": 10, "bits": 32},
]
ACCESS = 8
"""Cycles of an access of the register bus."""


def component(classes: int, bits: int) -> ConfusionMatrix:
    """One for so many classes."""
    return ConfusionMatrix(classes, bits)


class Bench(TB):
    """A matrix, and what it should hold."""

    async def load(self) -> None:
        """Wait until the reset has cleared it."""
        self.rng = random.Random(3)
        self.classes, self.width = (int(str(self.case[name])) for name in ("classes", "bits"))
        self.counts = [[0] * self.classes for _ in range(self.classes)]
        await self.cleared()

    async def cleared(self) -> None:
        """The cycles that it says it takes."""
        bits = max(1, (self.classes - 1).bit_length())
        for _ in range(self.classes << bits):
            assert await self.see("clearing") == 1
        assert await self.see("clearing") == 0

    async def count(self) -> None:
        """One answer, in a cycle of its own."""
        label, answer = (self.rng.randrange(self.classes) for _ in range(2))
        self.counts[label][answer] += 1
        await self.pulse(counted=1, label=label, answer=answer)

    async def wander(self) -> None:
        """The host reads some words, and leaves off anywhere."""
        for _ in range(self.rng.randrange(self.classes**2)):
            await self.pulse(host_access=1)
            await self.cycle()

    async def read(self, between: Callable[[], bool], *, rewind: bool = True) -> list[list[int]]:
        """All counts over the host's port; answers come ``between`` its accesses."""
        if rewind:
            await self.wander()
            await self.pulse(host_rewind=1)
        words = list[int]()
        for _ in range(self.classes**2):
            for _ in range(ACCESS // 2):
                if between():
                    await self.count()
                else:
                    await self.cycle()
                await self.cycle()
            await self.pulse(host_access=1)
            words.append(await self.see("host_read_data"))
        return [words[n : n + self.classes] for n in range(0, len(words), self.classes)]

    def wrapped(self) -> list[list[int]]:
        """What it should hold, as the port has it."""
        half = 1 << (self.width - 1)
        return [[(n + half) % (2 * half) - half for n in row] for row in self.counts]


@Bench.test()
async def counts_and_clears(bench: Bench) -> None:
    """Answers every second cycle; a clear, or none, before the next."""
    for turn in range(6):
        for _ in range(20 * bench.classes):
            await bench.count()
            await bench.cycle(bench.rng.choice([1, 1, 2, 5]))
        await bench.cycle(3)
        assert await bench.read(lambda: False) == bench.wrapped()
        if turn % 2:
            await bench.wander()
            await bench.pulse(clear=1)
            bench.counts = [[0] * bench.classes for _ in range(bench.classes)]
            await bench.cleared()
            await bench.count()
            await bench.cycle()
            assert await bench.read(lambda: False, rewind=False) == bench.counts


@Bench.test()
async def is_read_while_it_counts(bench: Bench) -> None:
    """Every word is a count of some moment of the reading, and nothing is lost by it."""
    for _ in range(4):
        before = [list(row) for row in bench.counts]
        found = await bench.read(lambda: bench.rng.random() < 0.5)
        for low, now, high in zip(before, found, bench.counts, strict=True):
            triples = zip(low, now, high, strict=True)
            assert all((b - a) % (1 << bench.width) <= c - a for a, b, c in triples)
    await bench.cycle(3)
    assert await bench.read(lambda: False) == bench.wrapped()


@Bench.test()
async def shows_a_count_four_cycles_later(bench: Bench) -> None:
    """To a host that asks as soon as it may."""
    for late in (3, 4):
        before, old = sum(map(sum, bench.counts)), bench.counts[0][0]
        bench.counts[0][0] += 1
        await bench.pulse(counted=1, label=0, answer=0)
        await bench.pulse(host_rewind=1)
        await bench.cycle(late - 2)
        await bench.pulse(host_access=1)
        assert await bench.see("host_read_data") == old + (late == 4)
        assert sum(map(sum, bench.counts)) == before + 1


@Bench.test()
async def begins_anew_where_a_clear_comes_twice(bench: Bench) -> None:
    """And answers that come meanwhile are not counted."""
    await bench.count()
    await bench.cycle()
    await bench.pulse(clear=1)
    await bench.cycle(ceil_div(bench.classes, 2))
    await bench.pulse(clear=1, counted=1)
    await bench.pulse(counted=1, label=bench.classes - 1)
    bits = max(1, (bench.classes - 1).bit_length())
    await bench.cycle((bench.classes << bits) - 1)
    assert await bench.see("clearing") == 0
    assert await bench.read(lambda: False) == [[0] * bench.classes] * bench.classes
