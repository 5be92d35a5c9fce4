"""Products of parts against their definition, and the loss with its derivative."""

import numpy as np
import pytest

from dualspike.golden.float import combine as combine_module
from dualspike.golden.float.combine import combine, loss_and_cotangents, shape_of
from dualspike.golden.numeric import Floats

SUMS = {1: "ai->ai", 2: "ai,bi->ab", 3: "ai,bi,ci->abc", 4: "ai,bi,ci,di->abcd"}
PULLS = {
    2: ["ab,bi->ai", "ab,ai->bi"],
    3: ["abc,bi,ci->ai", "abc,ai,ci->bi", "abc,ai,bi->ci"],
    4: ["abcd,bi,ci,di->ai", "abcd,ai,ci,di->bi", "abcd,ai,bi,di->ci", "abcd,ai,bi,ci->di"],
}


def outputs(parts: int) -> list[Floats]:
    rng = np.random.default_rng(parts)
    return [rng.standard_normal((rows, 5)) for rows in (3, 4, 2, 6)[:parts]]


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_combine(parts: int) -> None:
    factors = outputs(parts)
    y = combine(factors)
    np.testing.assert_allclose(y, np.einsum(SUMS[parts], *factors), rtol=1e-12, atol=1e-13)
    assert shape_of(factors) == y.shape


@pytest.mark.parametrize("parts", [2, 3, 4])
@pytest.mark.parametrize("entries", [1, 30, 1 << 16])
def test_cotangents(parts: int, entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """dL/dA_n = <error / size, dy/dA_n>, whatever part of y is looked at together."""
    monkeypatch.setattr(combine_module, "ENTRIES", entries)
    factors = outputs(parts)
    error = np.random.default_rng(9).standard_normal([len(factor) for factor in factors])
    loss, got = loss_and_cotangents(factors, combine(factors) - error)
    assert loss == pytest.approx(0.5 * np.mean(error**2), rel=1e-13)
    for part, (subscripts, m) in enumerate(zip(PULLS[parts], got, strict=True)):
        others = [factor for n, factor in enumerate(factors) if n != part]
        expected = np.einsum(subscripts, error / error.size, *others)
        np.testing.assert_allclose(m, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
@pytest.mark.parametrize("floor", [None, 0.1])
def test_cotangents_are_derivatives_of_the_loss(parts: int, floor: float | None) -> None:
    """The loss is quadratic in every single factor: central differences are exact."""
    factors = outputs(parts)
    target = np.random.default_rng(2).standard_normal(shape_of(factors))
    _, got = loss_and_cotangents(factors, target, floor)
    for part, factor in enumerate(factors):
        for index in np.ndindex(factor.shape):
            sides: list[float] = []
            for h in (0.5, -0.5):
                moved = [f.copy() for f in factors]
                moved[part][index] += h
                sides.append(loss_and_cotangents(moved, target, floor)[0])
            expected = pytest.approx(got[part][index], rel=1e-9, abs=1e-12)
            assert sides[0] - sides[1] == expected


def test_loss_of_a_perceptron_sums_over_outputs() -> None:
    y, target = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    loss, (error,) = loss_and_cotangents([y], target)
    assert loss == (0 + 4 + 9 + 16) / 2 / 2
    assert error.tolist() == [[0, 1], [1.5, 2]]
    assert y.tolist() == [[1, 2], [3, 4]]


def test_floor_weighs_functions() -> None:
    """Mean squares 1 and 9, m = 5: weights 5 / (1 + 0.2 5) = 2.5 and 5 / (9 + 0.2 5) = 0.5."""
    target = np.array([[1.0, -1.0], [3.0, 3.0]])
    factors = [target + np.array([[1.0, 0.0], [0.0, 2.0]]), np.eye(2)]  # y is the first factor
    loss, (error, _) = loss_and_cotangents(factors, target, 0.2)
    assert loss == pytest.approx(0.5 * (2.5 * 1 + 0.5 * 4) / 4, rel=1e-14)
    np.testing.assert_allclose(error, [[2.5 / 4, 0], [0, 0.5 * 2 / 4]], rtol=1e-14)
