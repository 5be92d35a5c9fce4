"""Moments against sums over all signs, and against quadrature for normal factors: both exact."""

import itertools
import math

import numpy as np
import pytest

from dualspike.golden.experiments.estimator import theory
from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.layout import Layout
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator

STRUCTURES: list[Structure] = ["independent", "factored"]
DISTRIBUTIONS: list[Distribution] = ["rademacher", "gaussian"]
# Two layers: [1, 2] and [2, 2].
SHAPES = [(1, 2), (2, 2)]


def gradient(seed: int = 1) -> list[Floats]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) * scale for shape, scale in zip(SHAPES, (0.5, 2), strict=True)]


def nodes(distribution: Distribution) -> tuple[Floats, Floats]:
    """Points and weights of one number: exact for polynomials up to degree 9 and all of signs."""
    if distribution == "rademacher":
        return np.array([1.0, -1.0]), np.array([0.5, 0.5])
    x, w = np.polynomial.hermite_e.hermegauss(5)
    return x, w / w.sum()


def directions(
    shape: tuple[int, int], distribution: Distribution, structure: Structure
) -> tuple[Floats, Floats]:
    """Every direction of one layer, [count, rows, columns], and its weight."""
    rows, columns = shape
    numbers = rows + columns if structure == "factored" else rows * columns
    x, w = nodes(distribution)
    points = np.array(list(itertools.product(x, repeat=numbers)))
    weights = np.array([math.prod(p) for p in itertools.product(w, repeat=numbers)])
    if structure == "factored":
        return points[:, :rows, None] * points[:, None, rows:], weights
    return points.reshape(-1, rows, columns), weights


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_moments_are_exact(distribution: Distribution, structure: Structure) -> None:
    """Both layers at once: every pair of directions, by its weight."""
    g = gradient()
    slopes: list[Floats] = []
    sizes: list[Floats] = []
    chances: list[Floats] = []
    for block in g:
        v, w = directions((block.shape[0], block.shape[1]), distribution, structure)
        s = np.einsum("kij,ij->k", v, block)
        slopes.append(s)
        sizes.append(np.einsum("kij,kij->k", v, v))
        chances.append(w)
        assert w @ s**2 == pytest.approx(np.square(block).sum(), rel=1e-11)
        expected = theory.fourth_moment(block, distribution, structure)
        assert w @ s**4 == pytest.approx(expected, rel=1e-11)
    total = sum(np.square(block).sum() for block in g)
    s = slopes[0][:, None] + slopes[1]
    length = sizes[0][:, None] + sizes[1]
    chance = chances[0][:, None] * chances[1]
    # E|s v - g|^2 = E[s^2 |v|^2] - |g|^2, the estimate being unbiased.
    found = (chance * s**2 * length).sum() / total - 1
    assert found == pytest.approx(theory.variance(g, "global", distribution, structure), rel=1e-11)
    apart = sum(w @ (s**2 * n) for w, s, n in zip(chances, slopes, sizes, strict=True)) / total - 1
    assert apart == pytest.approx(theory.variance(g, "layer", distribution, structure), rel=1e-11)
    found = (chance * s**4).sum() / total**2
    assert found == pytest.approx(theory.kurtosis(g, distribution, structure), rel=1e-11)


def test_the_known_special_cases() -> None:
    g = gradient()
    n = sum(block.size for block in g)
    for structure in STRUCTURES:
        assert theory.variance(g, "global", "rademacher", structure, 4) == pytest.approx(
            (n - 1) / 4
        )
    assert theory.variance(g, "global", "gaussian", "independent", 4) == pytest.approx((n + 1) / 4)
    assert theory.kurtosis(g, "gaussian", "independent") == pytest.approx(3)
    # A gradient of rank 1: the slope is a product of two normals, of kurtosis 3 * 3.
    one = [np.outer([1.0, -2.0, 3.0], [2.0, 0.5])]
    assert theory.kurtosis(one, "gaussian", "factored") == pytest.approx(9)
    # A single weight: its sign squared is 1.
    assert theory.kurtosis([np.ones((1, 1))], "rademacher", "independent") == pytest.approx(1)
    assert theory.cosine((n - 1) / 4) == pytest.approx(math.sqrt(4 / (n + 3)))


def test_two_directions_halve_the_variance() -> None:
    """All pairs of directions of signs for one layer."""
    block = gradient()[1]
    v, _ = directions((2, 2), "rademacher", "factored")
    single = np.einsum("kij,ij->k", v, block)[:, None, None] * v
    pairs = (single[:, None] + single) / 2 - block
    found = np.square(pairs).sum(axis=(2, 3)).mean() / np.square(block).sum()
    assert found == pytest.approx(theory.variance([block], "layer", "lfsr", "factored", 2))


@pytest.mark.parametrize("count", [1, 3])
def test_the_cosine_of_normal_directions(count: int) -> None:
    """Root mean square over 20,000 draws, within 4 standard errors."""
    g = np.array([1.0, -2, 0.5, 0, 3])
    v = np.random.default_rng(1).standard_normal((20000, count, len(g)))
    estimate = np.einsum("ski,i,skj->sj", v, g, v)
    squares = (estimate @ g) ** 2 / (np.square(estimate).sum(axis=1) * (g @ g))
    error = squares.std() / math.sqrt(len(squares))
    assert abs(squares.mean() - theory.normal_cosine(len(g), count) ** 2) < 4 * error
    assert abs(squares.mean() - theory.normal_cosine(len(g) + 1, count) ** 2) > 4 * error


def test_blocks_are_layers_with_the_bias_first() -> None:
    layout = Layout(Operator(parts=[Network(layers=[2, 3, 1])]))
    first, second = theory.blocks(layout, np.arange(layout.size, dtype=float))
    assert first.tolist() == [[6, 0, 1], [7, 2, 3], [8, 4, 5]]
    assert second.tolist() == [[12, 9, 10, 11]]


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_independent_and_factored_signs_have_one_variance(scope: Scope) -> None:
    g = gradient(3)
    assert theory.variance(g, scope, "rademacher", "factored") == theory.variance(
        g, scope, "lfsr", "independent"
    )
