"""Reaction-diffusion equation with random sources: from f to u(x, t), learned by a SepONet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from dualspike.golden.data.problem import Kind, Samples
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.ranges import check_real, check_whole
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

_SWEEPS = 30
_CONVERGED = 1e-13


def solve_reaction_diffusion(
    source: Callable[[float], Doubles],
    cells: int,
    steps: int,
    diffusion: float,
    reaction: float,
) -> Doubles:
    """U [steps + 1, cells + 1, F] with u_t = D u_xx + k u^2 + f(x, t), zero at t = 0, x = 0, x = 1.

    ``source(t)`` is f [cells + 1, F] at time t on the uniform grid over [0, 1]; t ends at 1.
    Second order in time and space: central differences and Crank-Nicolson, with the source at
    mid-step and the mean of the reaction before and after a step. A step's equation is solved by
    repeated tridiagonal elimination until u changes by less than 1e-13 of its maximum.

    Raises BadInput if that does not happen, which is so for solutions that grow beyond all bounds.
    """
    dt, dx = 1 / steps, 1 / cells
    half = diffusion * dt / (2 * dx * dx)
    eliminate = _elimination(cells - 1, half)
    first = source(dt / 2)
    u = np.zeros((steps + 1, *first.shape))
    for step in range(steps):
        now = u[step]
        inner = now[1:-1]
        f = source((step + 0.5) * dt)[1:-1]
        known = inner + half * (now[:-2] - 2 * inner + now[2:]) + dt * f
        known += dt * reaction / 2 * inner * inner
        guess = 2 * inner - u[step - 1][1:-1] if step else inner
        u[step + 1][1:-1] = _fixed_point(eliminate, known, dt * reaction / 2, guess)
    return u


def _fixed_point(
    eliminate: Callable[[Doubles], Doubles], known: Doubles, rate: float, guess: Doubles
) -> Doubles:
    """V with A v = known + rate v^2."""
    for _ in range(_SWEEPS):
        with np.errstate(over="ignore", invalid="ignore"):
            better = eliminate(known + rate * guess * guess)
            change = np.abs(better - guess).max()
        if change <= _CONVERGED * np.abs(better).max():
            return better
        guess = better
    raise BadInput(
        "the solution must stay bounded for t in [0, 1], it does not:"
        " variance or reaction is too large or steps too few"
    )


def _elimination(n: int, half: float) -> Callable[[Doubles], Doubles]:
    """Solves (1 + 2 half) v[i] - half (v[i-1] + v[i+1]) = right[i] for right [n, F]."""
    pivots = np.empty(n)
    pivot = 1 + 2 * half
    for row in range(n):
        pivots[row] = pivot
        pivot = 1 + 2 * half - half * half / pivot
    factors = half / pivots

    def solve(right: Doubles) -> Doubles:
        v = right / pivots[:, None]
        for row in range(1, n):
            v[row] += factors[row] * v[row - 1]
        for row in range(n - 2, -1, -1):
            v[row] += factors[row] * v[row + 1]
        return v

    return solve


@dataclass(frozen=True)
class ReactionDiffusionSettings:
    """u_t = D u_xx + k u^2 + f(x): Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).

    x in (0, 1), t in (0, 1], u zero at the start and on the boundary. f comes from ``field``, drawn
    for each split by default_rng([seed, split]) with split 0 for training, 1 for testing, 2 for
    validation. It is given at ``sensors`` points, u asked for at ``points`` positions and ``times``
    times; all are uniform on [0, 1] with the ends, where u is 0 but at t = 1, included. f is drawn
    and u solved for on ``cells`` cells, a multiple of sensors - 1 and points - 1, in ``steps``
    steps, a multiple of times - 1. Nothing is normalised.

    The paper leaves the sensors open. Raises BadInput for counts of functions outside [1, 10,000],
    others outside [2, 2048], diffusion outside [1e-6, 1], reaction outside [0, 10] and a seed
    outside [0, 2^32).
    """

    name: ClassVar[str] = "reaction_diffusion"
    kind: ClassVar[Kind] = "seponet"
    batch_sizes: ClassVar[tuple[int | None, ...]] = (50, 32, 32)

    train: int = 100
    validation: int = 50
    test: int = 100
    field: RandomField = field(default_factory=lambda: RandomField("gaussian", 1.0))
    diffusion: float = 0.01
    reaction: float = 0.01
    sensors: int = 34
    points: int = 100
    times: int = 100
    cells: int = 198
    steps: int = 198
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            check_whole(name, getattr(self, name), 1, 10_000)
        check_real("diffusion", self.diffusion, 1e-6, 1)
        check_real("reaction", self.reaction, 0, 10)
        check_whole("seed", self.seed, 0, 2**32 - 1)
        for fine, name in (("cells", "sensors"), ("cells", "points"), ("steps", "times")):
            whole, part = getattr(self, fine), getattr(self, name)
            check_whole(fine, whole, 2, 2048)
            check_whole(name, part, 2, 2048)
            if whole % (part - 1):
                raise BadInput(f"{fine} must be a multiple of {name} - 1 = {part - 1}, not {whole}")

    def samples(self) -> tuple[Samples, Samples, Samples]:
        """Training, validation, test samples: f [F, sensors], x [X, 1], t [T, 1]; u [F, X, T]."""
        grid = np.linspace(0, 1, self.cells + 1)
        splits = ((0, self.train), (2, self.validation), (1, self.test))
        f = np.concatenate(
            [self.field.sample(grid, count, (self.seed, split)) for split, count in splits]
        )
        columns = np.ascontiguousarray(f.T)
        u = solve_reaction_diffusion(
            lambda _: columns, self.cells, self.steps, self.diffusion, self.reaction
        )
        point, time = self.cells // (self.points - 1), self.steps // (self.times - 1)
        target = u[::time, ::point].transpose(2, 1, 0)
        sensed = f[:, :: self.cells // (self.sensors - 1)]
        x = grid[::point, None].copy()
        t = np.linspace(0, 1, self.times)[:, None]
        ends = self.train, self.train + self.validation
        train, validation, test = (
            Samples((s.copy(), x, t), np.ascontiguousarray(y))
            for s, y in zip(np.split(sensed, ends), np.split(target, ends), strict=True)
        )
        return train, validation, test
