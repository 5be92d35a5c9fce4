"""What every integer chip holds, whichever way it learns, and how that is copied and loaded."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np

from dualspike.golden.integer.coding import Coder
from dualspike.golden.integer.part import Forward
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.interface.memory_map import apart, in_turn
from dualspike.model.interface.record import Record


class IntegerChip(ABC):
    """State of one chip: stored weights and biases, drawer and coder, sticky flags.

    ``weights[l]`` [n_out, n_in] and ``biases[l]`` [n_out] are integers in the weight format, for
    the layers of all parts in a row. ``skipped`` is what the last run left out, as in `Record`.
    """

    def __init__(
        self, description: Description, weights: Sequence[Matrix], biases: Sequence[Matrix]
    ) -> None:
        self.d = description
        self.weights = [np.array(w, np.int64) for w in weights]
        self.biases = [np.array(b, np.int64) for b in biases]
        self.coder = Coder(description.parts[0])
        self.flags: int = 0
        self.skipped: tuple[int, ...] = ()

    @property
    @abstractmethod
    def lfsr(self) -> int:
        """The drawer's state."""

    @lfsr.setter
    @abstractmethod
    def lfsr(self, state: int) -> None: ...

    @property
    def further(self) -> list[Matrix]:
        """What it holds besides weights and biases: velocities, or feedback matrices."""
        return []

    @property
    def memories(self) -> list[Matrix]:
        """What it holds, in the order of `model.interface.memory_map`."""
        return in_turn(self.weights, self.biases) + self.further

    @property
    def states(self) -> dict[str, int]:
        """Its shift registers by the names of theirs."""
        return {"LFSR": self.lfsr, "CODER": self.coder.state}

    def load(self, memories: Sequence[Matrix]) -> None:
        """Copies of ``memories``, in the same order, in their place."""
        held = [memory.copy() for memory in memories]
        self.weights, self.biases, further = apart(held, self.d.n_layers)
        self._keep(further)

    def _keep(self, further: list[Matrix]) -> None:
        """Take what was loaded besides weights and biases."""
        assert not further

    def copy(self) -> Self:
        """The chip as it is now, apart from this one."""
        twin = copy(self)
        twin.coder = copy(self.coder)
        twin.load(self.memories)
        return twin

    @abstractmethod
    def infer(self, inputs: Sequence[Ints]) -> Ints:
        """Outputs in the membrane format, for stored inputs [B_n, n_in] of every part.

        They are [B, n_out] of a perceptron, [B_0, B_1, ...] of an operator network.
        """

    @abstractmethod
    def follow(
        self, inputs: Sequence[Ints], target: Ints | None = None, stage: int = 0
    ) -> list[Forward]:
        """What every layer of every part puts out for a batch; the chip stays as it is.

        Without a target it is one to infer.
        """

    @abstractmethod
    def update(
        self, inputs: Sequence[Ints], target: Ints, stage: int = 0, scale: Ints | None = None
    ) -> Record:
        """Learn from one batch of stored inputs [B_n, n_in] and a target of the outputs' shape."""
