"""Both forms of a membrane's step, for all membranes, currents and thresholds of five bits."""

from itertools import product
from typing import Any

import pytest
from amaranth.hdl import Module, Signal, signed

from dualspike.hw.layer import membrane

from .simulated import simulate

BITS = 5
LOW, HIGH = -1 << (BITS - 1), (1 << (BITS - 1)) - 1


def by_hand(before: int, z: int, theta: int) -> tuple[int, int, int, int, int]:
    summed = max(LOW, min(HIGH, before + z))
    fire = summed > theta
    ends = before + z > HIGH, before + z < LOW
    return fire, summed - theta, summed - theta * fire, *ends


@pytest.mark.parametrize("clocks", [0, 1])
@pytest.mark.parametrize("short", [0, BITS], ids=["side by side", "in a row"])
def test_a_step_is_that_of_integers(
    short: int, clocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membrane, "SHORT", short)
    m, before, z = Module(), Signal(signed(BITS)), Signal(signed(BITS))
    thresholds = range(1, HIGH + 1)
    steps = [membrane.integrate_and_fire(m, before, z, t, BITS, f"{t}", clocks) for t in thresholds]
    m.d.sync += Signal().eq(before[0])

    async def bench(ctx: Any) -> None:
        for u, current in product(range(LOW, HIGH + 1), repeat=2):
            ctx.set(before, u)
            ctx.set(z, current)
            if clocks:
                await ctx.tick()
            for theta, step in zip(thresholds, steps, strict=True):
                parts = (step.fire, step.distance, step.after, step.over, step.floor)
                found = tuple(ctx.get(part) for part in parts)
                assert found == by_hand(u, current, theta), (u, current, theta)

    simulate(m, bench)
