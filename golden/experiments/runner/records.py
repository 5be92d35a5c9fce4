"""What a run leaves in its folder: a checkpoint while it goes on, an outcome when it has ended."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.experiments.runner.archive import (
    Arrays,
    check_origin,
    read_archive,
    write_archive,
)
from dualspike.golden.numeric import Doubles
from dualspike.model.ceil_div import ceil_div
from dualspike.model.errors import BadInput
from dualspike.model.version import VERSION

_OPTIMISER = "optimiser_"
_NUMBERS = ("update", "theta", "losses", "validation", "seconds")
_STATE = {"identity", "data", "version", *_NUMBERS}
_OUTCOME = _STATE | {"diverged", "errors", "prediction"}


@dataclass
class RunState:
    """Where a run is after ``update`` updates.

    ``theta`` [N], and the ``optimiser``'s arrays. ``losses`` [points]: sums of batch losses, see
    ``loss_curve``. ``validation`` [n, 3]: update, relative l2 (mean over functions for operator
    networks), relative l2 over everything. ``seconds``: wall time of the updates.
    """

    update: int
    theta: NDArray[np.floating[Any]]
    optimiser: Arrays
    losses: Doubles
    validation: Doubles
    seconds: float


@dataclass(frozen=True, eq=False)
class RunOutcome:
    """What a run came to.

    ``diverged``: the update at which a loss was not finite (their number, where only the final
    error is not, or lies far above that of the start), or None. ``error``: relative l2 on the test
    samples, for operator networks the mean over functions; ``global_error``: over all entries at
    once; both nan if diverged.
    ``prediction``: a perceptron's outputs for the whole test set, an operator network's for the
    first test function.
    """

    state: RunState
    diverged: int | None
    error: float
    global_error: float
    prediction: Doubles


def point_of(update: int, updates: int, points: int) -> int:
    """The point of the loss curve that an update belongs to."""
    return update * points // updates


def loss_curve(state: RunState, updates: int) -> tuple[Doubles, Doubles]:
    """(updates done, mean batch loss) at the points that the run has finished."""
    points = len(state.losses)
    bounds = np.array([ceil_div(n * updates, points) for n in range(points + 1)])
    finished = bounds[1:] <= state.update
    ends = bounds[1:][finished]
    return ends.astype(np.float64), state.losses[finished] / np.diff(bounds)[finished]


@dataclass(frozen=True)
class RunRecord:
    """The files of the run ``name`` in ``folder``.

    ``identity`` is that of its settings, ``data`` the checksum of the samples that it learns and is
    tested on; both may be left out where only the names of the files count.
    """

    folder: Path
    name: str
    identity: str = ""
    data: str = ""

    @property
    def checkpoint(self) -> Path:
        """Where a run that goes on has its state."""
        return self.folder / f"{self.name}.checkpoint.npz"

    @property
    def outcome(self) -> Path:
        """Where a run that has ended has its outcome."""
        return self.folder / f"{self.name}.npz"

    def save(self, state: RunState) -> None:
        """Write the checkpoint; raises BadInput if that cannot be done."""
        write_archive(self.checkpoint, self._arrays(state))

    def finish(self, outcome: RunOutcome) -> None:
        """Write the outcome, then delete the checkpoint; raises BadInput likewise."""
        arrays = self._arrays(outcome.state)
        arrays["diverged"] = np.array(-1 if outcome.diverged is None else outcome.diverged)
        arrays["errors"] = np.array([outcome.error, outcome.global_error])
        arrays["prediction"] = outcome.prediction
        write_archive(self.outcome, arrays)
        self.checkpoint.unlink(missing_ok=True)

    def read_state(self) -> RunState | None:
        """The checkpoint, or None if there is none.

        Raises BadInput if it is damaged, or of a run with other settings, other data or by another
        version of this package.
        """
        if not self.checkpoint.exists():
            return None
        return _state(self._read(self.checkpoint, _STATE))

    def read_outcome(self) -> RunOutcome | None:
        """The outcome, or None if the run has not ended; raises BadInput as ``read_state``."""
        if not self.outcome.exists():
            return None
        arrays = self._read(self.outcome, _OUTCOME)
        diverged = int(arrays["diverged"])
        error, global_error = arrays["errors"].tolist()
        at = None if diverged < 0 else diverged
        return RunOutcome(_state(arrays), at, error, global_error, arrays["prediction"])

    def _arrays(self, state: RunState) -> Arrays:
        texts = {"identity": self.identity, "data": self.data, "version": VERSION}
        arrays = {name: np.array(text) for name, text in texts.items()}
        arrays |= {name: np.asarray(getattr(state, name)) for name in _NUMBERS}
        return arrays | {_OPTIMISER + name: array for name, array in state.optimiser.items()}

    def _read(self, path: Path, wanted: set[str]) -> Arrays:
        arrays = read_archive(path)
        if {name for name in arrays if not name.startswith(_OPTIMISER)} != wanted:
            raise BadInput(f"{path} is not of this version: delete it to start that run again")
        check_origin(
            path,
            arrays,
            ("version", VERSION, f"is of dualspike {arrays['version']}, not {VERSION}"),
            ("identity", self.identity, "has other settings"),
            ("data", self.data, "has learned other data than are there now"),
        )
        return arrays


def _state(arrays: Arrays) -> RunState:
    optimiser = {
        name.removeprefix(_OPTIMISER): array
        for name, array in arrays.items()
        if name.startswith(_OPTIMISER)
    }
    update, theta, losses, validation, seconds = (arrays[name] for name in _NUMBERS)
    return RunState(int(update), theta, optimiser, losses, validation, float(seconds))
