"""`RandomWordSource`: `golden.integer.lfsr.RandomWords`, at any pace, from any state."""

import random

from dualspike.golden.integer.lfsr import RandomWords
from dualspike.hw.learn.random_words import RandomWordSource
from dualspike.model.interface.lfsr import seed_state
from dualspike.testbench.unit.benches.plain import Plain
from dualspike.testbench.unit.tb import TB

TOP = "random_words"
CASES = [{"initial": seed_state(1)}]


def component(initial: int) -> Plain:
    """A drawer with a second state, that starts from ``initial``."""
    return Plain(RandomWordSource(initial, twin=True))


@TB.test(stall=[0.0, 0.6])
async def draws_the_golden_words(tb: TB, stall: float) -> None:
    """A word in every cycle in which one is wanted; the state moves on after each."""
    golden = RandomWords(tb.case["initial"])
    assert await tb.see("state") == golden.state
    words, start = tb.sink("words", stall), tb.now
    await tb.taken(words, 200)
    words.open = False
    assert words.taken == golden.words(200)
    assert await tb.see("state") == golden.state
    if not stall:
        assert words.moved == list(range(start, start + 200))


@TB.test()
async def takes_a_new_state(tb: TB) -> None:
    """Halves are loaded one by one and leave each other alone; ``load_data`` alone does nothing.

    A load replaces even the word on offer: here, and only here, the handshake law is not watched.
    """
    tb.parts.clear()
    state, rng = tb.case["initial"], random.Random(3)
    for half in (0, 1, 1, 0):
        word = rng.getrandbits(32)
        await tb.pulse(load=1 << half, load_data=word)
        state = state & ~(0xFFFFFFFF << 32 * half) | word << 32 * half
        tb.set(load_data=rng.getrandbits(32))
        assert await tb.see("state") == state
        assert await tb.see("state") == state
    words = tb.sink("words")
    await tb.taken(words, 5)
    assert words.taken == RandomWords(state).words(5)


@TB.test()
async def keeps_a_second_state(tb: TB) -> None:
    """Kept while a word is taken, the state before it; exchanged, the one goes on from the other.

    An exchange replaces the word on offer, so the handshake law is not watched.
    """
    tb.parts.clear()
    first, other = RandomWords(tb.case["initial"]), RandomWords(tb.case["initial"])
    tb.set(words_ready=1)
    await tb.pulse(keep=1)
    await tb.cycle(5)
    tb.set(words_ready=0)
    first.words(6)
    for count in (3, 0, 4, 2, 40, 33, 50, 7, 64):
        assert await tb.see("state") == first.state
        await tb.pulse(swap=1)
        first, other = other, first
        tb.set(words_ready=1)
        await tb.cycle(count)
        tb.set(words_ready=0)
        first.words(count)
    assert await tb.see("state") == first.state
    await tb.pulse(swap=1)
    assert await tb.see("state") == other.state
