"""How the online rules compare on classes: accuracy, variance of the gradient, spikes.

After Xiao et al., OPZO: table 1 (rules), table 2 (noise), figure 2 (variance), table 7 (spikes).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np

from dualspike.golden.experiments.opzo_variance import by_width, variance
from dualspike.golden.experiments.pool import workers
from dualspike.golden.online.backpropagation import SpatialBackpropagation
from dualspike.golden.online.convolution import convolutional
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.direct_feedback import DirectFeedback
from dualspike.golden.online.kolen_pollack import DirectKolenPollack
from dualspike.golden.online.local_learning import LocalLearning
from dualspike.golden.online.network import OnlineNetwork, Position
from dualspike.golden.online.noise import Distribution, Noise
from dualspike.golden.online.pseudo_zeroth_order import IntermediateGlobal, PseudoZerothOrder
from dualspike.golden.online.rule import Rule
from dualspike.golden.online.samples import Samples
from dualspike.golden.online.single_point import SinglePoint
from dualspike.golden.online.training import (
    Coding,
    Course,
    Epoch,
    accuracy,
    synaptic_operations,
    train,
)
from dualspike.golden.online.two_point import TwoPoint

RULES = ("BP", "OPZO", "DFA", "DKP", "SPSA", "ZO")
CONVOLVED = ("BP", "OPZO", "OPZO-LL", "DFA", "ZO")
DEEP = ("BP", "OPZO", "OPZO-LL", "OPZO-IGL", "OPZO-IGL-LL", "DFA")
LOCAL = "-LL"

MOMENTUM = 0.999
LOCAL_SCALE, LOCAL_RATE = 0.01, 0.05
POLLACK_RATE, POLLACK_DECAY = 0.01, 1e-4

Kind = Literal["dense", "deep", "convolutional"]
Codings = tuple[Coding, ...]


@dataclass(frozen=True)
class Plan:
    """Sizes of the study, all in single precision.

    ``hidden`` neurons of the dense networks, ``deep`` of those with a layer below the middle one,
    ``channels`` of the convolutional ones. Every rule takes the one of ``rates``, or
    ``convolved_rates``, that is best for it. ``batches``: how many gradients a variance is measured
    from; ``marks``: how many times in a run, evenly spaced; ``widths``: see
    `opzo_variance.by_width`.
    """

    hidden: tuple[int, ...] = (256, 256)
    deep: tuple[int, ...] = (256, 256, 256)
    channels: tuple[int, ...] = (8, 16)
    course: Course = field(default_factory=lambda: Course(epochs=15))
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    convolved_rates: tuple[float, ...] = (3e-3, 1e-2, 3e-2)
    batches: int = 12
    marks: int = 4
    widths: tuple[int, ...] = (8, 32, 128, 512)
    seeds: int = 3


QUICK = Plan(
    hidden=(48, 48),
    deep=(48, 48, 48),
    channels=(4, 8),
    course=Course(epochs=3),
    rates=(3e-3,),
    convolved_rates=(1e-2,),
    batches=4,
    marks=1,
    widths=(4, 16),
    seeds=1,
)


@dataclass(frozen=True)
class Trial:
    """One training run."""

    rule: str
    coding: Coding = "static"
    kind: Kind = "dense"
    distribution: Distribution = "gaussian"
    position: Position = "after"
    antithetic: bool = True


@dataclass(frozen=True)
class Found:
    """What a trial came to from one seed.

    ``accuracy``: share of the test samples answered rightly, read once, after the last epoch.
    ``variances``: of the hidden layers' gradient over batches, averaged over its entries, with the
    alpha of that epoch; the last one at the end, others at every mark of the run where it is one
    of those that show the curves, the first one at its start.
    ``operations``: additions per sample behind every hidden layer.
    """

    seed: int
    epochs: list[Epoch]
    accuracy: float
    variances: list[float]
    operations: list[float]


@dataclass(frozen=True)
class Comparison:
    """What a study of the data set of that name found.

    ``tuning``: validation accuracy by rate; ``trials``: outcome from every seed; ``widths``: see
    `opzo_variance.by_width`.
    """

    data: str
    plan: Plan
    shown: Codings
    tuning: dict[Trial, dict[float, float]]
    trials: dict[Trial, list[Found]]
    widths: dict[str, dict[int, float]]

    def rate(self, trial: Trial) -> float:
        """The best one in the validation of what the trial is tuned by; of equals the lowest."""
        scores = self.tuning[_tuned_by(trial, self.shown)]
        return max(sorted(scores), key=lambda rate: scores[rate])


Task = tuple[Trial, Plan, float, int]
"""A trial, its plan, rate and seed."""


def codings(samples: Samples) -> Codings:
    """How these samples may be shown to a network."""
    return ("events",) if samples.events else ("static", "poisson")


def rule_trials(shown: Codings) -> list[Trial]:
    """Every rule alone and with local learning, for every coding."""
    names = [name + more for name in RULES for more in ("", LOCAL)]
    return [Trial(name, coding) for coding in shown for name in names]


def convolution_trials(shown: Codings) -> list[Trial]:
    """Some rules on convolutional networks, for the first coding."""
    return [Trial(name, shown[0], "convolutional") for name in CONVOLVED]


def deep_trials(shown: Codings) -> list[Trial]:
    """OPZO with and without a readout in the middle, and what it lies between; first coding."""
    return [Trial(name, shown[0], "deep") for name in DEEP]


def noise_trials(shown: Codings) -> list[Trial]:
    """OPZO with every kind of noise, for the first coding; the first is in `rule_trials` too."""
    usual = Trial("OPZO", shown[0])
    return [
        replace(usual, distribution=distribution, position=position, antithetic=antithetic)
        for distribution in ("gaussian", "rademacher")
        for position in ("after", "before")
        for antithetic in (True, False)
    ]


def variance_trials(shown: Codings) -> list[Trial]:
    """Those whose variance is followed over the run: rules without local learning, first coding."""
    return [Trial(name, shown[0]) for name in RULES]


def all_trials(shown: Codings, convolved: bool = True) -> list[Trial]:
    """Every trial once, in the order of the tables; ``convolved``: those of convolutions too."""
    kinds = [*rule_trials(shown), *deep_trials(shown)]
    if convolved:
        kinds += convolution_trials(shown)
    return list(dict.fromkeys([*kinds, *noise_trials(shown)]))


def build(name: str, network: OnlineNetwork, rng: np.random.Generator, noise: Noise) -> Rule:
    """The rule of that name with the study's settings."""
    if name.endswith(LOCAL):
        inner = build(name.removesuffix(LOCAL), network, rng, noise)
        return LocalLearning(network, inner, rng, LOCAL_SCALE, LOCAL_RATE)
    makers: dict[str, Callable[[], Rule]] = {
        "BP": SpatialBackpropagation,
        "OPZO": partial(PseudoZerothOrder, network, noise, MOMENTUM),
        "OPZO-IGL": partial(
            IntermediateGlobal,
            network,
            noise,
            MOMENTUM,
            rng,
            middle=(len(network.hidden) + 1) // 2,
            scale=LOCAL_SCALE,
            rate=LOCAL_RATE,
        ),
        "DFA": partial(DirectFeedback, network, rng),
        "DKP": partial(DirectKolenPollack, network, rng, POLLACK_RATE, POLLACK_DECAY),
        "SPSA": partial(TwoPoint, noise),
        "ZO": partial(SinglePoint, noise),
    }
    return makers[name]()


def network_for(
    kind: Kind, samples: Samples, plan: Plan, rng: np.random.Generator
) -> OnlineNetwork:
    """The plan's network for these samples, with as many convolutions as its size can be halved."""
    if kind != "convolutional":
        hidden = plan.hidden if kind == "dense" else plan.deep
        layers = [samples.shape.size, *hidden, samples.classes]
        return perceptron(layers, rng, dtype=np.float32)
    height, width, channels = samples.shape.height, samples.shape.width, list(plan.channels)
    while len(channels) > 1 and (height % 2 ** len(channels) or width % 2 ** len(channels)):
        channels.pop()
    return convolutional(samples.shape, channels, samples.classes, rng, dtype=np.float32)


def execute(trial: Trial, plan: Plan, samples: Samples, rate: float, seed: int) -> Found:
    """One run from ``default_rng(seed)``."""
    rng = np.random.default_rng(seed)
    network = network_for(trial.kind, samples, plan, rng)
    course = replace(plan.course, coding=trial.coding, rate=rate)
    noise = Noise(
        rng, course.alpha, trial.distribution, trial.position, antithetic=trial.antithetic
    )
    rule = build(trial.rule, network, rng, noise)
    measure = partial(variance, network, rule, samples.train, course, rng, plan.batches)
    curve = trial in variance_trials(codings(samples))
    first = 1 if curve else plan.marks
    marked = {course.epochs * mark // plan.marks - 1 for mark in range(first, plan.marks + 1)}
    variances = [measure()] if curve else []

    def look(epoch: int) -> None:
        if epoch in marked:
            variances.append(measure())

    epochs = train(network, rule, samples, course, rng, noise, look)
    steps = samples.train.x.shape[1] if samples.events else course.steps
    operations = synaptic_operations(network, epochs[-1].rates, steps)
    right = accuracy(network, course, samples.test, rng)
    return Found(seed, epochs, right, variances, operations)


def tuning_trials(shown: Codings, convolved: bool = True) -> list[Trial]:
    """What rates are chosen by: every rule with nothing beside it, for the first coding."""
    return [t for t in all_trials(shown, convolved) if t == _tuned_by(t, shown)]


def study(
    data: str,
    plan: Plan,
    samples: Samples,
    seeds: int,
    jobs: int,
    show: Callable[[int, float], object],
) -> Comparison:
    """Tune every rule from seed 0, then run all trials from seeds 1 to ``seeds``.

    Rates are chosen by validation samples alone. Images of an odd side, which cannot be halved
    behind a convolution, are learned by the dense networks alone. ``jobs`` processes share the
    runs, which are the same whatever their number. ``show`` hears the number of runs done and a
    loss.
    """
    shown, convolved = codings(samples), samples.shape.halves
    found = Comparison(data, plan, shown, {}, {}, {})
    unmeasured = replace(plan, batches=0)
    done = 0
    with workers(jobs, _begin, (samples,)) as pool:

        def results(tasks: list[Task]) -> Iterator[tuple[Task, Found]]:
            nonlocal done
            for task, run in zip(tasks, pool.map(_work, tasks), strict=True):
                done += 1
                show(done, run.epochs[-1].loss)
                yield task, run

        widths = pool.submit(_by_width, replace(plan.course, coding=shown[0]), plan.widths)
        tries = [
            (trial, unmeasured, rate, 0)
            for trial in tuning_trials(shown, convolved)
            for rate in _rates(trial, plan)
        ]
        for (trial, _, rate, _), run in results(tries):
            found.tuning.setdefault(trial, {})[rate] = run.epochs[-1].accuracy
        full = [
            (trial, plan, found.rate(trial), seed)
            for trial in all_trials(shown, convolved)
            for seed in range(1, seeds + 1)
        ]
        for (trial, _, _, _), run in results(full):
            found.trials.setdefault(trial, []).append(run)
        found.widths.update(widths.result())
    return found


_samples: Samples


def _begin(samples: Samples) -> None:
    """First thing in a new process: every run needs the samples, which are sent once.

    A pool hands over what all tasks share at a process's start only, hence the global.
    """
    global _samples  # noqa: PLW0603
    _samples = samples


def _work(task: Task) -> Found:
    trial, plan, rate, seed = task
    return execute(trial, plan, _samples, rate, seed)


def _by_width(course: Course, widths: tuple[int, ...]) -> dict[str, dict[int, float]]:
    return by_width(_samples, course, widths)


def runs(plan: Plan, samples: Samples, seeds: int) -> int:
    """How many a study makes."""
    shown, convolved = codings(samples), samples.shape.halves
    tuning = sum(len(_rates(trial, plan)) for trial in tuning_trials(shown, convolved))
    return tuning + len(all_trials(shown, convolved)) * seeds


def _rates(trial: Trial, plan: Plan) -> tuple[float, ...]:
    return plan.convolved_rates if trial.kind == "convolutional" else plan.rates


def _tuned_by(trial: Trial, shown: Codings) -> Trial:
    return Trial(trial.rule.partition("-")[0], shown[0], trial.kind)
