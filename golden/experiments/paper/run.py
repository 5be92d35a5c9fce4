"""One run: one method from one seed, from its start or its checkpoint to its outcome.

Update u draws its batch and its directions from the key (seed, u), so it depends on theta, the
optimiser's state and u alone. That is what a checkpoint holds: a run that was stopped, at whatever
moment, ends with the numbers of one that was not.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper.methods import Method
from dualspike.golden.experiments.paper.settings import OURS, PaperSettings
from dualspike.golden.experiments.runner.records import RunOutcome, RunRecord, RunState, point_of
from dualspike.golden.float.compiled import CompiledHidden
from dualspike.golden.float.estimators.backpropagation import Backpropagation
from dualspike.golden.float.estimators.estimator import Estimator
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient
from dualspike.golden.float.model import Model
from dualspike.golden.float.tanh import TanhHidden
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.divergence import ended_far
from dualspike.model.ceil_div import ceil_div
from dualspike.model.keys import Purpose

Notice = Callable[[int, float], bool]

POINTS = 500
"""Points of a loss curve, each the mean over its share of the updates."""

FIRST_SECONDS, SECONDS = 0.2, 15.0
"""Wall time to the first checkpoint, and between the later ones."""


@dataclass(frozen=True)
class Run:
    """Everything that the numbers of a run depend on."""

    settings: PaperSettings
    method: Method
    seed: int
    column: str = OURS

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{stem(self.column, self.method)}-{self.seed}"

    @property
    def updates(self) -> int:
        """How many updates it trains for."""
        return self.settings.training.updates

    def record(self, folder: Path, data: str = "") -> RunRecord:
        """Its files in a folder, of samples with the checksum ``data``; see `RunRecord`."""
        identity = self.settings.of_rule(self.method.rule).identity
        return RunRecord(folder, self.name, identity, data)

    def problem(self, problem: Problem) -> Problem:
        """The problem with this run's batch sizes; raises BadInput if they are too large."""
        sizes = tuple(None if n == "all" else n for n in self.settings.training.batch)
        return replace(problem, batch_sizes=sizes)

    def model(self) -> Model:
        """The network, with local losses if the method has them."""
        return Model(
            self.settings.network(self.method),
            local=self.method.local,
            floor=self.settings.training.floor,
            hidden=TanhHidden if self.method.rule == "tanh" else CompiledHidden,
        )

    def estimator(self) -> Estimator:
        """The rule that finds a gradient."""
        scope, training = self.method.scope, self.settings.training
        if self.method.rule == "RFG-N":
            return NeuronGradient(training.directions, training.distribution)
        if scope is None:
            return Backpropagation()
        return ForwardGradient(
            scope, training.directions, training.distribution, training.structure
        )


def stem(column: str, method: Method) -> str:
    """What files of all seeds of a method begin with; the column is named but for ours."""
    return method.name if column == OURS else f"{column}-{method.name}"


class Training:
    """The updates of a run, one after the other. ``estimator``: instead of the run's own."""

    def __init__(self, run: Run, problem: Problem, estimator: Estimator | None = None) -> None:
        self._seed = run.seed
        self._settings = run.settings.training
        self._problem = run.problem(problem)
        self._estimator = estimator or run.estimator()
        self._optimiser = self._settings.optimiser.build()
        self._schedule = self._settings.schedule.build(self._settings.rates[run.method.rule])
        self.model = run.model()
        updates, n = self._settings.updates, self._settings.validations
        self._validations = {ceil_div(k * updates, n) for k in range(1, n + 1)}

    def start(self) -> RunState:
        """The state before the first update."""
        points = min(POINTS, self._settings.updates)
        theta = self.model.start(self._seed)
        return RunState(0, theta, {}, np.zeros(points), np.empty((0, 3)), 0.0)

    def resume(self, state: RunState) -> None:
        """Go on from a state that ``checkpoint`` gave."""
        self._optimiser.restore(state.optimiser)

    def checkpoint(self, state: RunState) -> RunState:
        """The state with the optimiser's arrays in it."""
        return replace(state, optimiser=self._optimiser.state())

    def update(self, state: RunState) -> float:
        """One update of ``state`` in place; returns the loss before it.

        Where the loss is not finite the state stays as it was.
        """
        began = time.perf_counter()
        key, updates = (self._seed, state.update), self._settings.updates
        inputs, target = self._problem.batch((*key, Purpose.BATCH))
        loss, g = self._estimator.gradient(self.model, state.theta, inputs, target, key)
        if math.isfinite(loss):
            self._optimiser.step(state.theta, g, self._schedule.rate(state.update, updates))
            state.losses[point_of(state.update, updates, len(state.losses))] += loss
            state.update += 1
        state.seconds += time.perf_counter() - began
        if state.update in self._validations and math.isfinite(loss):
            row = [state.update, *self.errors(state, self._problem.validation)[:2]]
            state.validation = np.vstack([state.validation, row])
        return loss

    def far_off(self, state: RunState) -> bool:
        """Whether a run that has ended lies far above its start, on the validation samples.

        Squares of global errors are compared, which go as losses do; a start counts at least as
        much as answering 0, whose error is 1.
        """
        before = self.errors(self.start(), self._problem.validation)[1]
        return ended_far(max(1.0, before) ** 2, float(state.validation[-1, 2]) ** 2)

    def errors(self, state: RunState, samples: Samples) -> tuple[float, float, Doubles]:
        """(error, global error, outputs) on samples, see RunOutcome."""
        rng = np.random.default_rng([self._seed, Purpose.BATCH])
        y = self.model.predict(state.theta, samples.inputs, rng).astype(np.float64)
        over_all = relative_l2(y, samples.target)
        if self._problem.kind == "mlp":
            return over_all, over_all, y
        return mean_relative_l2(y, samples.target), over_all, y


def execute(run: Run, problem: Problem, folder: Path, notice: Notice) -> None:
    """Go on from the run's checkpoint, or from its start, and leave its outcome in the folder.

    ``notice`` is called after every update with the number of updates done and the last loss;
    where it answers False the run ends with a checkpoint and no outcome. Raises BadInput for a
    checkpoint that is damaged or of other settings, and for files that cannot be written.
    """
    record = run.record(folder, checksum(problem))
    if record.outcome.exists():
        return
    training = Training(run, problem)
    state = record.read_state()
    if state is None:
        state = training.start()
    else:
        training.resume(state)
    save_at = time.monotonic() + FIRST_SECONDS
    with np.errstate(over="ignore", invalid="ignore"):
        while state.update < run.settings.training.updates:
            loss = training.update(state)
            if not math.isfinite(loss):
                record.finish(_diverged(training, state))
                return
            go_on = notice(state.update, loss)
            if not go_on or time.monotonic() >= save_at:
                record.save(training.checkpoint(state))
                save_at = time.monotonic() + SECONDS
            if not go_on:
                return
        record.finish(_outcome(training, state, problem.test))


def _outcome(training: Training, state: RunState, test: Samples) -> RunOutcome:
    error, over_all, y = training.errors(state, test)
    if not math.isfinite(error) or training.far_off(state):
        return _diverged(training, state)
    shown = y if training.model.operator.kind == "mlp" else y[:1]
    return RunOutcome(training.checkpoint(state), None, error, over_all, shown)


def _diverged(training: Training, state: RunState) -> RunOutcome:
    return RunOutcome(training.checkpoint(state), state.update, math.nan, math.nan, np.empty(0))
