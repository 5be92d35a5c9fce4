"""One step of a membrane: U <- clip(U + z); a spike where U > theta, which takes theta off.

There are two forms of the same. ``in a row`` adds, clips, compares and subtracts one after the
other; where the threshold is a multiple of a high power of two, as 1.0 is, comparison and
subtraction are those of a few upper bits, and this form is the faster and the smaller one.
``side by side`` has sum, sum less theta and comparison at once, of which clipped bits and spike
choose: with any other threshold it is faster. docs/cost.md has both, and others, measured.
"""

from dataclasses import dataclass

from amaranth.hdl import Const, Module, Mux, Value

from dualspike.hw.stream.arithmetic import round_half_up, saturate, wire
from dualspike.hw.stream.delay import later

SHORT = 12
"""Bits above a threshold's last 1, from which on the form in a row is no longer the faster."""


@dataclass(frozen=True)
class Step:
    """Spike, distance from the threshold, the membrane after it, and where the sum was clipped.

    ``over``: at the upper end of its format; ``floor``: at the lower one.
    """

    fire: Value
    distance: Value
    after: Value
    over: Value
    floor: Value


def leaked(m: Module, value: Value, shift: int, bits: int, name: str) -> Value:
    """What a leak of 1 - 2^-``shift`` leaves of a state of ``bits`` bits; 0 stands for no leak."""
    if not shift:
        return value
    value = wire(m, value, f"before_{name}")
    return (value - round_half_up(value, shift))[:bits].as_signed()


def integrate_and_fire(
    m: Module, membrane: Value, z: Value, theta: int, bits: int, name: str, clocks: int = 0
) -> Step:
    """The step of a membrane of ``bits`` bits by ``z``; both are signed.

    It is there ``clocks`` clocks after them: so many registers are behind the sums.
    """
    zeros = (theta & -theta).bit_length() - 1
    form = _in_a_row if bits - zeros <= SHORT else _side_by_side
    return form(m, wire(m, membrane, f"membrane_{name}"), z, theta, bits, name, clocks)


def _in_a_row(
    m: Module, membrane: Value, z: Value, theta: int, bits: int, name: str, clocks: int
) -> Step:
    total = later(m, membrane + z, clocks, f"total_{name}")
    clipped, clips = saturate(m, total, bits, f"summed_{name}")
    before = wire(m, clipped, f"before_{name}")
    fire = wire(m, before > theta, f"fire_{name}")
    distance = wire(m, before - theta, f"distance_{name}")
    after = Mux(fire, distance, before)
    low = before[-1]
    return Step(fire, distance, after[:bits].as_signed(), clips & ~low, clips & low)


def _side_by_side(
    m: Module, membrane: Value, z: Value, theta: int, bits: int, name: str, clocks: int
) -> Step:
    low, high = -1 << (bits - 1), (1 << (bits - 1)) - 1
    summed, gap = wire(m, membrane + z, f"summed_{name}"), wire(m, theta - z, f"gap_{name}")
    distance = wire(m, membrane - gap, f"distance_{name}")
    # This way round, the sign of one difference tells; the other also asks whether it is 0.
    fire = wire(m, gap < membrane if theta < high else Const(0), f"fire_{name}")
    summed = later(m, summed, clocks, f"total_{name}")
    distance = later(m, distance, clocks, f"gone_{name}")
    fire = later(m, fire, clocks, f"fires_{name}")
    clips = wire(m, summed[bits] ^ summed[bits - 1], f"clips_{name}")
    lowest = summed[bits]
    # Above the threshold only the upper end clips, below it only the lower one.
    edge = Mux(fire, high - theta, low) if theta < high else Mux(lowest, low, high)
    after = Mux(clips, edge, Mux(fire, distance, summed))
    ends = Mux(lowest, Const(low - theta, distance.shape()), high - theta)
    distance = Mux(clips, ends, distance)
    return Step(fire, distance, after[:bits].as_signed(), clips & ~lowest, clips & lowest)
