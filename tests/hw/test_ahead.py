"""What is known a clock ahead is what it would be without: signs of rows, first steps, memories."""

import random
from typing import Any

import pytest
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.row_signs import EACH, signs_of_row
from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.first_step import first_step_next
from tests.hw.simulated import simulate


class Walk(wiring.Component):
    """A walk over rows of ``width`` signs in steps, and what both functions say of it."""

    def __init__(self, rows: int, width: int, steps: int) -> None:
        self.rows, self.width, self.steps = rows, width, steps
        super().__init__(
            {
                "signs": In(rows * width),
                "on": In(1),
                "place": Out(counter_shape(rows - 1)),
                "step": Out(counter_shape(steps - 1)),
                "found": Out(width),
                "first_next": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        following = Signal.like(self.place, init=min(1, self.rows - 1))
        last = self.place == self.rows - 1
        chosen = signs_of_row(m, self.signs, self.width, self.place, last, self.on, "0")
        first = first_step_next(m, self.on, following, self.rows, self.step, self.steps)
        m.d.comb += [self.found.eq(chosen), self.first_next.eq(first)]
        with m.If(self.on):
            m.d.sync += self.place.eq(Mux(last, 0, self.place + 1))
            count_on(m, following, self.rows - 1)
            with m.If(last):
                count_on(m, self.step, self.steps - 1)
        return m


@pytest.mark.parametrize(("rows", "width"), [(1, 2), (2, 1), (EACH, 3), (17, 2), (3 * EACH, 1)])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_walk_is_known_a_clock_ahead(rows: int, width: int, steps: int) -> None:
    """Signs turn in the middle of a pause, at row 0; steps of the walk come at random."""
    rng, walk = random.Random(rows), Walk(rows, width, steps)

    async def bench(ctx: Any) -> None:
        for _ in range(3):
            signs = rng.getrandbits(rows * width)
            ctx.set(walk.signs, signs)
            ctx.set(walk.on, 0)
            await ctx.tick().repeat(2)
            for _ in range(2 * steps * rows):
                for _ in range(rng.choice([0, 0, 0, 1, 4])):
                    await ctx.tick()
                place, step = ctx.get(walk.place), ctx.get(walk.step)
                assert ctx.get(walk.found) == signs >> place * width & (1 << width) - 1
                after = (step * rows + place + 1) % (rows * steps)
                assert ctx.get(walk.first_next) == (after < rows)
                ctx.set(walk.on, 1)
                await ctx.tick()
                ctx.set(walk.on, 0)

    simulate(walk, bench)


def test_a_held_memory_goes_on_when_it_is_told_to() -> None:
    """Its word is that of the address two advances before, whatever passes between."""
    rng, store = random.Random(1), RegisteredMemory(8, 16, held=True)

    async def bench(ctx: Any) -> None:
        words = [rng.randrange(256) for _ in range(16)]
        ctx.set(store.write, 1)
        for place, word in enumerate(words):
            ctx.set(store.place, place)
            ctx.set(store.written, word)
            await ctx.tick()
        ctx.set(store.write, 0)
        asked: list[int] = []
        for _ in range(60):
            address, on = rng.randrange(16), rng.randrange(2)
            ctx.set(store.address, address)
            ctx.set(store.advance, on)
            await ctx.tick()
            asked += [address] * on
            if len(asked) > 1:
                assert ctx.get(store.word) == words[asked[-2]]

    simulate(store, bench)
