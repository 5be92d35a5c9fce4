"""The integer model as a training engine: real values in and out, stored integers inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from dualspike.golden.data.measures import classes_of, of_classes
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.integer.chips import chip_of
from dualspike.golden.integer.rounding import quantise, real, rounded
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Doubles, Ints, Matrix
from dualspike.golden.training.checkpoint import State
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput

Rows = TypeVar("Rows", Doubles, Matrix)

PREDICT_ROWS, PREDICT_ENTRIES = 4096, 1 << 18
"""Rows of the first part, and entries of y, that are predicted together: bounds the memory."""


@dataclass(frozen=True, eq=False)
class StoredBatch:
    """What a chip takes of a batch: inputs of every part, target, weights of functions.

    Without a target it is one to infer.
    """

    inputs: list[Matrix]
    target: Matrix | None
    scale: Matrix | None = None

    def to_learn(self, stage: int) -> tuple[list[Matrix], Matrix, int, Matrix | None]:
        """What the ``update`` of a chip takes, or a simulation's ``learn``; it needs a target."""
        assert self.target is not None
        return self.inputs, self.target, stage, self.scale


def stored_parameters(params: Parameters, form: Format) -> tuple[list[Matrix], list[Matrix]]:
    """Weights and biases as stored integers: rounded, halves up, and saturated."""

    def store(values: Doubles) -> Matrix:
        return np.clip(rounded(values, form), form.lowest, form.highest).astype(np.int64)

    return [store(w) for w in params.weights], [store(b) for b in params.biases]


def first_chip(description: Description, initial: Parameters | None = None) -> IntegerChip:
    """A chip before its first update, with the parameters ``initial`` or those of the seed.

    They are those of all layers, part after part, as in a file of weights.
    """
    if initial is None:
        initial = start(description, description.learning.seed)
    return chip_of(description, *stored_parameters(initial, description.formats.weight))


def stored_inputs(description: Description, inputs: Sequence[Doubles]) -> list[Matrix]:
    """Inputs [B_n, n_in] of every part, or [B, T, n_in] over time, rounded to their format."""
    wanted = [
        [network.time_steps] * (network.coding == "frames") + [network.layers[0]]
        for network in description.networks
    ]
    if [list(rows.shape[1:]) for rows in inputs] != wanted:
        came = [list(rows.shape) for rows in inputs]
        raise BadInput(f"inputs must have shapes {[['B', *n] for n in wanted]}, not {came}")
    return [quantise(rows, description.formats.input, "x") for rows in inputs]


def stored_batch(
    description: Description, inputs: Sequence[Doubles], target: Doubles
) -> StoredBatch:
    """A batch of the size that is described; BadInput for another, and outside of the formats."""
    batch = description.batch
    wanted = batch if len(batch) > 1 else [*batch, description.basis]
    if list(target.shape) != wanted:
        raise BadInput(f"target must have shape {wanted}, not {list(target.shape)}")
    if description.classes:
        return StoredBatch(stored_inputs(description, inputs), class_numbers(target))
    stored = quantise(target, description.formats.target, "y")
    return StoredBatch(
        stored_inputs(description, inputs), stored, stored_scale(description, stored)
    )


def class_numbers(target: Doubles) -> Matrix:
    """Numbers [B, 1] of the classes whose output is 1 in a row of the target; BadInput if none."""
    wrong = ~of_classes(target)
    if wrong.any():
        raise BadInput(
            "target must be 1 for one output and 0 for the others with learning.loss 'margin', not"
            f" {target[wrong][0].tolist()}"
        )
    return classes_of(target)[:, None].astype(np.int64)


def stored_scale(description: Description, target: Ints) -> Matrix | None:
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


def real_loss(description: Description, stored: int) -> float:
    """L of a batch from the chip's exact sum; see `golden.training.train.Engine.update`."""
    unit = 4.0**description.head.error_fraction * description.global_weight
    steps = description.parts[0].errors if description.online else 1
    return stored / unit / (2 * steps * int(np.prod(description.batch)))


def real_parameters(weights: list[Matrix], biases: list[Matrix], form: Format) -> Parameters:
    """Stored weights and biases as real values."""
    return Parameters(tuple(real(w, form) for w in weights), tuple(real(b, form) for b in biases))


def chunks(description: Description, inputs: Sequence[Rows]) -> list[list[Rows]]:
    """The inputs in pieces that are predicted one after the other; the first part is cut."""
    first, *others = inputs
    entries = int(np.prod([len(rows) for rows in others]))
    step = max(1, min(PREDICT_ROWS, PREDICT_ENTRIES // entries))
    return [[first[n : n + step], *others] for n in range(0, len(first), step)]


class FixedEngine:
    """A chip's integer model behind the `Engine` protocol; see `first_chip` for its start."""

    def __init__(self, description: Description, initial: Parameters | None = None) -> None:
        self._d = description
        self.chip = first_chip(description, initial)

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once; see Engine.update."""
        batch = stored_batch(self._d, inputs, target)
        record = self.chip.update(*batch.to_learn(self._d.stage(update)))
        return real_loss(self._d, record.loss)

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs; see Engine.predict."""
        stored = stored_inputs(self._d, inputs)
        parts = [self.chip.infer(piece) for piece in chunks(self._d, stored)]
        return real(np.concatenate(parts), self._d.formats.membrane)

    def load(self, parameters: Parameters) -> None:
        """Begin with these parameters; see Engine.load."""
        self.chip = first_chip(self._d, parameters)

    def state(self) -> State:
        """The chip's state; see golden.checkpoint.Resumable.state."""
        return chip_state(self.chip)

    def restore(self, state: State, updates: int) -> None:
        """Go on from a state; see golden.checkpoint.Resumable.restore."""
        restore_chip(self.chip, state)

    def weights(self) -> Parameters:
        """Weights and biases now; see Engine.weights."""
        return real_parameters(self.chip.weights, self.chip.biases, self._d.formats.weight)


def chip_state(chip: IntegerChip) -> State:
    """A copy of a chip's state."""
    chip = chip.copy()
    return State(tuple(chip.memories), chip.lfsr, coder=chip.coder.state)


def restore_chip(chip: IntegerChip, state: State) -> None:
    """Put a chip into a state."""
    chip.load(state.memories)
    chip.lfsr, chip.coder.state = state.lfsr, state.coder
