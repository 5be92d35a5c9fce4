"""How the online rules compare on classes: accuracy, variance of the gradient, spikes."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.experiments.opzo.data import dataset
from dualspike.golden.experiments.opzo.forward import ForwardVariance, forward_variances
from dualspike.golden.experiments.opzo.simple import simple
from dualspike.golden.experiments.opzo.trials import (
    Codings,
    Kind,
    OpzoTrial,
    all_trials,
    codings,
    named_rule,
    tuned_by,
    tuning_trials,
    variance_trials,
)
from dualspike.golden.experiments.opzo.variance import by_width, variance
from dualspike.golden.experiments.runner.processes import workers
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.golden.experiments.runner.tuned import Planned, Tuned
from dualspike.golden.online.convolution import convolutional
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.training import (
    Epoch,
    TrainingConfig,
    accuracy,
    synaptic_operations,
    train,
)
from dualspike.golden.training.divergence import ended_far


@dataclass(frozen=True)
class OpzoPlan:
    """Sizes of the study, all in single precision.

    ``hidden`` neurons of the dense networks, ``deep`` of those with a layer below the middle one,
    ``channels`` of the convolutional ones. Every rule takes the one of ``rates``, or
    ``convolved_rates``, that is best for it. ``batches``: how many gradients a variance is measured
    from; ``marks``: how many times in a run, evenly spaced; ``widths``: see
    `opzo_variance.by_width`; ``draws``: see `opzo.forward.forward_variances`.
    """

    hidden: tuple[int, ...] = (256, 256)
    deep: tuple[int, ...] = (256, 256, 256)
    channels: tuple[int, ...] = (8, 16)
    course: TrainingConfig = field(default_factory=lambda: TrainingConfig(epochs=15))
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    convolved_rates: tuple[float, ...] = (3e-3, 1e-2, 3e-2)
    batches: int = 12
    marks: int = 4
    widths: tuple[int, ...] = (8, 32, 128, 512)
    draws: int = 400
    seeds: int = 3


QUICK = OpzoPlan(
    hidden=(48, 48),
    deep=(48, 48, 48),
    channels=(4, 8),
    course=TrainingConfig(epochs=3),
    rates=(3e-3,),
    convolved_rates=(1e-2,),
    batches=4,
    marks=1,
    widths=(4, 16),
    draws=20,
    seeds=1,
)


@dataclass(frozen=True)
class OpzoRun:
    """What a trial came to from one seed.

    ``accuracy``: share of the test samples answered rightly, read once, after the last epoch.
    ``variances``: of the hidden layers' gradient over batches, averaged over its entries, with the
    alpha of that epoch; the last one at the end, others at every mark of the run where it is one
    of those that show the curves, the first one at its start.
    ``operations``: additions per sample after every hidden layer. ``diverged``: the last epoch's
    loss lies far above that of answering 0.
    """

    seed: int
    epochs: list[Epoch]
    accuracy: float
    variances: list[float]
    operations: list[float]
    diverged: bool = False


@dataclass(frozen=True)
class Comparison(Tuned[OpzoTrial, OpzoRun]):
    """What a study of the data set of that name found; rates are chosen by validation accuracy.

    ``widths``: see `opzo_variance.by_width`; ``forward``: see `opzo.forward.forward_variances`;
    ``simple``: see `opzo.simple`.
    """

    data: str
    plan: OpzoPlan
    shown: Codings
    widths: dict[str, dict[int, float]] = field(default_factory=dict[str, dict[int, float]])
    forward: list[ForwardVariance] = field(default_factory=list[ForwardVariance])
    simple: dict[str, float] = field(default_factory=dict[str, float])

    def rate(self, trial: OpzoTrial) -> float:
        """See Tuned.rate."""
        scores = self.tuning[tuned_by(trial, self.shown)]
        return max(sorted(scores), key=lambda rate: scores[rate])

    def judged(self, run: OpzoRun) -> tuple[float, float]:
        """See Tuned.judged: validation accuracy and training loss of the last epoch."""
        return run.epochs[-1].accuracy, run.epochs[-1].loss


def network_for(
    kind: Kind, samples: ClassData, plan: OpzoPlan, rng: np.random.Generator
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


def execute(
    trial: OpzoTrial, plan: OpzoPlan, samples: ClassData, rate: float, seed: int
) -> OpzoRun:
    """One run from ``default_rng(seed)``."""
    rng = np.random.default_rng(seed)
    network = network_for(trial.kind, samples, plan, rng)
    config = replace(plan.course, coding=trial.coding, rate=rate)
    noise = Noise(
        rng, config.alpha, trial.distribution, trial.position, antithetic=trial.antithetic
    )
    rule = named_rule(trial.rule, network, rng, noise)
    measure = partial(variance, network, rule, samples.train, config, rng, plan.batches)
    curve = trial in variance_trials(codings(samples))
    first = 1 if curve else plan.marks
    marked = {config.epochs * mark // plan.marks - 1 for mark in range(first, plan.marks + 1)}
    variances = [measure()] if curve else []

    def look(epoch: int) -> None:
        if epoch in marked:
            variances.append(measure())

    epochs = train(network, rule, samples, config, rng, noise, look)
    steps = samples.train.x.shape[1] if samples.events else config.steps
    operations = synaptic_operations(network, epochs[-1].rates, steps)
    right = accuracy(network, config, samples.test, rng)
    silent, _ = config.loss(np.zeros((1, samples.classes)), np.zeros(1, np.int64))
    diverged = ended_far(float(silent[0]), epochs[-1].loss)
    return OpzoRun(seed, epochs, right, variances, operations, diverged)


def planned(plan: OpzoPlan, samples: ClassData, seeds: int) -> Planned[OpzoTrial]:
    """What a study trains.

    Images of an odd side, which cannot be halved after a convolution, are learned by the dense
    networks alone.
    """
    shown, convolved = codings(samples), samples.shape.halves
    tries = [
        (trial, rate)
        for trial in tuning_trials(shown, convolved)
        for rate in (plan.convolved_rates if trial.kind == "convolutional" else plan.rates)
    ]
    return Planned(tries, all_trials(shown, convolved), seeds)


def job(
    seeds: int | None = None, quick: bool = False, jobs: int | None = None, data: str = "digits"
) -> Job[Comparison]:
    """The study of the data that are asked for, shared by processes whose number changes nothing.

    Raises BadInput for data that are unknown or damaged.
    """
    samples = dataset(data)
    plan = QUICK if quick else OpzoPlan()
    todo = planned(plan, samples, seeds or plan.seeds)
    shown = codings(samples)

    def run(_: Path, progress: Progress) -> Comparison:
        found = Comparison({}, {}, data.partition("=")[0], plan, shown, simple=simple(samples))
        with (
            progress(len(todo)) as show,
            workers(jobs, _begin, (samples,)) as pool,
        ):
            config = replace(plan.course, coding=shown[0])
            widths = pool.submit(_by_width, config, plan.widths)
            forward = pool.submit(_forward_variances, config, plan.draws)
            found.carry_out(todo, pool, partial(_work, plan), show)
            found.widths.update(widths.result())
            found.forward.extend(forward.result())
        return found

    return Job(run)


_samples: ClassData


def _begin(samples: ClassData) -> None:
    """First thing in a new process: every run needs the samples, which are sent once.

    A pool hands over what all tasks share at a process's start only, hence the global.
    """
    global _samples  # noqa: PLW0603
    _samples = samples


def _work(plan: OpzoPlan, task: tuple[OpzoTrial, float, int]) -> OpzoRun:
    """One run; of those from seed 0, which choose a rate, no variance is measured."""
    trial, rate, seed = task
    return execute(trial, plan if seed else replace(plan, batches=0), _samples, rate, seed)


def _by_width(config: TrainingConfig, widths: tuple[int, ...]) -> dict[str, dict[int, float]]:
    return by_width(_samples, config, widths)


def _forward_variances(config: TrainingConfig, draws: int) -> list[ForwardVariance]:
    return forward_variances(_samples, config, draws)
