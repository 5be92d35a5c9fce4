"""`Drawer`: the words of `golden.lfsr.Drawer`, at any pace, from any state."""

import random

import cocotb
from cocotb.handle import HierarchyObject

from dualspike.golden.lfsr import Drawer as Golden
from dualspike.hw.drawer import Drawer
from dualspike.model.lfsr import seed_state
from dualspike.testbench.benches.plain import Plain
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.components import parameters

TOP = "drawer"
CASES = [{"initial": seed_state(1)}]


def component(initial: int) -> Plain:
    """A drawer with a second state, that starts from ``initial``."""
    return Plain(Drawer(initial, twin=True))


@cocotb.test()
@cocotb.parametrize(stall=[0.0, 0.6])
async def draws_the_golden_words(dut: HierarchyObject, stall: float) -> None:
    """A word in every cycle in which one is wanted; the state moves on behind each."""
    tb = await TB.start(dut)
    golden = Golden(parameters()["initial"])
    assert await tb.see("state") == golden.state
    words, start = tb.sink("words", stall), tb.now
    await tb.taken(words, 200)
    words.open = False
    assert words.taken == golden.words(200)
    assert await tb.see("state") == golden.state
    if not stall:
        assert words.moved == list(range(start, start + 200))


@cocotb.test()
async def takes_a_new_state(dut: HierarchyObject) -> None:
    """Halves are loaded one by one and leave each other alone; ``load_data`` alone does nothing.

    A load replaces even the word on offer: here, and only here, the handshake law is not watched.
    """
    tb = await TB.start(dut)
    tb.parts.clear()
    state, rng = parameters()["initial"], random.Random(3)
    for half in (0, 1, 1, 0):
        word = rng.getrandbits(32)
        await tb.pulse(load=1 << half, load_data=word)
        state = state & ~(0xFFFFFFFF << 32 * half) | word << 32 * half
        tb.set(load_data=rng.getrandbits(32))
        assert await tb.see("state") == state
        assert await tb.see("state") == state
    words = tb.sink("words")
    await tb.taken(words, 5)
    assert words.taken == Golden(state).words(5)


@cocotb.test()
async def keeps_a_second_state(dut: HierarchyObject) -> None:
    """Kept while a word is taken, the state before it; exchanged, the one goes on from the other.

    An exchange replaces the word on offer, so the handshake law is not watched.
    """
    tb = await TB.start(dut)
    tb.parts.clear()
    first, other = Golden(parameters()["initial"]), Golden(parameters()["initial"])
    tb.set(words_ready=1)
    await tb.pulse(keep=1)
    await tb.cycle(5)
    tb.set(words_ready=0)
    first.words(6)
    for count in (3, 0, 4, 2):
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
