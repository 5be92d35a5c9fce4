"""Reaction and diffusion: exact solutions, measured orders, the equation on the output grid."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.problems.reaction_diffusion import (
    ReactionDiffusionSettings,
    solve_reaction_diffusion,
)
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal


@pytest.fixture(scope="module")
def problem() -> Problem:
    return build(ReactionDiffusionSettings())


def manufactured(x: Doubles, t: float) -> Doubles:
    """U = sin(pi x) exp(x) sin(3 t)."""
    return np.sin(math.pi * x) * np.exp(x) * math.sin(3 * t)


def solved(cells: int, steps: int) -> Doubles:
    """The manufactured problem with D = 0.1, k = 1/2, where all three terms matter."""
    x = np.linspace(0, 1, cells + 1)[:, None]
    p, e = math.pi, np.exp(x)
    curved = ((1 - p * p) * np.sin(p * x) + 2 * p * np.cos(p * x)) * e

    def source(t: float) -> Doubles:
        u = manufactured(x, t)
        slope = 3 * np.sin(p * x) * e * math.cos(3 * t)
        return slope - 0.1 * curved * math.sin(3 * t) - u**2 / 2

    return solve_reaction_diffusion(source, cells, steps, 0.1, 0.5)


def orders(errors: list[float]) -> Doubles:
    return np.log2(np.array(errors[:-1]) / errors[1:])


def test_second_order_against_the_manufactured_solution() -> None:
    errors: list[float] = []
    for n in (16, 32, 64, 128):
        x, t = np.linspace(0, 1, n + 1), np.linspace(0, 1, n + 1)
        truth = np.stack([manufactured(x, time) for time in t.tolist()])
        errors.append(float(np.abs(solved(n, n)[..., 0] - truth).max()))
    assert errors[-1] < 3e-4
    assert ((orders(errors) > 1.9) & (orders(errors) < 2.1)).all(), orders(errors)


def test_second_order_in_time_alone() -> None:
    """Differences of solutions whose steps are halved, cells fixed."""
    solutions = [solved(20, steps)[:: steps // 10] for steps in (20, 40, 80, 160)]
    gaps = [float(np.abs(a - b).max()) for a, b in pairwise(solutions)]
    assert ((orders(gaps) > 1.9) & (orders(gaps) < 2.1)).all(), orders(gaps)


def test_second_order_in_space_alone() -> None:
    solutions = [solved(cells, 20)[:, :: cells // 10] for cells in (20, 40, 80, 160)]
    gaps = [float(np.abs(a - b).max()) for a, b in pairwise(solutions)]
    assert ((orders(gaps) > 1.9) & (orders(gaps) < 2.1)).all(), orders(gaps)


def test_diffusion_alone_decays_to_the_steady_state() -> None:
    """K = 0, f = sin(pi x): u = (1 - exp(-D pi^2 t)) / (D pi^2) sin(pi x)."""
    x = np.linspace(0, 1, 101)[:, None]
    u = solve_reaction_diffusion(lambda _: np.sin(math.pi * x), 100, 100, 0.5, 0.0)
    rate = 0.5 * math.pi**2
    t = np.linspace(0, 1, 101)[:, None, None]
    truth = (1 - np.exp(-rate * t)) / rate * np.sin(math.pi * x)
    assert np.abs(u - truth).max() < 2e-4 * truth.max()


def test_reaction_alone_follows_the_tangent() -> None:
    """Far from the boundary, with hardly any diffusion: u' = k u^2 + f, u = sqrt(f/k) tan(..)."""
    u = solve_reaction_diffusion(lambda _: np.full((11, 1), 2.0), 10, 400, 1e-9, 0.5)
    t = np.linspace(0, 1, 401)
    assert np.abs(u[:, 5, 0] - 2 * np.tan(t)).max() < 2e-4


STRONG = cast(ReactionDiffusionSettings, load_settings("reaction_diffusion_strong").problem)


def strong(cells: int, steps: int, functions: int = 5) -> Doubles:
    """U at t = 1 and 22 intervals, by the settings with a reaction that counts."""
    f = STRONG.field.sample(np.linspace(0, 1, 793), functions, (0, 1))[:, :: 792 // cells].T
    u = solve_reaction_diffusion(lambda _: f, cells, steps, STRONG.diffusion, STRONG.reaction)
    return u[-1, :: cells // 22]


def test_a_strong_reaction_is_solved_to_second_order() -> None:
    solutions = [strong(n, n) for n in (66, 132, 264)]
    gaps = [float(np.abs(a - b).max()) for a, b in pairwise(solutions)]
    assert 1.8 < orders(gaps)[0] < 2.2


def test_a_strong_reaction_agrees_with_another_method() -> None:
    """Chebyshev collocation in space and Runge-Kutta's fourth-order steps in time."""
    n, steps = 20, 1000
    nodes = 0.5 - 0.5 * np.cos(math.pi * np.arange(n + 1) / n)
    places = np.linspace(0, 1, 23)
    basis = np.polynomial.chebyshev.chebvander(2 * nodes - 1, n)
    curved = np.polynomial.chebyshev.chebder(np.eye(n + 1), 2)
    second = 4 * np.polynomial.chebyshev.chebvander(2 * nodes - 1, n - 2) @ curved
    second = second @ np.linalg.inv(basis)
    second[[0, -1]] = 0
    grid = np.linspace(0, 1, 793)
    drawn = STRONG.field.sample(grid, 5, (0, 1))
    fitted = np.polynomial.chebyshev.Chebyshev.fit
    f = np.array([fitted(grid, one, n, [0, 1])(nodes) for one in drawn]).T
    f[[0, -1]] = 0

    def rate(u: Doubles) -> Doubles:
        return STRONG.diffusion * second @ u + STRONG.reaction * u * u + f

    u, dt = np.zeros_like(f), 1 / steps
    for _ in range(steps):
        a = rate(u)
        b = rate(u + dt / 2 * a)
        c = rate(u + dt / 2 * b)
        u = u + dt / 6 * (a + 2 * b + 2 * c + rate(u + dt * c))
    theirs = np.polynomial.chebyshev.chebvander(2 * places - 1, n) @ np.linalg.solve(basis, u)
    ours = strong(STRONG.cells, STRONG.steps)
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()


def test_the_strong_reaction_moves_the_solution() -> None:
    """By a tenth and more of its norm, in the median function."""
    with_it, without = (
        build(replace(STRONG, reaction=k, train=1, validation=1)).test.target for k in (10.0, 0.0)
    )
    moved = np.linalg.norm(with_it - without, axis=(1, 2)) / np.linalg.norm(with_it, axis=(1, 2))
    assert 0.1 < np.median(moved) < 0.13


def test_unbounded_solutions_are_refused() -> None:
    assert refusal(
        solve_reaction_diffusion, lambda _: np.full((11, 1), 100.0), 10, 100, 0.01, 10.0
    ) == (
        "the solution must stay bounded for t in [0, 1], it does not:"
        " variance or reaction is too large or steps too few"
    )


def test_default_problem(problem: Problem) -> None:
    assert (problem.name, problem.kind) == ("reaction_diffusion", "seponet")
    assert (problem.n_in, problem.n_out) == ((34, 1, 1), None)
    assert problem.batch_sizes == (50, 32, 32)
    for samples, functions in ((problem.train, 100), (problem.validation, 50), (problem.test, 100)):
        f, x, t = samples.inputs
        assert (f.shape, x.shape, t.shape) == ((functions, 34), (100, 1), (100, 1))
        u = samples.target
        assert u.shape == (functions, 100, 100)
        assert u.flags.c_contiguous and f.flags.c_contiguous
        for axis in (x, t):
            np.testing.assert_allclose(axis[:, 0], np.linspace(0, 1, 100), rtol=0, atol=1e-15)
        assert (u[:, :, 0] == 0).all()
        assert (u[:, [0, -1]] == 0).all()
        assert (u[:, 1:-1, 1:] != 0).all()


def test_output_obeys_the_equation(problem: Problem) -> None:
    """Central differences on the output grid at the sensors, every third of its points."""
    f, u = problem.test.inputs[0], problem.test.target
    h = 1 / 99
    slope = (u[:, :, 2:] - u[:, :, :-2])[:, 1:-1] / (2 * h)
    curved = (u[:, 2:] - 2 * u[:, 1:-1] + u[:, :-2])[:, :, 1:-1] / h**2
    residual = (slope - 0.01 * curved - 0.01 * u[:, 1:-1, 1:-1] ** 2)[:, 2::3] - f[:, 1:-1, None]
    # The corners of x and t, where zero boundary and f disagree, are not smooth.
    assert np.abs(residual[:, 3:-3, 20:]).max() < 0.002 * np.abs(f).max()
    # ... which a reaction or diffusion left out, or a shift by one grid point, would exceed.
    reaction = 0.01 * u**2
    assert np.abs(reaction).max() > 0.015 * np.abs(f).max()


def test_grid_is_fine_enough() -> None:
    """Half the cells and steps change the solution by 3 of 10,000: the rest is a third of that."""
    x = np.linspace(0, 1, 199)
    f = np.ascontiguousarray(RandomField("gaussian", 1.0).sample(x, 20, (0, 0)).T)
    fine = solve_reaction_diffusion(lambda _: f, 198, 198, 0.01, 0.01)[::2, ::2]
    coarse = solve_reaction_diffusion(lambda _: f[::2], 99, 99, 0.01, 0.01)
    assert np.linalg.norm(coarse - fine) / np.linalg.norm(fine) < 3e-4


def test_splits_do_not_depend_on_each_other(problem: Problem) -> None:
    parts = [problem.train, problem.validation, problem.test]
    assert len({row.tobytes() for part in parts for row in part.inputs[0]}) == 250
    small = build(ReactionDiffusionSettings(train=3, validation=2, test=1))
    for part, whole in zip((small.train, small.validation, small.test), parts, strict=True):
        n = len(part.target)
        assert (part.inputs[0] == whole.inputs[0][:n]).all()
        # The sweeps of a step end for all functions at once: the last bits may differ.
        np.testing.assert_allclose(part.target, whole.target[:n], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": 0}, "train must be an integer in [1, 10000], not 0"),
        ({"diffusion": 0}, "diffusion must be a number in [1e-06, 1], not 0"),
        ({"reaction": -0.01}, "reaction must be a number in [0, 10], not -0.01"),
        ({"sensors": 26}, "cells must be a multiple of sensors - 1 = 25, not 198"),
        ({"points": 101}, "cells must be a multiple of points - 1 = 100, not 198"),
        ({"times": 1}, "times must be an integer in [2, 2048], not 1"),
        ({"steps": 150}, "steps must be a multiple of times - 1 = 99, not 150"),
        ({"seed": 2**32}, "seed must be an integer in [0, 4294967295], not 4294967296"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    assert refusal(ReactionDiffusionSettings, **changes) == message
