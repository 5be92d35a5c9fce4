"""What a driver must know of a core: arrays for its streams, sizes, limits."""

import math
from collections.abc import Sequence
from string import Template

from dualspike.hw.soc.soc import EVENTS
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.feeds import Feed, feeds_of, place_bits
from dualspike.model.interface.registers import SCHEDULE

_SHIFTS = 63
"""The largest of SHIFT, without the online rules, which have limits of their own."""


def c_type(form: Format) -> str:
    """That of a number in an array for a stream, as a DMA engine moves it: its place."""
    return f"{'' if form.signed else 'u'}int{place_bits(form.bits)}_t"


def rows_of(d: Description, feed: Feed) -> int:
    """Rows of a stream that belong to a batch."""
    if feed.name.startswith("inputs"):
        part = int(feed.name.partition("_")[2] or 0)
        return d.batch[part] * feed.frames
    return d.batch[0] if feed.name == "scales" else math.prod(d.batch)


def most_stages(d: Description) -> int:
    """How often the rate may be halved."""
    if d.learning.schedule == "chip":
        return (1 << SCHEDULE["STAGE"]) - 1
    if d.online:
        pairs = zip(d.change_shifts, d.step_shift, strict=True)
        return min(reach[-1] - shift for reach, shift in pairs)
    return _SHIFTS - max(d.step_shift)


def sends(d: Description, wrap: str | None) -> list[Feed]:
    """Streams that take arrays of numbers: none where events come in place of inputs."""
    return [] if (wrap or "").endswith(EVENTS) else feeds_of(d)


def row(feed: Feed) -> int:
    """Numbers of a row, with those that fill up its last transfer."""
    return feed.chunks * feed.simd


def filled(name: str, parts: Sequence[tuple[bool, str]], **words: object) -> str:
    """The parts that are wanted, one after the other; ${n} is the name, ${N} in capitals."""
    text = "".join(part for wanted, part in parts if wanted)
    return Template(text).substitute(n=name, N=name.upper(), **words)
