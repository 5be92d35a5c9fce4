"""Forward gradients measured against back-propagation: bias, variance, kurtosis and cosine.

For every experiment's network, at its start and after some updates of back-propagation, one batch
is held and many directions are drawn. The slopes come from forward mode, the gradient from reverse
mode. Estimates from K directions are means of K that were drawn one after the other, as a chip with
K lanes would draw them in one batch after the other. Every measured mean has its standard error.
"""

import itertools
import math
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np

from dualspike.golden.data.problem import build
from dualspike.golden.experiments.estimator.case import (
    Case,
    Network,
    Value,
    Weights,
    bias,
    cases,
    mean_of,
)
from dualspike.golden.experiments.estimator.comparison import Compared, compare, networks
from dualspike.golden.experiments.estimator.neurons import AlongNeurons, along_neurons
from dualspike.golden.experiments.estimator.theory import (
    blocks,
    cosine,
    kurtosis,
    normal_cosine,
    variance,
)
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.model import Model
from dualspike.golden.numeric import Floats

DIRECTIONS = (1, 2, 4, 8, 16, 32, 64)
"""K."""

RULES = tuple(
    itertools.product(
        ("layer", "global"),
        ("rademacher", "gaussian", "lfsr"),
        ("independent", "factored"),
    )
)
"""Scope, distribution and structure of every estimator that is looked at."""

LANES = 64
"""Slopes that are found together."""

NETWORKS: tuple[Network, ...] = ("hat", "poisson", "digits")
"""Where estimators are compared at equal cost."""


@dataclass(frozen=True)
class SamplingPlan:
    """How much is measured: ``draws`` directions, a multiple of 64, after ``updates`` updates.

    ``gradients``: how many along neurons. ``compared``: directions for each of the estimators that
    are compared at equal cost, a multiple of 16.
    """

    draws: int = 4096
    updates: int = 1000
    gradients: int = 1024
    compared: int = 2048
    quick: bool = False


QUICK = SamplingPlan(draws=512, updates=50, gradients=64, compared=32, quick=True)


@dataclass(frozen=True)
class Measured:
    """One estimator in one case; lists run over `DIRECTIONS`.

    ``bias``: the largest |z| of any parameter's mean. ``along``: <mean of g, grad> / |grad|^2.
    ``kurtoses``: of the slope, layer-wise one for each layer. ``variances``: E|g - grad|^2 /
    |grad|^2. ``cosines``: root mean squares of the cosine between g and grad, and
    ``mean_cosines`` their means. How many cosines from K = 1 on are predicted exactly is
    ``exact_cosines``; the others' predictions are ratios of means.
    """

    experiment: Network
    weights: Weights
    seed: int
    scope: Scope
    distribution: Distribution
    structure: Structure
    parameters: int
    bias: float
    along: Value
    kurtoses: list[Value]
    variances: list[Value]
    cosines: list[Value]
    mean_cosines: list[float]
    exact_cosines: int


def measure(case: Case, rule: ForwardGradient) -> Measured:
    """All of one estimator; ``rule.directions`` is the number of draws, a multiple of 64."""
    gradient, g = blocks(case.model.layout, case.gradient), case.gradient
    how = (rule.distribution, rule.structure)
    v = rule.draw(case.model, (case.seed, *map(ord, "".join([case.weights, *how]))))
    slopes = _slopes(case, rule, v)
    single = _estimates(case.model, v, slopes)
    along = mean_of(1.0, single @ g / (g @ g))
    off = float(np.abs(bias(single, g)).max())
    variances, cosines, means = list[Value](), list[Value](), list[float]()
    for count in DIRECTIONS:
        single = single.reshape(-1, 2, len(g)).mean(axis=1) if count > 1 else single
        relative = variance(gradient, rule.scope, *how, count)
        distance, cos = _against(single, g)
        variances.append(mean_of(relative, distance))
        means.append(float(cos.mean()))
        exact = rule.scope == "global" and how == ("gaussian", "independent")
        cosines.append(_root(normal_cosine(len(g), count) if exact else cosine(relative), cos**2))
    kurtoses = _kurtoses(gradient, slopes, rule)
    exact_cosines = 0
    if rule.scope == "global" and rule.distribution != "gaussian":
        exact_cosines = 1
    elif rule.scope == "global" and rule.structure == "independent":
        exact_cosines = len(DIRECTIONS)
    return Measured(
        case.experiment,
        case.weights,
        case.seed,
        rule.scope,
        *how,
        len(g),
        off,
        along,
        kurtoses,
        variances,
        cosines,
        means,
        exact_cosines,
    )


@dataclass(frozen=True)
class Estimators:
    """What a study measured; ``neurons``: RFG-N in every case; ``compared``: at equal cost."""

    plan: SamplingPlan
    measured: list[Measured]
    neurons: list[AlongNeurons] = field(default_factory=list[AlongNeurons])
    compared: list[Compared] = field(default_factory=list[Compared])


def job(seeds: int = 1, quick: bool = False) -> Job[Estimators]:
    """Every estimator in every case, for seeds 1 to ``seeds``."""
    plan = QUICK if quick else SamplingPlan()

    def run(_: Path, progress: Progress) -> Estimators:
        measured: list[Measured] = []
        neurons: list[AlongNeurons] = []
        compared: list[Compared] = []
        weights = len(get_args(Weights)) * seeds
        steps = len(METHODS) * weights * len(RULES)
        with progress(steps + len(NETWORKS) * weights) as show:
            for case in _every_case(plan, seeds):
                loss = case.model.loss(case.theta, case.inputs, case.target, (case.seed,))
                for scope, distribution, structure in RULES:
                    rule = ForwardGradient(scope, plan.draws, distribution, structure)
                    measured.append(measure(case, rule))
                    show(len(measured), loss)
                neurons.append(along_neurons(case, plan.gradients))
            for seed in range(1, seeds + 1):
                for case in networks(NETWORKS, seed, plan.updates, quick=plan.quick):
                    compared += compare(case, plan.compared)
                    show(steps := steps + 1, compared[-1].variance.measured)
        return Estimators(plan, measured, neurons, compared)

    return Job(run)


def _every_case(plan: SamplingPlan, seeds: int) -> Generator[Case, None, None]:
    for name in METHODS:
        settings = load_settings(name).with_training(None, plan.quick)
        problem = build(settings.problem)
        for seed in range(1, seeds + 1):
            yield from cases(settings, seed, plan.updates, problem)


def _slopes(case: Case, rule: ForwardGradient, v: Floats) -> Floats:
    """Slopes of all directions, [draws, layers] or [draws, 1]."""
    given = (case.model, case.theta, case.inputs, case.target)
    key = (case.seed,)
    parts = [
        rule.slopes(*given, v[first : first + LANES], key)[1] for first in range(0, len(v), LANES)
    ]
    return np.concatenate(parts)


def _estimates(model: Model, v: Floats, slopes: Floats) -> Floats:
    """The estimate of every direction by itself, [draws, N], in place of ``v``."""
    if slopes.shape[1] == 1:
        v *= slopes
        return v
    for column, slot in enumerate(model.layout.layers):
        v[:, slot.slice] *= slopes[:, column, None]
    return v


def _against(estimates: Floats, g: Floats) -> tuple[Floats, Floats]:
    """|estimate - g|^2 / |g|^2, and the cosine between the two, of every estimate."""
    square = g @ g
    inner = estimates @ g / square
    length = np.einsum("kn,kn->k", estimates, estimates) / square
    return length - 2 * inner + 1, inner / np.sqrt(length)


def _kurtoses(gradient: list[Floats], slopes: Floats, rule: ForwardGradient) -> list[Value]:
    groups = [[block] for block in gradient] if rule.scope == "layer" else [gradient]
    found: list[Value] = []
    for group, s in zip(groups, slopes.T, strict=True):
        square = sum(float(np.square(block).sum()) for block in group)
        predicted = kurtosis(group, rule.distribution, rule.structure)
        found.append(mean_of(predicted, s**4 / square**2))
    return found


def _root(predicted: float, squares: Floats) -> Value:
    """Of a root mean square."""
    mean = mean_of(predicted, squares)
    root = math.sqrt(mean.measured)
    return Value(predicted, root, mean.error / (2 * root))
