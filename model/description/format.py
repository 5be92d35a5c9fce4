"""Fixed-point number formats, written the way they are read: ``s1.16`` or ``u0.8``."""

import re
from dataclasses import dataclass
from fractions import Fraction

_PATTERN = re.compile(r"([su])([0-9]{1,2})\.([0-9]{1,2})")


@dataclass(frozen=True)
class Format:
    """A fixed-point format: ``integer`` bits before the point, ``fraction`` bits after it.

    ``sI.F`` is two's complement with a sign bit (1 + I + F bits wide), ``uI.F`` has none
    (I + F bits). The value of the stored integer n is n * 2**-F.
    """

    signed: bool
    integer: int
    fraction: int

    @classmethod
    def parse(cls, text: str) -> "Format":
        """Read ``sI.F`` or ``uI.F``; raises ValueError with the allowed form otherwise."""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise ValueError(f"must look like s1.16 or u0.8, not {text!r}")
        sign, integer, fraction = match.groups()
        return cls(sign == "s", int(integer), int(fraction))

    def __str__(self) -> str:
        return f"{'s' if self.signed else 'u'}{self.integer}.{self.fraction}"

    @property
    def bits(self) -> int:
        """Width in bits, sign included."""
        return self.signed + self.integer + self.fraction

    @property
    def lowest(self) -> int:
        """Smallest stored integer."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """Largest stored integer."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def lsb(self) -> Fraction:
        """Value of the last bit."""
        return Fraction(1, 1 << self.fraction)


def unsigned_bits(highest: int) -> int:
    """Bits of an unsigned number in [0, highest]."""
    return highest.bit_length()


def signed_bits(magnitude: int) -> int:
    """Bits of a two's complement number in [-magnitude, magnitude]."""
    return magnitude.bit_length() + 1
