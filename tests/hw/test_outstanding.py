"""How many samples a chain can hold, and that the count of what it owes never wraps."""

from typing import Any

import pytest
from amaranth.hdl import Module, Signal

from dualspike.hw.chip.core import Core
from dualspike.hw.stream.outstanding import outstanding
from dualspike.model.description.load import describe
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.layers import PLACES, most_inside
from tests.hw.simulated import simulate

# One step and one chunk a layer: every register of a stream holds a sample of its own.
NARROW = {"name": "narrow", "network": {"layers": [1, 1, 1, 1], "time_steps": 1}}


def held(changes: dict[str, Any]) -> int:
    """Samples that enter a core of two hidden layers from which no output is taken."""
    d = describe(NARROW | changes, "test")
    core = Core(d)
    registers = register_map(d)
    control = next(r.address for r in registers if r.name == "CONTROL")
    entered = 0

    async def fill(ctx: Any) -> None:
        nonlocal entered
        ctx.set(core.bus.address, control)
        ctx.set(core.bus.write, 1)
        ctx.set(core.bus.write_data, Command.INFER)
        ctx.set(core.bus.request, 1)
        await ctx.tick().until(core.bus.done)
        ctx.set(core.bus.request, 0)
        ctx.set(core.inputs.valid, 1)
        waited = 0
        while waited < 100:
            moves = ctx.get(core.inputs.ready)
            entered, waited = entered + moves, 0 if moves else waited + 1
            await ctx.tick()
        assert ctx.get(core.busy) == 1

    simulate(core, fill)
    return entered


@pytest.mark.parametrize("rule", ["rfg", "none"])
def test_a_chain_holds_fewer_samples_than_are_counted(rule: str) -> None:
    assert (
        PLACES // 2
        < held({"learning": {"rule": rule}, "hardware": {"clock": 100}})
        < most_inside(3) - PLACES
    )


def test_the_count_holds_all_outputs_of_all_samples() -> None:
    m, outputs, samples = Module(), 1 << 15, most_inside(1)
    entered, left = Signal(), Signal()
    inside = outstanding(m, entered, left, outputs, samples)

    async def enter(ctx: Any) -> None:
        ctx.set(entered, 1)
        for n in range(samples):
            assert ctx.get(inside) == n * outputs
            await ctx.tick()
        ctx.set(entered, 0)
        ctx.set(left, 1)
        await ctx.tick()
        assert ctx.get(inside) == samples * outputs - 1

    simulate(m, enter)
