"""Validation samples in the course of a run: a curve, an early stop, and the best weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from dualspike.golden.data.measures import measure
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.splits import with_validation
from dualspike.golden.files.arrays import named
from dualspike.golden.float.layout import Parameters
from dualspike.golden.numeric import Doubles, Indices
from dualspike.golden.training.checkpoint import WATCHED
from dualspike.model.errors import BadInput

POINTS = 50
"""A run is looked at before it begins, and after each of so many equal stretches of its updates."""


class Answering(Protocol):
    """What a `ValidationWatch` needs of an engine; see `golden.training.train.Engine`."""

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs for any numbers of rows, in real values."""
        ...

    def load(self, parameters: Parameters) -> None:
        """Go back to before the first update, with these weights and biases."""
        ...

    def weights(self) -> Parameters:
        """Weights and biases now; a copy."""
        ...


@dataclass(frozen=True, eq=False)
class Validation:
    """What a run came to on its validation samples.

    After ``updates`` [K] updates, 0 first, it had ``figures`` [K], accuracy or relative l2 as in
    `Measures.figure`, and ``losses`` [K]. ``best``: which of these was best, that of the lowest
    loss, of equal ones the first. ``restored``: the run ended with the weights of then.
    ``stopped``: it ended early.
    """

    updates: Indices
    figures: Doubles
    losses: Doubles
    best: int
    restored: bool
    stopped: bool

    @property
    def best_update(self) -> int:
        """After how many updates it was best."""
        return int(self.updates[self.best])


class ValidationWatch:
    """Looks at a problem's validation samples in a run of so many ``updates``.

    It `stops` the run after ``patience`` looks, 1 or more, of which none was better than all
    before; None never does. With ``restore_best`` the run ends with the best weights.
    """

    def __init__(
        self, problem: Problem, updates: int, patience: int | None, restore_best: bool
    ) -> None:
        self._problem = replace(problem, test=problem.validation)
        self._every = max(1, -(-updates // POINTS))
        self._total, self._patience, self._restores = updates, patience, restore_best
        self._looks: list[tuple[int, float, float]] = []
        self._best = 0
        self._weights: Parameters | None = None

    def due(self, done: int) -> bool:
        """Whether to look after so many updates."""
        return done % self._every == 0 or done == self._total

    @property
    def stops(self) -> bool:
        """Whether the run has gone on long enough without a better look."""
        return self._patience is not None and len(self._looks) - 1 - self._best >= self._patience

    def look(self, engine: Answering, done: int) -> bool:
        """Measure after so many updates; False if what the network answers is not finite."""
        y = self._problem.units.given(engine.predict(self._problem.test.inputs))
        if not np.isfinite(y).all():
            return False
        found = measure(self._problem, y)
        self._looks.append((done, found.figure, found.loss))
        last = len(self._looks) - 1
        if not last or found.loss < self._looks[self._best][2]:
            self._best = last
            self._weights = engine.weights() if self._restores else None
        return True

    def restore(self, engine: Answering) -> None:
        """Bring the best weights back, if that is wanted."""
        if self._weights is not None:
            engine.load(self._weights)

    def found(self) -> Validation:
        """What the run came to."""
        updates, figures, losses = map(np.array, zip(*self._looks, strict=True))
        early = self.stops and self._looks[-1][0] < self._total
        restored = self._weights is not None
        return Validation(updates, figures, losses, self._best, restored, early)

    def arrays(self) -> dict[str, Doubles]:
        """All that a checkpoint must keep."""
        kept = {"looks": np.array(self._looks, np.float64)}
        if self._weights is not None:
            every = (*self._weights.weights, *self._weights.biases)
            kept |= {f"best_{n}": values for n, values in enumerate(every)}
        return kept

    def resume(self, engine: Answering, path: Path, kept: Mapping[str, Doubles]) -> None:
        """Go on from the arrays of the checkpoint at ``path``; raises BadInput for others."""
        named(path, [f"{WATCHED}{name}" for name in kept], [f"{WATCHED}looks"])
        looks, now = kept["looks"], engine.weights()
        if looks.ndim != 2 or looks.shape[1] != 3 or looks[:1, 0].tolist() != [0]:
            raise BadInput(f"{path}: {WATCHED}looks must have shape [N, 3] and begin with update 0")
        held = "best_0" in kept
        if held != self._restores:
            raise BadInput(
                f"--restore-best must be {'given' if held else 'left out'}, as it was for the run"
                f" in {path}"
            )
        self._looks = [(int(done), figure, loss) for done, figure, loss in looks.tolist()]
        self._best = int(looks[:, 2].argmin())
        if held:
            like = (*now.weights, *now.biases)
            best = [kept.get(f"best_{n}", np.empty(0)) for n in range(len(like))]
            wanted = [list(values.shape) for values in like]
            if (came := [list(values.shape) for values in best]) != wanted:
                raise BadInput(f"{path}: {WATCHED}best must have shapes {wanted}, not {came}")
            half = len(now.weights)
            self._weights = Parameters(tuple(best[:half]), tuple(best[half:]))


def validating(
    problem: Problem,
    updates: int,
    share: float | None,
    patience: int | None = None,
    restore_best: bool = False,
) -> tuple[Problem, ValidationWatch | None]:
    """The problem with that share of its training samples to validate on, and what watches them.

    As it is, and None, without a share. Raises BadInput as `with_validation` does, for a patience
    below 1, and for what needs a share and has none.
    """
    if share is None:
        for name, given in (("--patience", patience is not None), ("--restore-best", restore_best)):
            if given:
                raise BadInput(f"{name} must be left out without --validation-split SHARE")
        return problem, None
    if patience is not None and patience < 1:
        raise BadInput(f"--patience must be 1 or more, not {patience}")
    problem = with_validation(problem, share)
    return problem, ValidationWatch(problem, updates, patience, restore_best)
