"""The head of a chip: from the outputs of its parts to a loss, and one slope for every lane.

Both kinds answer the same questions here; their widths are in `model.sizes.head`.
"""

from dataclasses import dataclass
from enum import IntEnum

from dualspike.model.description.formats import Formats


class ProductFlag(IntEnum):
    """Bits of FLAGS above those of `model.interface.registers.Flag`: what a product clipped.

    FACTOR: an output of a part, or a product of several. ERROR: an error, also once weighted.
    COTANGENT: a mean error of a part's output.
    """

    FACTOR = 4
    ERROR = 5
    COTANGENT = 6


class ClassFlag(IntEnum):
    """Bits of FLAGS above those of `model.interface.registers.Flag` where targets are classes.

    LABEL: a sample came with the number of a class that is not there, and taught nothing.
    """

    LABEL = 4


CLASS_BITS = (8, 16)
"""Widths of the number of a class: whole bytes, so that no wrong one looks like a right one."""


@dataclass(frozen=True, eq=False)
class SquaredError:
    """y is the output of the only part; e = y - target, L = 1/2 mean over the batch of sum e^2.

    With local losses ``weight`` is what the network's own loss counts, 1 for each hidden layer.
    """

    formats: Formats
    batch: int
    weight: int = 1

    @property
    def error_fraction(self) -> int:
        """Fraction bits of an error whose squares make the loss."""
        return self.formats.membrane.fraction

    @property
    def slope_fraction(self) -> int:
        """Fraction bits of a slope, sum e dy."""
        return self.formats.membrane.fraction + self.formats.tangent.fraction

    @property
    def mean_shift(self) -> int:
        """Right shift that makes a mean of a slope.

        It holds ``weight`` times the slope where there are local losses: that is divided by the
        next power of two, as the batch is.
        """
        return (self.batch - 1).bit_length() + (self.weight - 1).bit_length()

    flags = ()
    """What it can clip, as bits of FLAGS."""


@dataclass(frozen=True, eq=False)
class StepError:
    """e = o - target, of a chip that learns online; L = 1/2 mean of sum e^2.

    There are errors in ``steps`` steps of a sample: in all of them, or at its end. ``classes``:
    whether a target is the number of a class, which wants 1 of its own output and 0 of the others.
    """

    formats: Formats
    batch: int
    steps: int
    classes: bool

    @property
    def error_fraction(self) -> int:
        """Fraction bits of an error whose squares make the loss."""
        return self.formats.error.fraction

    @property
    def flags(self) -> tuple[ClassFlag, ...]:
        """What else it can tell of, as bits of FLAGS."""
        return tuple(ClassFlag) if self.classes else ()


@dataclass(frozen=True, eq=False)
class Product:
    """y = sum over the basis of the product of the parts' outputs, at every point of a grid.

    ``batch``: rows of every axis of the grid, functions first. ``floor`` weighs functions, or not.
    """

    formats: Formats
    batch: tuple[int, ...]
    basis: int
    floor: float | None = None
    terms: int | None = None

    @property
    def mean_shifts(self) -> list[int]:
        """For every axis of the grid ceil(log2(batch)): a mean over it shifts by so much."""
        return [(rows - 1).bit_length() for rows in self.batch]

    @property
    def error_fraction(self) -> int:
        """Fraction bits of an error whose squares make the loss."""
        return self.formats.error.fraction

    @property
    def slope_fraction(self) -> int:
        """Fraction bits of a slope, sum E dA."""
        return self.formats.cotangent.fraction + self.formats.tangent.fraction

    @property
    def mean_shift(self) -> int:
        """Right shift that makes a mean of a slope, which is a sum over the largest axis."""
        return max(self.mean_shifts)

    flags = tuple(ProductFlag)
    """What it can clip, as bits of FLAGS."""


Head = SquaredError | StepError | Product
