"""The line is the enabled causes that are held, and no cause is ever lost or held untold."""

from functools import partial

from amaranth.hdl import Mux, Signal

from dualspike.hw.chip import interrupts as hardware
from dualspike.hw.chip.interrupts import Interrupts
from dualspike.testbench.formal.claims import Claims, Proof

FAMILY = "interrupts"


def interrupts(c: Claims, count: int) -> None:
    """Causes, clears and masks of any kind, at any time."""
    unit = Interrupts(count)
    c.opened(unit)
    causes, clear, data = (c.anything(count, name) for name in ("causes", "clear", "data"))
    set_enable = c.anything(1, "set_enable")
    c.m.d.comb += [
        unit.causes.eq(causes),
        unit.clear.eq(clear),
        unit.set_enable.eq(set_enable),
        unit.enable_data.eq(data),
    ]
    enabled = Signal(count)
    c.m.d.sync += enabled.eq(Mux(set_enable, data, enabled))
    c.always("the mask is what was last written", unit.enable == enabled)
    for n in range(count):
        came, cleared, held = (Signal(name=f"{name}_{n}") for name in ("came", "cleared", "held"))
        c.m.d.sync += [came.eq(causes[n]), cleared.eq(clear[n]), held.eq(unit.status[n])]
        status = unit.status[n]
        c.always(f"cause {n} is held a clock after it, whatever was cleared then", ~came | status)
        c.always(f"cause {n} does not go without its clear", ~held | cleared | status)
        c.always(f"cause {n} goes with its clear", ~cleared | came | ~status)
        c.always(f"cause {n} is not held unless it has come", came | held | ~status)
    up = [unit.status[n] & enabled[n] for n in range(count)]
    c.always("irq while a cause is held and enabled, and only then", unit.irq == (sum(up) != 0))


def told(c: Claims, count: int) -> None:
    """What is up is up because a host has been told, since it last cleared it."""
    causes, clear = c.anything(count, "causes"), c.anything(count, "clear")
    held = hardware.sticky(c.m, causes, clear, "held")
    known = Signal(count)
    c.m.d.sync += known.eq(hardware.news(held, causes, clear) | (known & ~clear))
    for n in range(count):
        c.always(f"flag {n} is up exactly while a host knows of it", held[n] == known[n])


PROOFS = [
    *(Proof(f"interrupts_{n}", FAMILY, partial(interrupts, count=n), 2) for n in (1, 2, 3)),
    *(Proof(f"told_{n}", FAMILY, partial(told, count=n), 1) for n in (1, 2, 3)),
]
