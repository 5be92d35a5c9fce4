"""The host's side of a weight memory (`hw.layer.memory.words.HostPort`) and of the sign words."""

from collections.abc import Iterable

from dualspike.testbench.unit.tb import TB

READ = 4
"""Cycles from the host's access to what it reads."""


async def fill(tb: TB, port: str, values: Iterable[int]) -> None:
    """Write a memory from its first word on, a word in every cycle; the last is there after it."""
    await tb.pulse(**{f"{port}_rewind": 1})
    tb.set(**{f"{port}_access": 1, f"{port}_write": 1})
    for value in values:
        await tb.pulse(**{f"{port}_write_data": value})
    tb.set(**{f"{port}_access": 0, f"{port}_write": 0})
    await tb.cycle()


async def read_back(tb: TB, port: str, count: int) -> list[int]:
    """Read a memory from its first word on; each is there `READ` cycles later, and stays.

    The first comes again where the host goes back to it before it has come to the end.
    """
    for before in (1, 2 * count // 3, 0):
        await tb.pulse(**{f"{port}_rewind": 1})
        tb.set(**{f"{port}_access": 1 if before else 0})
        await tb.cycle(before)
        tb.set(**{f"{port}_access": 0})
    found: list[int] = []
    for n in range(count):
        await tb.pulse(**{f"{port}_access": 1})
        await tb.cycle(READ - 1 + n % 3)
        found.append(await tb.see(f"{port}_read_data"))
    return found


async def push_words(tb: TB, words: Iterable[tuple[int, int]], port: str = "") -> None:
    """Push drawn words (lane, word) into a layer's signs and go to the start of the pass.

    ``port`` begins the names of the ports.
    """
    for lane, word in words:
        await tb.pulse(**{f"{port}load": 1 << lane, f"{port}word": word})
    await tb.pulse(**{f"{port}restart": 1})
