"""What every head has in common: a loss, and errors of the outputs of the parts, in integers.

For every lane jvp_k = sum over the outputs of weight <E, dy_k>, with the errors E that the head
makes of a target. There are two heads: `golden.integer.squared_error` and `golden.integer.product`.
"""

from dataclasses import dataclass
from typing import Protocol

from dualspike.golden.numeric import Ints, Matrix


@dataclass(frozen=True)
class OutputError:
    """Errors E [B, n] of outputs of a part, with their tangents dy [K, B, n] and a weight."""

    part: int
    values: Matrix
    tangents: Matrix
    weight: int = 1


@dataclass(frozen=True)
class Errors:
    """The loss, an exact sum, and the errors of all outputs that meet a target."""

    loss: int
    of_outputs: list[OutputError]


class Outcome(Protocol):
    """One batch in a head: outputs y in the format membrane, and flags raised so far."""

    flags: int

    @property
    def y(self) -> Matrix:
        """[B, n_out], or [B_0, B_1, ...] of an operator network."""
        ...

    def errors(self, target: Ints, scale: Ints | None = None) -> Errors:
        """Compare with a stored target of y's shape; ``scale`` [B_0] weighs the functions."""
        ...
