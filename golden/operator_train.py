"""Training an operator chip on any engine: batches of its problem, errors on the test samples."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.checkpoint import EVERY, Keeper
from dualspike.golden.network import Parameters
from dualspike.golden.problems.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.problems.problem import Problem
from dualspike.model.keys import Purpose
from dualspike.model.operator_chip import OperatorDescription

Floats = NDArray[np.float64]


class OperatorEngine(Protocol):
    """Whatever can learn an operator: the integer model, or a simulated chip."""

    def update(self, inputs: Sequence[Floats], target: Floats, update: int) -> float:
        """Learn once; see `golden.operator_engine.FixedOperatorEngine.update`."""
        ...

    def predict(self, inputs: Sequence[Floats]) -> Floats:
        """Outputs [B_0, B_1, ...], for any numbers of rows."""
        ...

    def weights(self) -> tuple[Parameters, ...]:
        """Weights and biases of every part now, in real values; copies."""
        ...


@dataclass(frozen=True, eq=False)
class OperatorResult:
    """One training run.

    Relative l2 errors on the test samples, before and after: ``rel_l2`` is the mean over the
    functions, ``global_rel_l2`` one norm over everything. ``losses`` [updates]: batch loss before
    each update. ``seconds``: wall time of the updates. ``prediction``: y of the test samples.
    """

    rel_l2_before: float
    rel_l2: float
    global_rel_l2: float
    losses: Floats
    updates: int
    seconds: float
    prediction: Floats


def train_operator(
    engine: OperatorEngine,
    description: OperatorDescription,
    problem: Problem,
    progress: Callable[[int, float], None] | None = None,
    keeper: Keeper | None = None,
) -> OperatorResult:
    """Run ``learning.updates`` updates and measure the errors on the test samples.

    Update u learns from the batch of the key (seed, u), as every engine and experiment does.
    A ``keeper`` writes a checkpoint every `golden.checkpoint.EVERY` updates, and the run goes on
    from the one that it finds.
    ``progress`` is called after every update with the number of updates done and the last loss.
    """
    learning, test = description.learning, problem.test
    losses = np.empty(learning.updates)
    found = keeper.load() if keeper else None
    first, past = 0, 0.0
    if found:
        first, before, past = len(found.losses), found.before, found.seconds
        losses[:first] = found.losses
    else:
        before = mean_relative_l2(engine.predict(test.inputs), test.target)
    began = time.perf_counter() - past
    for update in range(first, learning.updates):
        inputs, target = problem.batch((learning.seed, update, Purpose.BATCH))
        losses[update] = engine.update(inputs, target, update)
        if progress is not None:
            progress(update + 1, losses[update])
        if keeper is not None and (update + 1) % EVERY == 0:
            keeper.save(losses[: update + 1], before, time.perf_counter() - began)
    seconds = time.perf_counter() - began
    y = engine.predict(test.inputs)
    return OperatorResult(
        rel_l2_before=before,
        rel_l2=mean_relative_l2(y, test.target),
        global_rel_l2=relative_l2(y, test.target),
        losses=losses,
        updates=learning.updates,
        seconds=seconds,
        prediction=y,
    )
