"""The host's side of a weight memory (`hw.weights.HostPort`) and of the sign words."""

from collections.abc import Iterable

from dualspike.testbench.benches.stand import Stand


async def fill(stand: Stand, port: str, values: Iterable[int]) -> None:
    """Write a memory from its first word on, a word in every cycle."""
    await stand.pulse(**{f"{port}_rewind": 1})
    stand.set(**{f"{port}_access": 1, f"{port}_write": 1})
    for value in values:
        await stand.pulse(**{f"{port}_write_data": value})
    stand.set(**{f"{port}_access": 0, f"{port}_write": 0})


async def read_back(stand: Stand, port: str, count: int) -> list[int]:
    """Read a memory from its first word on; each is there 2 cycles later, and stays."""
    await stand.pulse(**{f"{port}_rewind": 1})
    found: list[int] = []
    for n in range(count):
        await stand.pulse(**{f"{port}_access": 1})
        await stand.cycle(1 + n % 3)
        found.append(await stand.see(f"{port}_read_data"))
    return found


async def push_words(stand: Stand, words: Iterable[tuple[int, int]]) -> None:
    """Push drawn words (lane, word) into a layer's signs and go to the start of the pass."""
    for lane, word in words:
        await stand.pulse(load=1 << lane, word=word)
    await stand.pulse(restart=1)
