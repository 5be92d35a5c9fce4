"""A save file for GTKWave: what a waveform of a debug build holds, split into numbers.

Every number stands as the real number that its stored integer means. Fractions are those of
GTKWave's own fixed-point shift, so no filter program is needed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dualspike.hw.chip.probes import Probe, probes_of
from dualspike.hw.emit.unwrapped import address_bits
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.register import BITS
from dualspike.model.sizes.geometry import geometry

_DECIMAL, _HEXADECIMAL, _BITS = 0x24, 0x22, 0x28
_SIGNED, _FIXED_POINT = 0x420, 1 << 30
_GROUP, _GROUP_ENDS = 0x800200, 0x1000200


class _Number(NamedTuple):
    """Bits from ``low`` on of a payload, as a number of this format."""

    name: str
    low: int
    format: Format


def gtkwave_save(d: Description, waveform: str) -> str:
    """Text of a save file next to the file ``waveform`` of `source(d, debug=...)`.

    Clock and reset, the register bus, then stream by stream the handshake and its numbers, then
    sums and spikes of every layer with their tangents, lane by lane, and what clips.
    """
    lines = [f'[dumpfile] "{waveform}"', *_plain(_BITS, "clk", "rst", "busy")]
    handshake = ("bus_request", "bus_write", "bus_done")
    words = [f"bus_{name}[{BITS - 1}:0]" for name in ("write_data", "read_data")]
    address = address_bits(d, None)
    words.insert(0, "bus_address" + (f"[{address - 1}:0]" if address > 1 else ""))
    lines += _group("registers", [*_plain(_BITS, *handshake), *_plain(_HEXADECIMAL, *words)])
    streams = {feed.name: (feed.simd, feed.format) for feed in feeds_of(d)}
    for name, (count, form) in (streams | {"results": (1, d.formats.membrane)}).items():
        numbers = [_Number(f"{name}[{n}]", n * form.bits, form) for n in range(count)]
        moves = _plain(_BITS, f"{name}_valid", f"{name}_ready")
        shown = _numbers(f"{name}_payload", count * form.bits, numbers)
        lines += _group(name, [*moves, *shown])
    for probe in probes_of(d):
        moves = _plain(_BITS, f"{probe.name}_moved")
        shown = _numbers(f"{probe.name}_payload", probe.bits, list(_of_probe(d, probe)))
        lines += _group(probe.name, [*moves, *shown])
    return "\n".join(lines) + "\n"


def _of_probe(d: Description, probe: Probe) -> Iterator[_Number]:
    """Values of a row of neurons, then the tangents of each, lane by lane: see `payloads.row`."""
    part = next(n for n in range(len(d.parts)) if probe.layer in d.layers_of(n))
    g, first = geometry(d.parts[part]), d.layers_of(part).start
    sums = probe.kind == "sums"
    value = d.formats.membrane if sums else Format(signed=False, integer=1, fraction=0)
    width, low = g.layers[probe.layer - first].next_simd, 0
    names = ("z", "dz") if sums else ("S", "dS")
    for n in range(width):
        yield _Number(f"{names[0]}[{n}]", low, value)
        low += value.bits
    for n in range(width):
        for lane in range(g.lanes if low < probe.bits else 0):
            yield _Number(f"{names[1]}[{n}] lane {lane}", low, d.formats.tangent)
            low += d.formats.tangent.bits
    assert low == probe.bits


def _numbers(signal: str, bits: int, numbers: list[_Number]) -> Iterator[str]:
    """Each put together from its bits, which GTKWave counts from the highest of the signal."""
    whole = f"TOP.{signal}[{bits - 1}:0]" if bits > 1 else f"TOP.{signal}"
    for name, low, form in numbers:
        shift = _FIXED_POINT if form.fraction else 0
        yield f"@{shift | (_SIGNED if form.signed else _DECIMAL):x}"
        if shift:
            yield f"[fpshift_count] {form.fraction}"
        places = range(bits - low - form.bits, bits - low)
        yield f"#{{{name}}} " + " ".join(f"({place}){whole}" for place in places)


def _plain(flags: int, *names: str) -> Iterator[str]:
    yield f"@{flags:x}"
    yield from (f"TOP.{name}" for name in names)


def _group(name: str, lines: list[str]) -> list[str]:
    return [f"@{_GROUP:x}", f"-{name}", *lines, f"@{_GROUP_ENDS:x}", f"-{name}"]
