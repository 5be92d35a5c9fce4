"""1-D Poisson equation with random right sides: from g to u, learned by a DeepONet."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from dualspike.golden.data.problem import Kind, Samples
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.ranges import check_whole
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput


def solve_poisson(g: Doubles) -> Doubles:
    """U [F, n + 1] with -u'' = g on (-1, 1), u(-1) = u(1) = 0, for g [F, n + 1] on a uniform grid.

    Fourth order by Numerov's scheme, h = 2 / n:
    -(u[i-1] - 2 u[i] + u[i+1]) = h^2 (g[i-1] + 10 g[i] + g[i+1]) / 12.
    Summed up twice instead of eliminated: u[i] = i s - S[i] with S the double running sum of the
    right sides and s = S[n] / n, so that both ends are 0.
    """
    n = g.shape[1] - 1
    right = (g[:, :-2] + 10 * g[:, 1:-1] + g[:, 2:]) / 12 * (2 / n) ** 2
    u = np.zeros_like(g)
    sums = np.cumsum(np.cumsum(right, axis=1), axis=1)
    u[:, 1] = sums[:, -1] / n
    u[:, 2:-1] = np.arange(2, n) * u[:, 1:2] - sums[:, :-1]
    return u


@dataclass(frozen=True)
class PoissonSettings:
    """-u'' = g on (-1, 1), u(-1) = u(1) = 0: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).

    g comes from ``field``, drawn for each split by default_rng([seed, split]) with split 0 for
    training, 1 for testing, 2 for validation, so that a split does not depend on the others' sizes.
    It is given at ``sensors`` points, u asked for at ``points`` points; both are uniform on
    [-1, 1] with the ends, where u is 0, included. g is drawn and u solved for on a grid of
    ``cells`` cells, a multiple of sensors - 1 and points - 1. Nothing is normalised.

    The paper leaves the field's length and the sensors open. Raises BadInput for counts of
    functions outside [1, 100,000], others outside [2, 2048] and a seed outside [0, 2^32).
    """

    name: ClassVar[str] = "poisson"
    kind: ClassVar[Kind] = "deeponet"
    batch_sizes: ClassVar[tuple[int | None, ...]] = (200, None)

    train: int = 800
    validation: int = 200
    test: int = 800
    field: RandomField = field(default_factory=lambda: RandomField("gaussian", 0.5))
    sensors: int = 26
    points: int = 26
    cells: int = 400
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            check_whole(name, getattr(self, name), 1, 100_000)
        check_whole("cells", self.cells, 2, 2048)
        check_whole("seed", self.seed, 0, 2**32 - 1)
        for name in ("sensors", "points"):
            value = getattr(self, name)
            check_whole(name, value, 2, 2048)
            if self.cells % (value - 1):
                raise BadInput(
                    f"cells must be a multiple of {name} - 1 = {value - 1}, not {self.cells}"
                )

    def samples(self) -> tuple[Samples, Samples, Samples]:
        """Training, validation and test samples: u [F, sensors], points [P, 1]; target [F, P]."""
        return (
            self._split(0, self.train),
            self._split(2, self.validation),
            self._split(1, self.test),
        )

    def solved(self, split: int, functions: int) -> tuple[Doubles, Doubles, Doubles]:
        """The grid [cells + 1] and a split's g and u on it, [functions, cells + 1] each."""
        grid = np.linspace(-1, 1, self.cells + 1)
        g = self.field.sample(grid, functions, (self.seed, split))
        return grid, g, solve_poisson(g)

    def _split(self, split: int, functions: int) -> Samples:
        grid, g, u = self.solved(split, functions)
        sensor, point = self.cells // (self.sensors - 1), self.cells // (self.points - 1)
        inputs = (g[:, ::sensor].copy(), grid[::point, None].copy())
        return Samples(inputs, u[:, ::point].copy())
