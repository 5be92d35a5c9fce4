"""Instantaneous losses: of a class, cross-entropy and squared error; of numbers; of a chip."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput


class StepLoss(Protocol):
    """What one step's output is worth."""

    def __call__(self, output: Floats, target: NDArray[Any]) -> tuple[Floats, Floats]:
        """Loss [B] and its derivative dL/do [B, n_out] for output [B, n_out], target [B, ...]."""
        ...


@dataclass(frozen=True)
class SquaredLoss:
    """L = mean((o - y)^2) over the outputs, for a target y [B, n_out]."""

    def __call__(self, output: Floats, target: NDArray[Any]) -> tuple[Floats, Floats]:
        """See StepLoss."""
        distance = output - target
        return np.square(distance).mean(axis=1), 2 / output.shape[1] * distance


@dataclass(frozen=True)
class ChipLoss:
    """L = 1/2 sum of e^2 over the outputs, e = o - y for a target y [B, n_out]: what a chip learns.

    With ``margin`` an error counts on the wrong side of its target only: o below y > 0, or above
    y <= 0.
    """

    margin: bool = False

    def __call__(self, output: Floats, target: NDArray[Any]) -> tuple[Floats, Floats]:
        """See StepLoss."""
        error = output - target
        if self.margin:
            error = np.where(target > 0, np.minimum(error, 0), np.maximum(error, 0))
        return np.square(error).sum(axis=1) / 2, error


@dataclass(frozen=True)
class MixedLoss:
    """L = (1 - share) CE(softmax(o), y) + share mean((o - y)^2) of one step's output o.

    y is 1 for the sample's class and 0 elsewhere; the mean is over the outputs. ``share`` in
    [0, 1]. Source: Xiao et al., "Online training through time", 2022, with share 0.05.
    """

    share: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise BadInput(f"share must be in [0, 1], not {self.share}")

    def __call__(self, output: Floats, target: NDArray[Any]) -> tuple[Floats, Floats]:
        """See StepLoss; the target [B] are classes."""
        rows, labels = np.arange(len(target)), target
        shifted = output - output.max(axis=1, keepdims=True)
        odds = np.exp(shifted)
        total = odds.sum(axis=1, keepdims=True)
        entropy = np.log(total[:, 0]) - shifted[rows, labels]
        softmax = odds / total
        softmax[rows, labels] -= 1
        distance = output.copy()
        distance[rows, labels] -= 1
        loss = (1 - self.share) * entropy + self.share * np.square(distance).mean(axis=1)
        slope = (1 - self.share) * softmax + (2 * self.share / output.shape[1]) * distance
        return loss, slope
