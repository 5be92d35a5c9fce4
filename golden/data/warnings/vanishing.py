"""Whether quantities survive rounding to a format: the share lost, and a format that would do."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dualspike.golden.integer.rounding import rounded
from dualspike.golden.numeric import Doubles
from dualspike.model.description.format import Format

LIMIT = 0.1
"""Share above which a loss is told; values of about three last bits lose as much."""
MOST_BITS = 24


class PrecisionLoss(NamedTuple):
    """``share`` of the norm lost, in [0, 1], or ``nothing`` left at all; ``text`` says it."""

    share: float
    nothing: bool
    text: str


def share_lost(values: Doubles, form: Format) -> float:
    """||v - rounded v|| / ||v|| with halves rounded up and no saturation; 0 where v is 0."""
    largest = np.abs(values).max(initial=0.0)
    if not largest:
        return 0.0
    unit = values / largest  # squares of small values would vanish themselves
    moved = (values - rounded(values, form) * 2.0**-form.fraction) / largest
    return float(np.linalg.norm(moved) / np.linalg.norm(unit))


def judge(
    name: str, values: Doubles, form: Format, rows: str | None = None
) -> PrecisionLoss | None:
    """The loss of a quantity called ``name``, where it is more than LIMIT, else None.

    ``rows`` names what values[0], values[1], ... are; each must then survive by itself. ``name``
    is a plural.
    """
    lost = values
    if rows and share_lost(values, form) <= LIMIT:
        shares = np.array([share_lost(row, form) for row in values])
        lost = values[shares > LIMIT]
        name = f"{name} of {len(lost)} of {len(values)} {rows}"
    share = share_lost(lost, form)
    if share <= LIMIT:
        return None
    nothing = not rounded(lost, form).any()
    largest = np.abs(lost).max()
    said = "become all 0" if nothing else f"lose {share:.0%}"
    better = holding(values, lost, form)
    hint = f"{better} would do" if better else f"no format of {MOST_BITS} bits would do"
    complete = nothing and lost is values
    return PrecisionLoss(
        share, complete, f"{name} {said} in {form}, the largest is {largest:.2g}: {hint}"
    )


def holding(values: Doubles, lost: Doubles, form: Format) -> Format | None:
    """The format with the fewest more fraction bits that holds ``values`` and keeps ``lost``.

    Integer bits go only where there would be more than MOST_BITS bits.
    """
    for fraction in range(form.fraction + 1, MOST_BITS - form.signed + 1):
        integer = min(form.integer, MOST_BITS - form.signed - fraction)
        finer = replace(form, integer=integer, fraction=fraction)
        stored = rounded(values, finer)
        if finer.lowest <= stored.min() and stored.max() <= finer.highest:
            whole = len(lost) == len(values)
            if max(share_lost(row, finer) for row in (lost[None] if whole else lost)) <= LIMIT:
                return finer
    return None
