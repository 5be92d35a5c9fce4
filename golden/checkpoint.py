"""A training run that may be broken off: all that it needs to go on, in one file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.files import write_atomic
from dualspike.golden.integer import Matrix
from dualspike.golden.problems.archive import named, read_arrays
from dualspike.golden.weights import npz_bytes
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.operator_chip import OperatorDescription

EVERY = 100
"""Updates from one checkpoint to the next."""


@dataclass(frozen=True, eq=False)
class State:
    """All that a chip carries from one update to the next, in stored integers.

    ``memories`` are those behind WEIGHT_SELECT, in its order: weights [n_out, n_in] and biases
    [n_out] of every layer, then with momentum the velocities of all of these. ``lfsr`` is the
    drawer's state, ``clocks`` what a simulated chip has taken so far to learn, ``coder`` the state
    of the register from which spikes of inputs are drawn, if there is one.
    """

    memories: tuple[Matrix, ...]
    lfsr: int
    clocks: int = 0
    coder: int = 0


class Resumable(Protocol):
    """An engine whose state can be read and written back."""

    def state(self) -> State:
        """The state behind the last update; a copy."""
        ...

    def restore(self, state: State, updates: int) -> None:
        """Go on from the state behind ``updates`` updates, of any engine of the description."""
        ...


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run behind ``len(losses)`` updates; ``before`` is its relative l2 error before all."""

    losses: NDArray[np.float64]
    before: float
    seconds: float


class Keeper:
    """Writes checkpoints of one run to ``path``, whole or not at all, and reads them back."""

    def __init__(
        self, path: Path, engine: Resumable, description: Description | OperatorDescription
    ) -> None:
        self._path, self._engine = path, engine
        self._text = json.dumps(description.model_dump(mode="json"), sort_keys=True)

    def save(self, losses: NDArray[np.float64], before: float, seconds: float) -> None:
        """Write the engine's state and the run so far."""
        state = self._engine.state()
        arrays: dict[str, Any] = {f"memory_{n}": held for n, held in enumerate(state.memories)}
        arrays |= {"lfsr": np.uint64(state.lfsr), "clocks": np.int64(state.clocks)}
        arrays |= {"coder": np.uint64(state.coder)}
        arrays |= {"losses": losses, "before": before, "seconds": seconds}
        write_atomic(self._path, npz_bytes(arrays | {"description": self._text}))

    def load(self) -> Checkpoint | None:
        """Put the engine into the state of the file; None if there is no file.

        Raises BadInput for a file that is no checkpoint, or one of another description.
        """
        if not self._path.exists():
            return None
        arrays = read_arrays(self._path)
        wanted = ["description", "lfsr", "clocks", "coder", "losses", "before", "seconds"]
        named(self._path, arrays, wanted)
        if str(arrays["description"]) != self._text:
            raise BadInput(f"{self._path} must be a checkpoint of the same description")
        count = sum(name.startswith("memory_") for name in arrays)
        memories = tuple(arrays[f"memory_{n}"] for n in range(count))
        numbers = (int(arrays[name]) for name in ("lfsr", "clocks", "coder"))
        state = State(memories, *numbers)
        self._engine.restore(state, len(arrays["losses"]))
        return Checkpoint(arrays["losses"], float(arrays["before"]), float(arrays["seconds"]))
