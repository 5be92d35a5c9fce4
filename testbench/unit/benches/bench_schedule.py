"""`RateSchedule`: `Description.stage` tick by tick, and registers that can be set."""

import random

from dualspike.hw.learn.schedule import RateSchedule
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.registers import SCHEDULE
from dualspike.testbench.unit.tb import TB

TOP = "schedule"
CASES = [{"stages": 5, "period": 12}]


def component(stages: int, period: int) -> RateSchedule:
    """A schedule with its registers as after reset."""
    return RateSchedule(stages, period)


def _described(stages: int, period: int) -> Description:
    learning = {"stages": stages, "updates": period}
    return describe({"network": {"layers": [1, 1, 1]}, "learning": learning}, "schedule")


async def _write(tb: TB, name: str, value: int) -> None:
    await tb.pulse(**{f"{name}_written": 1, "write_data": value})


async def _tick(tb: TB, stages: int, period: int) -> int:
    """The stage, as many clocks after a tick as it may take to settle."""
    await tb.pulse(tick=1)
    await tb.cycle(ceil_div(stages, period))
    return await tb.see("STAGE")


@TB.test()
async def follows_the_description(tb: TB) -> None:
    """Every update of runs of many lengths, and some more after their end."""
    for stages in (1, 2, 3, 5, 16):
        for period in (1, 2, 3, 7, 16, 23, 40):
            d = _described(stages, period)
            registers = {"STAGES": stages, "PERIOD": period, "PHASE": 0, "STAGE": 0}
            for name, value in registers.items():
                await _write(tb, name, value)
            for update in range(1, period + 4):
                assert await _tick(tb, stages, period) == d.stage(update), f"{d} at {update}"


@TB.test()
async def starts_from_the_description(tb: TB) -> None:
    """Reset values; a stage and a phase in the middle of a run go on from there."""
    given = tb.case
    d = _described(**given)
    expected = {"STAGE": 0, "STAGES": given["stages"], "PERIOD": given["period"], "PHASE": 0}
    assert {name: await tb.see(name) for name in SCHEDULE} == expected
    for update in (given["period"] // 2, 3):
        await _write(tb, "STAGE", d.stage(update))
        await _write(tb, "PHASE", update * given["stages"] % given["period"])
        for n in range(1, 6):
            assert await _tick(tb, **given) == d.stage(update + n)


@TB.test()
async def rests_without_stages(tb: TB) -> None:
    """With STAGES 0 the host's stage stays, and so do the other registers."""
    await _write(tb, "STAGES", 0)
    for name in ("STAGE", "PERIOD", "PHASE"):
        highest = (1 << SCHEDULE[name]) - 1
        await _write(tb, name, highest)
        assert await tb.see(name) == highest
    for name, value in {"STAGE": 9, "PHASE": 77, "PERIOD": 5}.items():
        await _write(tb, name, value)
    for _ in range(5):
        await tb.pulse(tick=1)
        await tb.cycle(2)
    assert [await tb.see(name) for name in SCHEDULE] == [9, 0, 5, 77]


@TB.test()
async def counts_registers_of_every_size(tb: TB) -> None:
    """Clock by clock from registers of any width, the phase near its end in half of them."""
    rng = random.Random(5)
    for turn in range(300):
        now = {name: rng.getrandbits(rng.randint(1, bits)) for name, bits in SCHEDULE.items()}
        if turn % 2:
            now["PHASE"] = now["PERIOD"] + rng.randint(0, 3)
        await _write(tb, "STAGES", 0)
        for name in ("STAGE", "PERIOD", "PHASE", "STAGES"):
            await _write(tb, name, now[name])
        for _ in range(5):
            tb.set(tick=rng.random() < 0.4)
            await tb.settle()
            assert {name: tb.get(name) for name in SCHEDULE} == now
            now = _a_clock_later(now, tick=bool(tb.bits("tick")))
            await tb.edge()
        tb.set(tick=0)


def _a_clock_later(now: dict[str, int], *, tick: bool) -> dict[str, int]:
    stages, phase, period = now["STAGES"], now["PHASE"], now["PERIOD"]
    if not stages:
        return now
    if tick:
        return now | {"PHASE": (phase + stages) % (1 << SCHEDULE["PHASE"])}
    if phase < period:
        return now
    stage = (now["STAGE"] + (now["STAGE"] + 1 < stages)) % (1 << SCHEDULE["STAGE"])
    return now | {"PHASE": phase - period, "STAGE": stage}
