"""The 2-D Mexican hat, learned by an mlp."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualspike.golden.data.portable import rounded
from dualspike.golden.data.problem import Kind, Samples
from dualspike.golden.data.ranges import check_whole
from dualspike.golden.numeric import Doubles

HAT_SIGMA = 0.8
HAT_POINTS = 10_000
HAT_GRID = 65
HAT_SEED = 0


def hat(points: Doubles) -> Doubles:
    """Mexican hat [N, 1] at points [N, 2], with s = 0.8 and q = (x^2 + y^2) / (2 s^2).

    psi = (1 - q) exp(-q) / (pi s^4). Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).
    """
    q = np.square(points).sum(axis=1, keepdims=True) / (2 * HAT_SIGMA**2)
    return (1 - q) * np.exp(-q) / (math.pi * HAT_SIGMA**4)


@dataclass(frozen=True)
class HatSettings:
    """Points uniform on [-1, 1)^2: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).

    The training points and the 65 x 65 test grid (row-major) are those of ``data.source`` hat;
    ``validation`` further points, in [1, 100,000], come from default_rng([0, 2]). The hat is
    rounded to multiples of 2^-30, 5e-10 at most away, so that its bits are the same on every
    machine. Raises BadInput for a number outside its range.
    """

    name: ClassVar[str] = "hat"
    kind: ClassVar[Kind] = "mlp"
    batch_sizes: ClassVar[tuple[int | None, ...]] = (256,)

    validation: int = 2000

    def __post_init__(self) -> None:
        check_whole("validation", self.validation, 1, 100_000)

    def samples(self) -> tuple[Samples, Samples, Samples]:
        """Training, validation and test samples: x [N, 2]; target [N, 1]."""
        train = np.random.default_rng(HAT_SEED).uniform(-1, 1, (HAT_POINTS, 2))
        validation = np.random.default_rng((HAT_SEED, 2)).uniform(-1, 1, (self.validation, 2))
        axis = np.linspace(-1, 1, HAT_GRID)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        return _samples(train), _samples(validation), _samples(grid)


def _samples(x: Doubles) -> Samples:
    return Samples((x,), rounded(hat(x)))
