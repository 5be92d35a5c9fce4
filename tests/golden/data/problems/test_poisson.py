"""Poisson's equation: exact solutions, measured order, Green's function, the default problem."""

import math
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.data.problems.poisson import PoissonSettings, solve_poisson
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal


@pytest.fixture(scope="module")
def problem() -> Problem:
    return build(PoissonSettings())


def green(points: Doubles) -> Doubles:
    """G(x, s) = (1 + min) (1 - max) / 2 of -u'' on (-1, 1): u(x) = integral of G(x, s) g(s) ds."""
    x, s = points[:, None], points
    return (1 + np.minimum(x, s)) * (1 - np.maximum(x, s)) / 2


@pytest.mark.parametrize("cells", [2, 3, 4, 25])
def test_exact_for_polynomials(cells: int) -> None:
    """Numerov's scheme is exact for u of degree 5: u = (1 - x^2) (a + b x + c x^2 + d x^3)."""
    x = np.linspace(-1, 1, cells + 1)
    polynomial = np.polynomial.Polynomial([1, 0, -1]) * np.polynomial.Polynomial([1, -2, 3, 0.5])
    quadratic = np.polynomial.Polynomial([1, 0, -1])
    u = solve_poisson(np.stack([-polynomial.deriv(2)(x), -quadratic.deriv(2)(x)]))
    np.testing.assert_allclose(u, [polynomial(x), quadratic(x)], rtol=0, atol=1e-13)


def test_fourth_order() -> None:
    """Manufactured: u = sin(2 pi x) exp(x), g = -u''."""
    errors: list[float] = []
    for cells in (25, 50, 100, 200):
        x = np.linspace(-1, 1, cells + 1)
        w = 2 * math.pi
        g = ((w * w - 1) * np.sin(w * x) - 2 * w * np.cos(w * x)) * np.exp(x)
        u = solve_poisson(g[None])[0]
        errors.append(float(np.abs(u - np.sin(w * x) * np.exp(x)).max()))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert ((orders > 3.9) & (orders < 4.1)).all(), orders


def test_random_right_side_against_greens_function() -> None:
    x = np.linspace(-1, 1, 401)
    for kernel in ("gaussian", "matern12"):
        g = RandomField(kernel, 0.5).sample(x, 20, (7,))
        # The trapezoidal rule, of second order: G has its kink at a node, g vanishes under G = 0.
        expected = g @ green(x) * (2 / 400)
        assert np.abs(solve_poisson(g) - expected).max() < 2e-3 * np.abs(expected).max()
    g = RandomField("gaussian", 0.5).sample(x, 20, (7,))
    assert np.abs(solve_poisson(g) - g @ green(x) * (2 / 400)).max() < 3e-5


def test_default_problem(problem: Problem) -> None:
    assert (problem.name, problem.kind) == ("poisson", "deeponet")
    assert (problem.n_in, problem.n_out) == ((26, 1), None)
    assert problem.batch_sizes == (200, None)
    for samples, functions in (
        (problem.train, 800),
        (problem.validation, 200),
        (problem.test, 800),
    ):
        g, points = samples.inputs
        u = samples.target
        assert (g.shape, points.shape, u.shape) == ((functions, 26), (26, 1), (functions, 26))
        np.testing.assert_allclose(points[:, 0], np.linspace(-1, 1, 26), rtol=0, atol=1e-15)
        assert (u[:, [0, -1]] == 0).all()
        # Solved anew from the 26 sensors only: sensors and points are where they claim to be.
        assert np.abs(solve_poisson(g) - u).max() < 2e-3
        assert u.flags.c_contiguous and g.flags.c_contiguous


def test_solutions_have_the_variance_of_theory(problem: Problem) -> None:
    """Var u(x) = double integral of G(x, s) k(s, s') G(x, s'), by z-score over all functions."""
    fine = np.linspace(-1, 1, 401)
    weights = green(fine)[16:-1:16] * (2 / 400)
    u = np.concatenate([problem.train.target, problem.validation.target, problem.test.target])

    def z_scores(length: float) -> Doubles:
        covariance = RandomField("gaussian", length).covariance(fine)
        variance = np.einsum("ps,st,pt->p", weights, covariance, weights, optimize=True)
        measured = (u[:, 1:-1] ** 2).mean(axis=0)
        return (measured - variance) / (variance * math.sqrt(2 / len(u)))

    assert np.abs(z_scores(0.5)).max() < 4
    assert np.abs(z_scores(0.7)).max() > 5


def test_splits_are_disjoint_and_do_not_depend_on_each_other(problem: Problem) -> None:
    parts = [problem.train, problem.validation, problem.test]
    rows = {row.tobytes() for part in parts for row in part.inputs[0]}
    assert len(rows) == 1800
    small = build(PoissonSettings(train=3, validation=5, test=2))
    for part, whole in zip((small.train, small.validation, small.test), parts, strict=True):
        assert (part.target == whole.target[: len(part.target)]).all()
    other = build(PoissonSettings(train=3, validation=5, test=2, seed=1))
    assert (other.train.inputs[0] != small.train.inputs[0]).all()


def test_sensors_points_and_field_are_free() -> None:
    field = RandomField("matern52", 0.3, 4.0)
    settings = PoissonSettings(6, 2, 3, field, sensors=11, points=5, cells=40)
    train = build(settings).train
    assert (train.inputs[0].shape, train.target.shape) == ((6, 11), (6, 5))
    fine = field.sample(np.linspace(-1, 1, 41), 6, (0, 0))
    assert (train.inputs[0] == fine[:, ::4]).all()
    assert (train.target == solve_poisson(fine)[:, ::10]).all()
    assert train.inputs[1][:, 0].tolist() == [-1, -0.5, 0, 0.5, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": 0}, "train must be an integer in [1, 100000], not 0"),
        ({"validation": 2.5}, "validation must be an integer in [1, 100000], not 2.5"),
        ({"test": True}, "test must be an integer in [1, 100000], not True"),
        ({"sensors": 1}, "sensors must be an integer in [2, 2048], not 1"),
        ({"points": 28}, "cells must be a multiple of points - 1 = 27, not 400"),
        ({"cells": 4096}, "cells must be an integer in [2, 2048], not 4096"),
        ({"seed": -1}, "seed must be an integer in [0, 4294967295], not -1"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    assert refusal(PoissonSettings, **changes) == message
