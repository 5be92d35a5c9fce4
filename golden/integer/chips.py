"""The integer model of a chip, whichever way it learns."""

from collections.abc import Sequence

from dualspike.golden.integer.online.operator import online_chip
from dualspike.golden.integer.rfg.chip import Chip
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Matrix
from dualspike.model.description.description import Description


def chip_of(
    description: Description, weights: Sequence[Matrix], biases: Sequence[Matrix]
) -> IntegerChip:
    """A chip before its first update, with these stored weights and biases of all layers."""
    return (online_chip if description.online else Chip)(description, weights, biases)
