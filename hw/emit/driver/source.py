"""``NAME_driver.c``: the steps of a host, as docs/hardware.md has them."""

import math

from dualspike.hw.emit.driver.calls import (
    ANSWERS,
    CALLS,
    CODER,
    HEAD,
    LEARNING,
    MASKS,
    PACKET,
    WIDE,
)
from dualspike.hw.emit.driver.facts import filled, row, sends
from dualspike.hw.emit.driver.runs import INFER, LABELS, LEARN, MOVES
from dualspike.hw.soc.soc import wrapped_registers
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import Feed
from dualspike.model.interface.memory_map import Memory, confusion_memory, memory_map
from dualspike.model.interface.register import Command, Register

_JVPS = """\
        for (uint32_t lane = 0u; lane < ${N}_LANES; lane++) {
            learned->jvp[lane] = wide(port, ${N}_JVP_0_0_OFFSET + (8u * lane));
        }
"""


def driver_source(d: Description, wrap: str | None) -> str:
    """C99 for `driver_header`; the words to load are those of ``NAME_weights.h``."""
    feeds = sends(d, wrap)
    inputs = [feed for feed in feeds if feed.name.startswith("inputs")]
    memories = [*memory_map(d), *filter(None, [confusion_memory(d)])]
    registers = [one for one in wrapped_registers(d, wrap) if _settable(one)]
    parts = [
        (True, HEAD),
        (d.learns, WIDE),
        (True, CALLS),
        (wrap is not None, PACKET),
        (d.network.coding == "bernoulli", CODER),
        (d.lanes > 0, MASKS),
        (d.learns, LEARNING.replace("@jvps@\n", _JVPS if d.lanes else "")),
        (bool(feeds), MOVES),
        (d.learns and bool(feeds), LEARN),
        (bool(feeds), INFER.replace("@labels@\n", LABELS if d.classes else "")),
        (d.classes, ANSWERS),
    ]
    return filled(
        d.name,
        parts,
        stop=int(Command.STOP),
        infer=int(Command.INFER),
        learn=int(Command.LEARN),
        memories="\n".join(_memory(d, one) for one in memories),
        resets="\n".join(_reset(d, one) for one in registers),
        staged="\n".join(_staged(d)),
        learned=len(memory_map(d)),
        feeds=len(feeds),
        batch="\n".join(_batch(d, n, feed) for n, feed in enumerate(feeds)),
        whole=_given(feeds),
        asked=_given(inputs),
        inputs=len(inputs),
        samples="\n".join(_samples(d, n, feed) for n, feed in enumerate(inputs)),
    )


def _memory(d: Description, one: Memory) -> str:
    """A line of the table: the words to load, or NULL for zeros, and how many."""
    count, loaded = math.prod(one.shape), one.kind in ("weights", "biases")
    words = f"{d.name}_{one.kind}_{one.layer}" if loaded and count else "NULL"
    return f"    {{ {words}, {count}u }},"


def _settable(register: Register) -> bool:
    """What a reset sets and a program can; the command comes before all of these."""
    return register.access == "rw" and register.reset is not None and register.name != "CONTROL"


def _reset(d: Description, register: Register) -> str:
    own = f"{d.name.upper()}_{register.name}"
    word = "0xffffffffu" if register.on_write == "ones" else f"{own}_RESET"
    return f"    {{ {own}_OFFSET, {word} }},"


def _staged(d: Description) -> list[str]:
    top = d.name.upper()
    if d.learning.schedule == "chip":
        return [f"        {d.name}_write(port, {top}_STAGE_OFFSET, stage);"]
    shifts = [f"{top}_SHIFT_{layer}" for layer in range(d.n_layers)]
    return [f"        {d.name}_write(port, {one}_OFFSET, {one}_RESET + stage);" for one in shifts]


def _given(feeds: list[Feed]) -> str:
    return " && ".join(f"(data->{feed.name} != NULL)" for feed in feeds)


def _batch(d: Description, n: int, feed: Feed) -> str:
    own, size = f"{d.name.upper()}_{feed.name.upper()}", f"{d.name}_{feed.name}_t"
    count = f"((size_t){own}_ROWS * {own}_ROW)"
    return (
        f"            moved[{n}] = giving({d.name.upper()}_STREAM_{feed.name.upper()},\n"
        f"                &data->{feed.name}[(size_t)batch * {count}],\n"
        f"                {count} * sizeof({size}));"
    )


def _samples(d: Description, n: int, feed: Feed) -> str:
    """Any number of samples or functions; of other parts the whole grid."""
    own, size = f"{d.name.upper()}_{feed.name.upper()}", f"{d.name}_{feed.name}_t"
    count = (
        f"(size_t){own}_ROWS * {own}_ROW" if n else f"(size_t)count * {feed.frames * row(feed)}u"
    )
    return (
        f"        moved[{n}] = giving({d.name.upper()}_STREAM_{feed.name.upper()},\n"
        f"            data->{feed.name}, {count} * sizeof({size}));"
    )
