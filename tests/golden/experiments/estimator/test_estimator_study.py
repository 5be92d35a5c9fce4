"""Predictions hold for real estimators by z-score, and fail for wrong ones."""

from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from dualspike.golden.experiments.estimator.neurons import along_neurons
from dualspike.golden.experiments.estimator.study import (
    DIRECTIONS,
    RULES,
    Case,
    Value,
    cases,
    measure,
)
from dualspike.golden.experiments.paper.methods import Experiment
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.model import Key, Model
from dualspike.golden.numeric import Floats
from tests.golden.experiments.conftest import LAYERS

Small = Callable[..., PaperSettings]

DRAWS = 2048
# Chance that one right estimator fails, were its seed not fixed.
FALSE_ALARM = 1e-3


def bound(tests: int) -> float:
    """Largest |z| allowed for that many tests at once (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * tests))


def case_of(small: Small, name: Experiment, updates: int = 20) -> list[Case]:
    return list(cases(small(name), 1, updates))


@pytest.mark.parametrize(("scope", "distribution", "structure"), RULES)
@pytest.mark.parametrize("name", ["hat", "poisson"])
def test_predictions_hold(
    name: Experiment, scope: Scope, distribution: Distribution, structure: Structure, small: Small
) -> None:
    case = case_of(small, name)[1]
    found = measure(case, ForwardGradient(scope, DRAWS, distribution, structure))
    assert found.parameters == case.model.layout.size
    assert found.bias < bound(found.parameters)
    assert len(found.variances) == len(found.cosines) == len(DIRECTIONS)
    assert all(value.error > 0 for value in found.variances)
    exact = [found.along, *found.variances, *found.cosines[: found.exact_cosines]]
    assert max(abs(value.z) for value in exact) < bound(len(exact)) + 0.5  # 32 groups at K = 64
    # Fourth moments have heavy tails: their errors are themselves uncertain.
    assert len(found.kurtoses) == (len(case.model.layout.layers) if scope == "layer" else 1)
    assert max(abs(value.z) for value in found.kurtoses) < 6


class UpMoreOften(ForwardGradient):
    """Signs with a mean: the estimate is biased."""

    def draw(self, model: Model, key: Key) -> Floats:
        rng = np.random.default_rng(key)
        return np.where(rng.random((self.directions, model.layout.size)) < 0.7, 1.0, -1.0)


class EveryLaneTwice(ForwardGradient):
    """Two lanes that draw the same: unbiased, but K = 2 is no better than K = 1."""

    def draw(self, model: Model, key: Key) -> Floats:
        return np.repeat(super().draw(model, key)[::2], 2, axis=0)


class HalfSlope(ForwardGradient):
    """Slopes of half their size: biased towards 0, with a quarter of the variance."""

    def slopes(self, *given: Any) -> tuple[float, Floats]:
        loss, slopes = super().slopes(*given)
        return loss, slopes / 2


def test_a_biased_estimator_is_caught(small: Small) -> None:
    case = case_of(small, "hat")[0]
    found = measure(case, UpMoreOften("global", DRAWS))
    assert found.bias > 2 * bound(found.parameters)


def test_halved_slopes_are_caught(small: Small) -> None:
    case = case_of(small, "hat")[0]
    found = measure(case, HalfSlope("layer", DRAWS))
    assert found.along.z < -5 and found.variances[0].z < -5


def test_lanes_that_are_not_independent_are_caught(small: Small) -> None:
    case = case_of(small, "hat")[0]
    found = measure(case, EveryLaneTwice("global", DRAWS))
    assert abs(found.variances[0].z) < 3 and found.bias < 2 * bound(found.parameters)
    assert found.variances[1].z > 5


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_estimates_are_means_of_consecutive_directions(scope: Scope, small: Small) -> None:
    """K = 64 from 128 draws: two estimates, as `ForwardGradient` makes them."""
    case = case_of(small, "hat")[0]
    v = ForwardGradient(directions=128).draw(case.model, (7,))

    class Given(ForwardGradient):
        def draw(self, model: Model, key: Key) -> Floats:
            return v.copy()

    found = measure(case, Given(scope, 128))
    rule, g = ForwardGradient(scope, 64), case.gradient
    distances: list[float] = []
    cosines: list[float] = []
    for half in (v[:64], v[64:]):
        slopes = rule.slopes(case.model, case.theta, case.inputs, case.target, half, (1,))[1]
        estimate = rule.combine(case.model, half, slopes)
        distances.append(float(np.square(estimate - g).sum() / (g @ g)))
        cosines.append(float(estimate @ g / np.linalg.norm(estimate) / np.linalg.norm(g)))
    last = found.variances[-1]
    assert last.measured == pytest.approx(np.mean(distances), rel=1e-9)
    assert last.error == pytest.approx(np.std(distances, ddof=1) / np.sqrt(2), rel=1e-6)
    assert found.cosines[-1].measured == pytest.approx(np.sqrt(np.mean(np.square(cosines))))
    assert found.mean_cosines[-1] == pytest.approx(np.mean(cosines))


def test_cases_are_the_start_and_the_same_trained(small: Small) -> None:
    start, trained = case_of(small, "reaction-diffusion", 5)
    assert (start.weights, trained.weights) == ("start", "trained")
    assert (start.theta == start.model.start(1)).all()
    assert (trained.theta != start.theta).any()
    for case in (start, trained):
        found = case.model.gradient(case.theta, case.inputs, case.target, (1,))[1]
        assert (found == case.gradient).all()
    again = case_of(small, "reaction-diffusion", 5)[1]
    assert (again.theta == trained.theta).all()


def test_a_value_in_standard_errors() -> None:
    assert Value(2.0, 3.0, 0.25).z == 4
    assert Value(1.0, 1.0, 0.0).z == 0  # |v|^2 is the same for all signs


@pytest.mark.parametrize("name", ["hat", "poisson", "reaction-diffusion"])
def test_along_neurons(name: Experiment, small: Small) -> None:
    """Mean and variance as predicted; spikes leave a little out, constant inputs nothing."""
    for case in case_of(small, name):
        found = along_neurons(case, 400)
        assert found.neurons == sum(n for part in LAYERS[name] for n in part[1:-1])
        assert found.bias < bound(case.model.layout.size)
        assert abs(found.variance.z) < bound(6)
        assert abs(replace(found.variance, predicted=0.7 * found.variance.predicted).z) > 3
        assert found.variance.predicted < found.layered
        if name == "hat":
            assert 1e-4 < found.spikes < 0.3 and 0.95 < found.cosine < 1
        else:
            assert found.spikes < 1e-12 and found.cosine == pytest.approx(1)
