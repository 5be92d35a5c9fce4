"""The memories behind WEIGHT_SELECT: one list that hardware, models and drivers follow.

Weights and biases of every layer in turn, then with momentum the velocities of all of these, or
the feedback matrices of all hidden layers where these are learned. What counts answers comes after
them: it is no part of what a chip has learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.register import BITS
from dualspike.model.once import once

Kind = Literal["weights", "biases", "weight_velocities", "bias_velocities", "feedback", "confusion"]
_T = TypeVar("_T")
COUNTED_CLASSES = 64
"""Most classes of which every answer is counted: 64^2 counts take 8 block RAMs of an ECP5."""


@dataclass(frozen=True)
class Memory:
    """Memory number ``select``: words of one layer, row by row (neuron, then input or output).

    ``shape`` is [n_out, n_in] for weights and their velocities, [n_out] for biases and theirs. A
    feedback matrix is [n_l, n_out]: neurons of its layer, outputs of the network. The confusion of
    the last layer's answers is [class, answer].
    """

    select: int
    kind: Kind
    layer: int
    shape: tuple[int, ...]
    format: Format

    @property
    def name(self) -> str:
        """What messages call it; velocities are counted through."""
        if self.kind in ("weights", "biases", "feedback"):
            return f"{self.kind}[{self.layer}]"
        if self.kind == "confusion":
            return self.kind
        return f"velocities[{2 * self.layer + (self.kind == 'bias_velocities')}]"


@once
def memory_map(description: Description) -> list[Memory]:
    """Every memory of a core, in the order of WEIGHT_SELECT."""
    d = description
    pairs: list[tuple[Kind, Kind, Format]] = [("weights", "biases", d.formats.weight)]
    if has_velocities(d):
        pairs.append(("weight_velocities", "bias_velocities", d.step_format))
    memories: list[Memory] = []
    for weights, biases, form in pairs:
        for layer, (n_in, n_out) in enumerate(d.shapes):
            memories.append(Memory(len(memories), weights, layer, (n_out, n_in), form))
            memories.append(Memory(len(memories), biases, layer, (n_out,), form))
    if d.parts[0].feedback_format is not None:
        form = d.parts[0].feedback_format
        for layer, width in enumerate(d.network.layers[1:-1]):
            memories.append(Memory(len(memories), "feedback", layer, (width, d.basis), form))
    return memories


@once
def confusion_memory(description: Description) -> Memory | None:
    """Counts of 32 bits of every answer to samples of every class, where the core has them."""
    d = description
    if not d.classes or d.basis > COUNTED_CLASSES:
        return None
    form = Format(signed=False, integer=BITS, fraction=0)
    return Memory(len(memory_map(d)), "confusion", d.n_layers - 1, (d.basis, d.basis), form)


def has_velocities(description: Description) -> bool:
    """Whether every weight and every bias has a velocity."""
    return description.step_format != description.formats.weight


def in_turn(weights: Sequence[_T], biases: Sequence[_T]) -> list[_T]:
    """Weights and biases of every layer in turn."""
    return [one for pair in zip(weights, biases, strict=True) for one in pair]


def apart(memories: Sequence[_T], layers: int) -> tuple[list[_T], list[_T], list[_T]]:
    """Weights layer by layer, biases layer by layer, and what comes after both."""
    words = memories[: 2 * layers]
    return list(words[::2]), list(words[1::2]), list(memories[2 * layers :])
