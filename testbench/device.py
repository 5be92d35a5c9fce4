"""Any chip of a description that is reached from outside, as a training engine."""

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.checkpoint import State
from dualspike.golden.chip import Chip
from dualspike.golden.fixed import first_chip, real_loss, real_parameters, restore_chip
from dualspike.golden.integer import Matrix
from dualspike.golden.network import Parameters
from dualspike.golden.rounding import Ints, quantise, real
from dualspike.model.description import Description

Floats = NDArray[np.float64]


class Learned(Protocol):
    """What is read behind an update; ``loss`` is the sum of squared errors."""

    @property
    def loss(self) -> int:
        """In units of the membrane's last bit, squared."""
        ...


class Device(Protocol):
    """A chip: `testbench.bulk.Simulation`, or `boards.board.Board`.

    ``cycles`` counts the clocks that it took.
    """

    cycles: int

    def close(self) -> None:
        """Give it back."""
        ...

    def load_chip(self, chip: Chip, stage: int = 0) -> None:
        """Write all that a chip holds."""
        ...

    def write(self, name: str, value: int) -> None:
        """Set a register."""
        ...

    def read_wide(self, name: str) -> int:
        """A signed 64-bit value from a pair of registers."""
        ...

    def learn(self, x: Ints, target: Ints, stage: int = 0) -> Learned:
        """Updates on one batch or several in a row."""
        ...

    def infer(self, x: Ints) -> Ints:
        """Outputs [B, n_out] of stored inputs x [B, n_in]."""
        ...

    def weights(self) -> tuple[list[Matrix], list[Matrix]]:
        """Read all weights and biases back."""
        ...

    def velocities(self) -> list[Matrix]:
        """Read the velocities back; none without momentum."""
        ...


class DeviceEngine:
    """Trains on a ``device``, from the parameters ``initial`` or those of the seed.

    ``learning_cycles`` counts the clocks of all updates.
    """

    def __init__(
        self, description: Description, device: Device, initial: Parameters | None = None
    ) -> None:
        self._d, self._device = description, device
        self.chip = first_chip(description, initial)
        self.learning_cycles: int = 0
        device.load_chip(self.chip)
        device.write("FLAGS", 0)

    def replace(self, device: Device) -> None:
        """Go on with another device, once `restore` has brought it to where this one was."""
        self._device = device

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._device.close()

    def update(self, x: Floats, target: Floats, update: int) -> float:
        """Learn once; see golden.train.Engine.update."""
        f, clocks = self._d.formats, self._device.cycles
        stored_x, stored_y = quantise(x, f.input, "x"), quantise(target, f.target, "y")
        learned = self._device.learn(stored_x, stored_y, self._d.stage(update))
        self.learning_cycles += self._device.cycles - clocks
        return real_loss(self._d, learned.loss, len(x))

    def predict(self, x: Floats) -> Floats:
        """Outputs from the hardware; see golden.train.Engine.predict."""
        f = self._d.formats
        return real(self._device.infer(quantise(x, f.input, "x")), f.membrane)

    def state(self) -> State:
        """What is read over the bus; see golden.checkpoint.Resumable.state."""
        pairs = zip(*self._device.weights(), strict=True)
        lfsr = self._device.read_wide("LFSR") & (1 << 64) - 1
        memories = [memory for pair in pairs for memory in pair]
        memories += self._device.velocities()
        drawn = self._d.network.coding == "bernoulli"
        coder = self._device.read_wide("CODER") & (1 << 64) - 1 if drawn else 0
        return State(tuple(memories), lfsr, self.learning_cycles, coder)

    def restore(self, state: State, updates: int) -> None:
        """Write a state over the bus; see golden.checkpoint.Resumable.restore."""
        learning = self._d.learning
        restore_chip(self.chip, state)
        self._device.load_chip(self.chip, self._d.stage(updates))
        if learning.schedule == "chip":
            self._device.write("PHASE", updates * learning.stages % learning.updates)
        self.learning_cycles = state.clocks

    def weights(self) -> Parameters:
        """Weights read back from the hardware; see golden.train.Engine.weights."""
        return real_parameters(*self._device.weights(), self._d.formats.weight)
