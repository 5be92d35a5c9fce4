"""Any chip of a description that is reached from outside, as a training engine."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from dualspike.boards.host.board import BoardCore
from dualspike.golden.float.layout import Parameters
from dualspike.golden.integer.rounding import real
from dualspike.golden.numeric import Doubles, Ints
from dualspike.golden.training.checkpoint import State
from dualspike.golden.training.fixed_engine import (
    first_chip,
    real_loss,
    real_parameters,
    restore_chip,
    stored_batch,
    stored_inputs,
)
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.testbench.cosim.simulation import Simulation

Device = BoardCore | Simulation


class DeviceEngine:
    """SpikeTrains on a ``device``, from the parameters ``initial`` or those of the seed.

    ``learning_cycles`` counts the clocks of all updates.
    """

    def __init__(
        self, description: Description, device: Device, initial: Parameters | None = None
    ) -> None:
        self._d, self._device = description, device
        self.learning_cycles: int = 0
        self.load(initial)
        device.write("FLAGS", 0)

    def load(self, parameters: Parameters | None) -> None:
        """Begin with these parameters, or those of the seed; see golden.train.Engine.load."""
        self.chip = first_chip(self._d, parameters)
        self._device.load_chip(self.chip)

    def replace(self, device: Device) -> None:
        """Go on with another device, once `restore` has brought it to where this one was."""
        self._device = device

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._device.close()

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once; see golden.train.Engine.update."""
        batch = stored_batch(self._d, inputs, target)
        clocks = self._device.cycles
        learned = self._device.learn(*batch.to_learn(self._d.stage(update)))
        self.learning_cycles += self._device.cycles - clocks
        return real_loss(self._d, learned.loss)

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs from the hardware; see golden.train.Engine.predict."""
        found = self.infer(stored_inputs(self._d, inputs))
        return real(found, self._d.formats.membrane)

    def infer(self, inputs: Sequence[Ints]) -> Ints:
        """Stored outputs for stored inputs, for any numbers of rows.

        The grid of an operator chip has the batch's size: what is asked for is taken in tiles of
        it, the last of each axis filled up with the last row.
        """
        if self._d.kind == "mlp":
            return self._device.infer(inputs)
        shape, size = [len(rows) for rows in inputs], self._d.batch
        y = np.empty(shape, np.int64)
        for tile in np.ndindex(*(ceil_div(rows, n) for rows, n in zip(shape, size, strict=True))):
            places = [
                np.arange(at * n, min((at + 1) * n, rows))
                for at, n, rows in zip(tile, size, shape, strict=True)
            ]
            filled = [
                rows[np.resize(some, len(some) if part == 0 else n)]
                for part, (rows, some, n) in enumerate(zip(inputs, places, size, strict=True))
            ]
            found = self._device.infer(filled)
            y[np.ix_(*places)] = found[tuple(slice(len(some)) for some in places)]
        return y

    def flags(self) -> int:
        """FLAGS, what was clipped on the way since the engine began."""
        return self._device.read("FLAGS")

    def state(self) -> State:
        """What is read over the bus; see golden.checkpoint.Resumable.state."""
        drawn = self._d.network.coding == "bernoulli"
        coder = self._device.read_wide("CODER", signed=False) if drawn else 0
        lfsr = self._device.read_wide("LFSR", signed=False)
        return State(tuple(self._device.contents()), lfsr, self.learning_cycles, coder)

    def restore(self, state: State, updates: int) -> None:
        """Write a state over the bus; see golden.checkpoint.Resumable.restore."""
        learning = self._d.learning
        restore_chip(self.chip, state)
        phase = updates * learning.stages % learning.updates
        self._device.load_chip(self.chip, self._d.stage(updates), phase)
        self.learning_cycles = state.clocks

    def weights(self) -> Parameters:
        """Weights read back from the hardware; see golden.train.Engine.weights."""
        return real_parameters(*self._device.weights(), self._d.formats.weight)
