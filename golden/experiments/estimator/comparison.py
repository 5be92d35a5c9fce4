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
    model, g, key = case.model, case.gradient, (case.seed,)
    size = float(g @ g)
    gradient = blocks(model.layout, g)
    last = blocks(model.layout, model.gradient(case.theta, *case.before, key)[1])
    rows = case.by_row
    expected, hidden = each_neuron(model, case.theta, case.inputs, case.target, key)
    gap = float(np.square(expected - g).sum())
    operator, batch = model.operator, [len(x) for x in case.inputs]
    adds = sum(table.size for table in rows)

    def along_weights(k: int, more: int = 0) -> float:
        return forward_gradient(operator, batch, "layer", k).sparse + more * k

    def along_neurons(k: int) -> float:
        return neuron_gradient(operator, batch, k).sparse

    def layered(k: int, orthogonal: bool = False) -> float:
        return sum(
            (block.size - 1) * float(np.square(block).sum())
            * (left(k, block.size) if orthogonal else 1) / k / size
            for block in gradient
        )  # fmt: skip

    def fresh(k: int) -> float:
        return sum((t.shape[1] - 1) * float(np.square(t).sum()) for t in rows) / k / size

    def of_neurons(k: int, orthogonal: bool = False) -> float:
        found = [neurons(q, sent, k, orthogonal=orthogonal) for _, q, sent in hidden]
        return (sum(found) + gap) / size

    def control(exact: bool, k: int) -> Controlled:
        shares = controlled(gradient, last, k, exact=exact)[1]
        return Controlled(ForwardGradient("layer", k), case.before, shares, exact)

    def of_control(exact: bool, k: int) -> float:
        return controlled(gradient, last, k, exact=exact)[0]

    subtracted = partial(along_weights, more=2 * len(g))
    return [
        Way("RFG-L", partial(ForwardGradient, "layer"), layered, g, along_weights),
        Way(
            "antithetic",
            partial(Antithetic, "layer"),
            lambda k: variance(gradient, "layer", "rademacher", "independent", k // 2),
            g,
            along_weights,
            2,
        ),
        Way(
            "orthogonal",
            partial(Orthogonal, "layer"),
            partial(layered, orthogonal=True),
            g,
            along_weights,
        ),
        Way(
            "control, last estimate",
            partial(control, False),
            partial(of_control, False),
            g,
            subtracted,
        ),
        Way(
            "control, last gradient",
            partial(control, True),
            partial(of_control, True),
            g,
            subtracted,
        ),
        Way(
            "fresh signs",
            lambda k: FreshSigns(k, rows),
            fresh,
            g,
            partial(along_weights, more=adds),
        ),
        Way("RFG-N", NeuronGradient, of_neurons, expected, along_neurons),
        Way(
            "RFG-N, orthogonal",
            OrthogonalNeurons,
            partial(of_neurons, orthogonal=True),
            expected,
            along_neurons,
        ),
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
            arithmetic = (
                way.cost(k)
                / forward_gradient(
                    case.model.operator, [len(x) for x in case.inputs], "layer", k
                ).sparse
            )
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
