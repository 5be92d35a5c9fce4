"""The integer model as a training engine: real values in and out, stored integers inside."""

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.checkpoint import State
from dualspike.golden.chip import Chip
from dualspike.golden.integer import Matrix
from dualspike.golden.network import Parameters, start
from dualspike.golden.rounding import quantise, real, rounded
from dualspike.golden.train import PREDICT_ROWS
from dualspike.model.description import Description
from dualspike.model.formats import Format

Floats = NDArray[np.float64]


def stored_parameters(params: Parameters, form: Format) -> tuple[list[Matrix], list[Matrix]]:
    """Weights and biases as stored integers: rounded, halves up, and saturated."""

    def store(values: Floats) -> Matrix:
        return np.clip(rounded(values, form), form.lowest, form.highest).astype(np.int64)

    return [store(w) for w in params.weights], [store(b) for b in params.biases]


def first_chip(description: Description, initial: Parameters | None = None) -> Chip:
    """A chip before its first update, with the parameters ``initial`` or those of the seed."""
    if initial is None:
        initial = start(description, description.learning.seed)
    return Chip(description, *stored_parameters(initial, description.formats.weight))


def real_loss(description: Description, stored: int, samples: int) -> float:
    """L, 1/2 mean squared error and any local losses, from the chip's sum of squared errors."""
    unit = 4.0**description.formats.membrane.fraction * description.global_weight
    return stored / unit / (2 * samples)


def real_parameters(weights: list[Matrix], biases: list[Matrix], form: Format) -> Parameters:
    """Stored weights and biases as real values."""
    return Parameters(tuple(real(w, form) for w in weights), tuple(real(b, form) for b in biases))


def restore_chip(chip: Chip, state: State) -> None:
    """Put a chip into a state."""
    count = 2 * chip.d.n_layers
    chip.weights = [memory.copy() for memory in state.memories[:count:2]]
    chip.biases = [memory.copy() for memory in state.memories[1:count:2]]
    chip.velocities = [memory.copy() for memory in state.memories[count:]]
    chip.drawer.state, chip.coder.state = state.lfsr, state.coder


class FixedEngine:
    """`golden.chip.Chip` behind the `Engine` protocol; see `first_chip` for its start."""

    def __init__(self, description: Description, initial: Parameters | None = None) -> None:
        self._d = description
        self.chip = first_chip(description, initial)

    def update(self, x: Floats, target: Floats, update: int) -> float:
        """Learn once; see Engine.update."""
        f = self._d.formats
        record = self.chip.update(
            quantise(x, f.input, "x"), quantise(target, f.target, "y"), self._d.stage(update)
        )
        return real_loss(self._d, record.loss, len(x))

    def predict(self, x: Floats) -> Floats:
        """Outputs; see Engine.predict."""
        f = self._d.formats
        stored = quantise(x, f.input, "x")
        parts = [
            self.chip.infer(stored[first : first + PREDICT_ROWS])
            for first in range(0, len(stored), PREDICT_ROWS)
        ]
        return real(np.concatenate(parts), f.membrane)

    def state(self) -> State:
        """The chip's state; see golden.checkpoint.Resumable.state."""
        chip = self.chip.copy()
        pairs = zip(chip.weights, chip.biases, strict=True)
        memories = [memory for pair in pairs for memory in pair]
        memories += chip.velocities
        return State(tuple(memories), chip.drawer.state, coder=chip.coder.state)

    def restore(self, state: State, updates: int) -> None:
        """Go on from a state; see golden.checkpoint.Resumable.restore."""
        restore_chip(self.chip, state)

    def weights(self) -> Parameters:
        """Weights and biases now; see Engine.weights."""
        return real_parameters(self.chip.weights, self.chip.biases, self._d.formats.weight)
