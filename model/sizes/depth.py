"""How many registers deep a chip is, by the clock that is wanted of it.

Depth changes no result and no register map: only how many clocks a sample takes from end to end.
"""

from dataclasses import dataclass

FASTEST_SHALLOW = 80.0
"""MHz up to which a product is done between two registers.

On an ECP5 of grade 6 a factor takes up to 8 ns to a multiplier of a big core, and has to be there
3.5 ns before the register after it takes the product.
"""


@dataclass(frozen=True)
class Depth:
    """``multiply``: clocks that a product of the arrays and of the loss takes, 1 or 2.

    The first is the register after it, the second one before it (`hw.layer.multiplier`).
    """

    multiply: int = 1


def depth_at(clock: float | None) -> Depth:
    """What a clock of so many MHz needs; None: as few registers as there can be."""
    return Depth(multiply=1 if clock is None or clock <= FASTEST_SHALLOW else 2)
