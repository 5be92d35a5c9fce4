"""The integer operator chip as a training engine: real values in and out, integers inside."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.checkpoint import State
from dualspike.golden.fixed import real_parameters, stored_parameters
from dualspike.golden.integer import Matrix
from dualspike.golden.integer_operator import OperatorChip
from dualspike.golden.network import Layout, Parameters
from dualspike.golden.rounding import Ints, quantise, real
from dualspike.model.errors import BadInput
from dualspike.model.operator_chip import OperatorDescription

Floats = NDArray[np.float64]

PREDICT_ENTRIES = 1 << 18
"""Entries of y that are predicted together, about: bounds the memory."""


def first_operator_chip(
    description: OperatorDescription, initial: Parameters | None = None
) -> OperatorChip:
    """A chip before its first update, with the parameters ``initial`` or those of the seed.

    They are rounded and saturated; ``initial`` has the layers of all parts, as a file of weights.
    """
    if initial is None:
        layout = Layout(description.operator)
        initial = layout.whole(layout.start(description.learning.seed))
    return OperatorChip(description, *stored_parameters(initial, description.formats.weight))


def stored_scale(description: OperatorDescription, target: Ints) -> Matrix | None:
    """Weights [F] of the functions of a stored target [F, ...], None without a floor.

    m / (m_f + floor m), rounded to the format scale, halves up, saturated; exact fractions, so
    that they are the same on every machine. A function that is 0 everywhere with m = 0 weighs 1.
    """
    floor, form = description.learning.floor, description.formats.scale
    if floor is None:
        return None
    squares = np.square(target.astype(np.int64).reshape(len(target), -1)).sum(axis=1).tolist()
    total, (least, unit) = sum(squares), floor.as_integer_ratio()
    stored = [1 << form.fraction] * len(squares)
    if total:
        above = (unit * total) << (form.fraction + 1)
        below = [unit * len(squares) * square + least * total for square in squares]
        stored = [(above + one) // (2 * one) for one in below]
    return np.array([min(one, form.highest) for one in stored], np.int64)


def real_operator_loss(description: OperatorDescription, stored: int, entries: int) -> float:
    """1/2 mean weighted squared error from the chip's sum."""
    return stored / 4.0**description.formats.error.fraction / (2 * entries)


def interleaved(weights: Sequence[Matrix], biases: Sequence[Matrix]) -> list[Matrix]:
    """Memories in the order of WEIGHT_SELECT: weights and biases in turn."""
    return [one for pair in zip(weights, biases, strict=True) for one in pair]


class FixedOperatorEngine:
    """`golden.integer_operator.OperatorChip`, fed with real values; see `first_operator_chip`."""

    def __init__(self, description: OperatorDescription, initial: Parameters | None = None) -> None:
        self._d = description
        self.chip = first_operator_chip(description, initial)

    def update(self, inputs: Sequence[Floats], target: Floats, update: int) -> float:
        """Learn once from inputs [B_n, n_in] of every part and target [B_0, B_1, ...].

        Updates are counted from 0. Returns the loss before the update: 1/2 mean over all entries
        of the weighted squared error. Raises BadInput for a batch of another size than described
        and for values outside their formats.
        """
        batch = self.stored_batch(inputs, target)
        record = self.chip.update(*batch, self._d.stage(update))
        return real_operator_loss(self._d, record.loss, target.size)

    def stored_batch(
        self, inputs: Sequence[Floats], target: Floats
    ) -> tuple[list[Matrix], Matrix, Matrix | None]:
        """What a chip takes of a batch: inputs, target, weights of functions; see ``update``."""
        batch = self._d.learning.batch
        if list(target.shape) != batch:
            raise BadInput(f"target must have shape {batch}, not {list(target.shape)}")
        stored = quantise(target, self._d.formats.target, "y")
        return self.stored(inputs), stored, stored_scale(self._d, stored)

    def predict(self, inputs: Sequence[Floats]) -> Floats:
        """Outputs [B_0, B_1, ...], for any numbers of rows."""
        branch, *trunks = self.stored(inputs)
        entries = int(np.prod([len(rows) for rows in trunks]))
        step = max(1, PREDICT_ENTRIES // entries)
        parts = [
            self.chip.infer([branch[first : first + step], *trunks])
            for first in range(0, len(branch), step)
        ]
        return real(np.concatenate(parts), self._d.formats.membrane)

    def state(self) -> State:
        """The chip's state; see golden.checkpoint.Resumable.state."""
        chip = self.chip
        memories = interleaved(chip.weights, chip.biases) + chip.velocities
        return State(tuple(memory.copy() for memory in memories), chip.signs.state)

    def restore(self, state: State, updates: int) -> None:
        """Go on from a state; see golden.checkpoint.Resumable.restore."""
        memories = [memory.copy() for memory in state.memories]
        count = 2 * self._d.n_layers
        self.chip.weights, self.chip.biases = memories[:count:2], memories[1:count:2]
        self.chip.learner.velocities = memories[count:]
        self.chip.signs.state = state.lfsr

    def weights(self) -> tuple[Parameters, ...]:
        """Weights and biases of every part now, in real values; copies."""
        return self.real_weights(self.chip.weights, self.chip.biases)

    def real_weights(self, weights: list[Matrix], biases: list[Matrix]) -> tuple[Parameters, ...]:
        """Stored weights and biases of all layers as real values, part by part."""
        parts = [self._d.layers_of(part) for part in range(len(self._d.parts))]
        return tuple(
            real_parameters(
                weights[part.start : part.stop],
                biases[part.start : part.stop],
                self._d.formats.weight,
            )
            for part in parts
        )

    def stored(self, inputs: Sequence[Floats]) -> list[Matrix]:
        """Inputs of every part, rounded to their format."""
        shapes = [network.layers[0] for network in self._d.parts]
        if [rows.shape[1:] for rows in inputs] != [(n_in,) for n_in in shapes]:
            came = [list(rows.shape) for rows in inputs]
            raise BadInput(f"inputs must have shapes {[['B', n] for n in shapes]}, not {came}")
        return [quantise(rows, self._d.formats.input, "inputs") for rows in inputs]
