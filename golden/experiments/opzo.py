"""How the online rules compare on digits: accuracy, variance of the gradient, spikes.

After Xiao et al., OPZO: table 1 (rules), table 2 (noise), figure 2 (variance), table 7 (spikes).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from dualspike.golden.online.backpropagation import SpatialBackpropagation
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.digits import Samples, digits
from dualspike.golden.online.direct_feedback import DirectFeedback
from dualspike.golden.online.kolen_pollack import DirectKolenPollack
from dualspike.golden.online.local_learning import LocalLearning
from dualspike.golden.online.network import OnlineNetwork, Position
from dualspike.golden.online.noise import Distribution, Noise
from dualspike.golden.online.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.rule import Rule
from dualspike.golden.online.single_point import SinglePoint
from dualspike.golden.online.traces import train_pass
from dualspike.golden.online.training import Coding, Course, Epoch, synaptic_operations, train
from dualspike.golden.online.two_point import TwoPoint

RULES = ("BP", "OPZO", "DFA", "DKP", "SPSA", "ZO")
LOCAL = "-LL"
CODINGS: tuple[Coding, ...] = ("static", "poisson")

MOMENTUM = 0.999
LOCAL_SCALE, LOCAL_RATE = 0.01, 0.05
POLLACK_RATE, POLLACK_DECAY = 0.01, 1e-4
VARIANCE_BATCHES = 40


@dataclass(frozen=True)
class Plan:
    """Sizes of the study; ``batches`` is how many gradients a variance is measured from."""

    layers: tuple[int, ...] = (64, 256, 256, 10)
    course: Course = field(default_factory=lambda: Course(epochs=20))
    batches: int = VARIANCE_BATCHES
    seeds: int = 3


QUICK = Plan(layers=(64, 48, 48, 10), course=Course(epochs=3), batches=8, seeds=1)


@dataclass(frozen=True)
class Trial:
    """One training run."""

    rule: str
    coding: Coding = "static"
    distribution: Distribution = "gaussian"
    position: Position = "after"
    antithetic: bool = True


@dataclass(frozen=True)
class Found:
    """What a trial came to from one seed.

    ``variance``: of the hidden layers' gradient over batches, averaged over its entries, at the
    trained parameters and with the alpha of the last epoch. ``operations``: additions per sample
    behind every hidden layer.
    """

    seed: int
    epochs: list[Epoch]
    variance: float
    operations: list[float]

    @property
    def accuracy(self) -> float:
        """Share of test samples answered rightly after the last epoch."""
        return self.epochs[-1].accuracy


def rule_trials() -> list[Trial]:
    """Every rule alone and with local learning, for either coding."""
    names = [name + more for name in RULES for more in ("", LOCAL)]
    return [Trial(name, coding) for coding in CODINGS for name in names]


def noise_trials() -> list[Trial]:
    """OPZO with every kind of noise, on static inputs; the first one is in `rule_trials` too."""
    usual = Trial("OPZO")
    return [
        replace(usual, distribution=distribution, position=position, antithetic=antithetic)
        for distribution in ("gaussian", "rademacher")
        for position in ("after", "before")
        for antithetic in (True, False)
    ]


def all_trials() -> list[Trial]:
    """Every trial once, in the order of the tables."""
    return list(dict.fromkeys([*rule_trials(), *noise_trials()]))


def build(name: str, network: OnlineNetwork, rng: np.random.Generator, noise: Noise) -> Rule:
    """The rule of that name with the study's settings."""
    if name.endswith(LOCAL):
        inner = build(name.removesuffix(LOCAL), network, rng, noise)
        return LocalLearning(network, inner, rng, LOCAL_SCALE, LOCAL_RATE)
    makers: dict[str, Callable[[], Rule]] = {
        "BP": SpatialBackpropagation,
        "OPZO": partial(PseudoZerothOrder, network, noise, MOMENTUM),
        "DFA": partial(DirectFeedback, network, rng),
        "DKP": partial(DirectKolenPollack, network, rng, POLLACK_RATE, POLLACK_DECAY),
        "SPSA": partial(TwoPoint, noise),
        "ZO": partial(SinglePoint, noise),
    }
    return makers[name]()


def execute(trial: Trial, plan: Plan, seed: int) -> Found:
    """One run from ``default_rng(seed)``."""
    samples = digits()
    rng = np.random.default_rng(seed)
    network = perceptron(list(plan.layers), rng)
    course = replace(plan.course, coding=trial.coding)
    noise = Noise(
        rng, course.alpha, trial.distribution, trial.position, antithetic=trial.antithetic
    )
    rule = build(trial.rule, network, rng, noise)
    epochs = train(network, rule, samples, course, rng, noise)
    variance = _variance(network, rule, samples, course, rng, plan.batches)
    return Found(
        seed, epochs, variance, synaptic_operations(network, epochs[-1].rates, course.steps)
    )


def study(plan: Plan, seeds: int, show: Callable[[int, float], object]) -> dict[Trial, list[Found]]:
    """All trials from seeds 1 to ``seeds``; ``show`` hears the number of runs done and a loss."""
    found: dict[Trial, list[Found]] = {}
    for trial in all_trials():
        found[trial] = []
        for seed in range(1, seeds + 1):
            found[trial].append(execute(trial, plan, seed))
            show(sum(map(len, found.values())), found[trial][-1].epochs[-1].loss)
    return found


def _variance(
    network: OnlineNetwork,
    rule: Rule,
    samples: Samples,
    course: Course,
    rng: np.random.Generator,
    batches: int,
) -> float:
    gradients: list[np.ndarray] = []
    readout = (network.layers[-2] + 1) * network.layers[-1]
    for _ in range(batches):
        chosen = rng.choice(len(samples.x), course.batch, replace=False)
        frames = course.frames(samples.x[chosen], rng)
        found = train_pass(network, rule, course.loss, frames, samples.labels[chosen])
        gradients.append(found.gradient[:-readout])
    return float(np.var(gradients, axis=0, ddof=1).mean())
