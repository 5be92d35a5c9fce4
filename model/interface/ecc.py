"""Codes that protect the words of a memory: parity, and one that corrects single errors (ECC).

Source: M. Y. Hsiao, A class of optimal minimum odd-weight-column SEC-DED codes, IBM Journal of
Research and Development 14(4), 1970.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations, count
from typing import Literal

Protection = Literal["none", "parity", "ecc"]


class Upset(IntEnum):
    """Bits of FLAGS above those of `model.interface.registers.Flag`: upsets met in reading words.

    PARITY: a word with an odd number of wrong bits, used as it was. CORRECTED: a word with one
    wrong bit, used without it. UNCORRECTABLE: a word with two wrong bits, used as it was.
    """

    PARITY = 4
    CORRECTED = 5
    UNCORRECTABLE = 6


@dataclass(frozen=True)
class Code:
    """A linear code: bit n of a word takes part in the check bits set in ``columns``[n].

    A code word is the data in its low ``data`` bits and above them the ``checks`` check bits,
    each the parity of its data bits. The code word of 0 is 0, as memories start. ``upsets`` are
    the flags it can raise, in order.
    """

    columns: tuple[int, ...]
    checks: int
    upsets: tuple[Upset, ...]

    @property
    def data(self) -> int:
        """Bits of a word."""
        return len(self.columns)

    @property
    def bits(self) -> int:
        """Bits of a code word."""
        return self.data + self.checks

    def word(self, value: int) -> int:
        """The code word of a stored integer, of which the low ``data`` bits count."""
        value &= (1 << self.data) - 1
        checks = 0
        for bit, column in enumerate(self.columns):
            checks ^= column * (value >> bit & 1)
        return checks << self.data | value

    @property
    def corrects(self) -> bool:
        """Whether a syndrome tells which bit is wrong."""
        return Upset.CORRECTED in self.upsets


def code_of(protection: Protection, data: int) -> Code:
    """The code of a memory with words of ``data`` >= 1 bits.

    For ecc the columns are different numbers with 3, 5, ... bits set, the lightest first: an even
    number of errors then never looks like a single one. The check bits are the fewest r with
    2^(r - 1) - r >= ``data``.
    """
    if protection == "none":
        return Code((0,) * data, 0, ())
    if protection == "parity":
        return Code((1,) * data, 1, (Upset.PARITY,))
    checks = next(r for r in count(3) if 2 ** (r - 1) - r >= data)
    columns = [
        sum(1 << bit for bit in bits)
        for weight in range(3, checks + 1, 2)
        for bits in combinations(range(checks), weight)
    ]
    return Code(tuple(columns[:data]), checks, (Upset.CORRECTED, Upset.UNCORRECTABLE))
