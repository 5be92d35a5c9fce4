"""A training run on any engine: what ``dualspike train`` and ``Chip.train`` do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dualspike.api.board_engine import BAUD
from dualspike.api.engines import EngineName, open_engine
from dualspike.api.outcome import summarise
from dualspike.boards.host.port import LinkLost
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.store import checksum
from dualspike.golden.data.warnings.precision import check_moves
from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.checkpoint import Checkpointer, Origin
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.golden.training.online_engine import OnlineFloatEngine
from dualspike.golden.training.train import FloatEngine, TrainResult
from dualspike.golden.training.train import train as run
from dualspike.golden.training.validation import ValidationWatch
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput, Interrupted


class BrokenOff(Interrupted):
    """A run that was broken off, with the ``weights`` that it has come to."""

    def __init__(self, line: str, weights: Parameters) -> None:
        super().__init__(line)
        self.weights = weights


def check_trains(d: Description, engine: EngineName) -> None:
    """Raise BadInput for a chip that does not learn, or whose changes are too small for it."""
    if not d.learns:
        raise BadInput(f"learning.rule must be 'rfg' or 'online' to train, not {d.learning.rule!r}")
    if engine is not EngineName.golden:
        check_moves(d)


def train(
    d: Description,
    engine: EngineName,
    problem: Problem,
    first: Parameters | None = None,
    show: Callable[[int, float], None] | None = None,
    resume: Path | None = None,
    port: str | None = None,
    baud: int = BAUD,
    kept: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    watch: ValidationWatch | None = None,
) -> tuple[TrainResult, dict[str, Any]]:
    """Train from ``first`` or the seed's weights; the result, and what result.json says of it.

    With ``resume`` the run is kept in that file and goes on from it; else it begins anew and is
    ``kept`` in a file where ``stop`` breaks it off, which raises BrokenOff. ``show`` is called
    after every update with the number of updates done and the last loss. ``watch`` looks at the
    validation samples of the problem, see `validating`. Raises BadInput for a run
    that diverges to numbers that are not finite, and for a board that is lost.
    """
    try:
        with open_engine(d, engine, first, port, baud) as (chosen, cycles):
            file, keeper = resume or kept, None
            if file is not None and not isinstance(chosen, FloatEngine | OnlineFloatEngine):
                keeper = Checkpointer(file, chosen, _origin(d, problem, first), resume is None)
            try:
                result = run(chosen, d, problem, show, keeper, stop, watch)
            except Interrupted as broken:
                raise BrokenOff(str(broken), chosen.weights()) from broken
            return result, summarise(d, engine, problem, result) | cycles(result.updates)
    except LinkLost as lost:
        left = f"; the run so far is in {resume}" if resume and resume.exists() else ""
        raise BadInput(f"{lost}{left}") from lost


def _origin(d: Description, problem: Problem, first: Parameters | None) -> Origin:
    """What a checkpoint must be of to go on with this run."""
    chip = first_chip(d, first)
    return Origin.of(d, checksum(problem), chip.weights, chip.biases)
