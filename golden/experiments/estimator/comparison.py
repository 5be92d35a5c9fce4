"""Estimators beyond the paper against RFG-L at equal cost: variance, bias and arithmetic.

What an estimate is worth is E|g - grad|^2 / |grad|^2 times the arithmetic of finding it, of both
rules over RFG-L's with as many directions. Functions are not weighed here.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dualspike.golden.experiments.cost.gradient import forward_gradient, neuron_gradient
from dualspike.golden.experiments.estimator.case import (
    Case,
    Network,
    Value,
    Weights,
    bias,
    cases,
    digit_cases,
    mean_of,
)
from dualspike.golden.experiments.estimator.further import (
    Antithetic,
    Controlled,
    FreshSigns,
    Orthogonal,
    OrthogonalNeurons,
)
from dualspike.golden.experiments.estimator.theory import (
    blocks,
    controlled,
    left,
    neurons,
    variance,
)
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.float.estimators.estimator import Estimator
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient, each_neuron
from dualspike.golden.numeric import Floats

LANES = (1, 4, 16)
"""K that are measured."""


@dataclass(frozen=True, eq=False)
class Way:
    """An estimator for every K, its predicted variance, and what it adds to RFG-L's arithmetic.

    ``expected``: E g. ``least``: the smallest K it has. ``cost``: all of its arithmetic.
    """

    name: str
    estimator: Callable[[int], Estimator]
    predicted: Callable[[int], float]
    expected: Floats
    cost: Callable[[int], float]
    least: int = 1


@dataclass(frozen=True)
class Compared:
    """One estimator with K directions in one case.

    ``variance``: E|g - grad|^2 / |grad|^2. ``along``: <mean of g, grad> / |grad|^2, ``bias`` the
    largest |z| of any parameter's mean, both against E g. ``arithmetic``: over that of RFG-L with
    as many directions. ``gain``: RFG-L's variance times arithmetic over this one's, as measured.
    """

    experiment: Network
    weights: Weights
    seed: int
    estimator: str
    directions: int
    variance: Value
    along: Value
    bias: float
    arithmetic: float
    gain: float


def networks(
    names: Sequence[Network], seed: int, updates: int, *, quick: bool = False
) -> Generator[Case, None, None]:
    """Each network at its start and after so many updates; functions are not weighed."""
    for name in names:
        if name == "digits":
            yield from digit_cases(seed, updates)
            continue
        settings = load_settings(name).with_training(None, quick)
        plain = settings.training.model_copy(update={"floor": None})
        yield from cases(settings.model_copy(update={"training": plain}), seed, updates)


def ways(case: Case) -> list[Way]:
    """All of them, RFG-L first."""
    return [*_along_weights(case), *_along_neurons(case)]


def _along_weights(case: Case) -> list[Way]:
    model, g = case.model, case.gradient
    size, operator, batch = float(g @ g), model.operator, case.batch
    gradient = blocks(model.layout, g)
    last = blocks(model.layout, model.gradient(case.theta, *case.before, (case.seed,))[1])
    rows = case.by_row
    adds = sum(table.size for table in rows)

    def cost(k: int, more: int = 0) -> float:
        return forward_gradient(operator, batch, "layer", k).sparse + more * k

    def independent(k: int) -> float:
        return variance(gradient, "layer", "rademacher", "independent", k)

    def orthogonal(k: int) -> float:
        own = [(b.size - 1) * float(np.square(b).sum()) * left(k, b.size) for b in gradient]
        return sum(own) / k / size

    def fresh(k: int) -> float:
        return sum((t.shape[1] - 1) * float(np.square(t).sum()) for t in rows) / k / size

    def control(exact: bool) -> tuple[Callable[[int], Estimator], Callable[[int], float]]:
        def found(k: int) -> tuple[float, list[float]]:
            return controlled(gradient, last, k, exact=exact)

        def estimator(k: int) -> Estimator:
            return Controlled(ForwardGradient("layer", k), case.before, found(k)[1], exact)

        return estimator, lambda k: found(k)[0]

    taken_off = partial(cost, more=2 * len(g))
    put_together = partial(cost, more=adds)
    return [
        Way("RFG-L", partial(ForwardGradient, "layer"), independent, g, cost),
        Way("antithetic", partial(Antithetic, "layer"), lambda k: independent(k // 2), g, cost, 2),
        Way("orthogonal", partial(Orthogonal, "layer"), orthogonal, g, cost),
        Way("control, last estimate", *control(False), g, taken_off),
        Way("control, last gradient", *control(True), g, taken_off),
        Way("fresh signs", lambda k: FreshSigns(k, rows), fresh, g, put_together),
    ]


def _along_neurons(case: Case) -> list[Way]:
    given = case.model, case.theta, case.inputs, case.target, (case.seed,)
    expected, hidden = each_neuron(*given)
    gap = float(np.square(expected - case.gradient).sum())
    size = float(np.square(case.gradient).sum())

    def cost(k: int) -> float:
        return neuron_gradient(case.model.operator, case.batch, k).sparse

    def predicted(k: int, orthogonal: bool = False) -> float:
        found = [neurons(q, sent, k, orthogonal=orthogonal) for _, q, sent in hidden]
        return (sum(found) + gap) / size

    blocked = partial(predicted, orthogonal=True)
    return [
        Way("RFG-N", NeuronGradient, predicted, expected, cost),
        Way("RFG-N, orthogonal", OrthogonalNeurons, blocked, expected, cost),
    ]


def compare(case: Case, draws: int) -> list[Compared]:
    """All estimators in a case, from ``draws`` directions each: draws / K estimates."""
    found: list[Compared] = []
    yardstick: dict[int, float] = {}
    for way in ways(case):
        for k in LANES:
            if k < way.least:
                continue
            estimates = _estimates(case, way.estimator(k), draws // k)
            relative = _relative(case, way, estimates, k)
            plain = forward_gradient(case.model.operator, case.batch, "layer", k).sparse
            arithmetic = way.cost(k) / plain
            worth = relative[0].measured * arithmetic
            yardstick.setdefault(k, worth)
            found.append(
                Compared(
                    case.experiment,
                    case.weights,
                    case.seed,
                    way.name,
                    k,
                    *relative,
                    arithmetic,
                    yardstick[k] / worth,
                )
            )
    return found


def _estimates(case: Case, estimator: Estimator, count: int) -> Floats:
    given = case.model, case.theta, case.inputs, case.target
    return np.array([estimator.gradient(*given, (case.seed, n))[1] for n in range(count)])


def _relative(case: Case, way: Way, estimates: Floats, k: int) -> tuple[Value, Value, float]:
    """Variance, the mean along the gradient, and the largest |z| of a parameter's mean."""
    g, size = case.gradient, float(case.gradient @ case.gradient)
    distance = np.square(estimates - g).sum(axis=1) / size
    return (
        mean_of(way.predicted(k), distance),
        mean_of(float(way.expected @ g) / size, estimates @ g / size),
        float(np.abs(bias(estimates, way.expected)).max()),
    )
