"""A training run that may be broken off: all that it needs to go on, in one file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.store import digest_of
from dualspike.golden.files.arrays import finite_floats, named, read_arrays
from dualspike.golden.files.differences import first_difference
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.numeric import Doubles, Matrix
from dualspike.golden.training.weights_file import npz_bytes
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import anywhere
from dualspike.model.errors import BadInput
from dualspike.model.version import VERSION

EVERY = 100
"""Updates from one checkpoint to the next."""

WATCHED = "validation_"
"""How the names of arrays of a run's validation samples begin."""

EXACT = "exact"
"""The engines that agree in every bit: the integer model, the simulated hardware, a board."""


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
        """The state after the last update; a copy."""
        ...

    def restore(self, state: State, updates: int) -> None:
        """Go on from the state after ``updates`` updates, of any engine of the description."""
        ...


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run after ``len(losses)`` updates, from ``path``; ``before`` is its `TrainResult.before`.

    ``watched``: the arrays of its `ValidationWatch`, finite real numbers, if it has one.
    """

    path: Path
    losses: NDArray[np.float64]
    before: float
    seconds: float
    watched: dict[str, Doubles] = field(default_factory=dict[str, Doubles])


@dataclass(frozen=True)
class Origin:
    """What the numbers of a run depend on, from its first update to its last.

    ``description`` as JSON, with bare names of files; ``data``: checksum of the samples that it
    trains and is tested on; ``start``: checksum of the stored weights and biases before the first
    update. Engines of one family lead to the same bits, so that a run may go on on another of them.
    """

    description: str
    data: str
    start: str
    engine: str = EXACT
    version: str = VERSION

    @classmethod
    def of(
        cls,
        description: Description,
        data: str,
        weights: Sequence[Matrix],
        biases: Sequence[Matrix],
    ) -> Self:
        """The origin of a run of this version on the samples whose checksum is ``data``."""
        text = json.dumps(anywhere(description).model_dump(mode="json"), sort_keys=True)
        arrays = {f"weights_{n}": array for n, array in enumerate(weights)}
        arrays |= {f"biases_{n}": array for n, array in enumerate(biases)}
        return cls(text, data, digest_of(arrays))

    def check(self, path: Path, held: dict[str, str]) -> None:
        """Raise BadInput for the first thing in which the origin in the file ``path`` differs."""
        wanted = asdict(self)
        if held["version"] != self.version:
            raise BadInput(
                f"{path} must be a checkpoint of dualspike {self.version}, not {held['version']}"
            )
        if held["description"] != self.description:
            difference = _difference(held["description"], self.description)
            raise BadInput(f"{path} must be a checkpoint of the same description{difference}")
        for name, what in (
            ("engine", "engines"),
            ("data", "data to train and test on"),
            ("start", "start weights"),
        ):
            if held[name] != wanted[name]:
                theirs, ours = held[name][:12], wanted[name][:12]
                raise BadInput(
                    f"{path} must be a checkpoint of the same {what}: it has {theirs}, not {ours}"
                )


class Checkpointer:
    """Writes checkpoints of one run to ``path``, whole or not at all, and reads them back.

    A run that is ``fresh`` begins anew, whatever is in the file, and is written only where it is
    broken off, others every `EVERY` updates as well.
    """

    def __init__(self, path: Path, engine: Resumable, origin: Origin, fresh: bool = False) -> None:
        self._path, self._engine, self._origin, self._fresh = path, engine, origin, fresh

    def due(self, updates: int) -> bool:
        """Whether to save after so many updates."""
        return not self._fresh and updates % EVERY == 0

    def save(
        self,
        losses: NDArray[np.float64],
        before: float,
        seconds: float,
        watched: Mapping[str, Doubles] | None = None,
    ) -> None:
        """Write the engine's state and the run so far."""
        state = self._engine.state()
        arrays: dict[str, Any] = {f"memory_{n}": held for n, held in enumerate(state.memories)}
        arrays |= {"lfsr": np.uint64(state.lfsr), "clocks": np.int64(state.clocks)}
        arrays |= {"coder": np.uint64(state.coder)}
        arrays |= {"losses": losses, "before": before, "seconds": seconds}
        arrays |= {f"{WATCHED}{name}": values for name, values in (watched or {}).items()}
        write_atomic(self._path, npz_bytes(arrays | asdict(self._origin)))

    def load(self) -> Checkpoint | None:
        """Put the engine into the state of the file; None if there is no file.

        Raises BadInput for a file that is no checkpoint, or one of another origin.
        """
        if self._fresh or not self._path.exists():
            return None
        arrays = read_arrays(self._path)
        known = [field.name for field in fields(Origin)]
        numbers = ("lfsr", "clocks", "coder", "losses", "before", "seconds")
        named(self._path, arrays, [*known, *numbers])
        self._origin.check(self._path, {name: str(arrays[name]) for name in known})
        state, losses = self._state(arrays), arrays["losses"]
        updates = json.loads(self._origin.description)["learning"]["updates"]
        if losses.dtype.kind != "f" or losses.ndim != 1 or len(losses) > updates:
            raise BadInput(f"{self._path}: losses must be real numbers, {updates} at most")
        finite_floats(self._path, "losses", losses)
        before, seconds = (_real(self._path, name, arrays[name]) for name in numbers[4:])
        watched = {
            name.removeprefix(WATCHED): finite_floats(self._path, name, values)
            for name, values in arrays.items()
            if name.startswith(WATCHED)
        }
        self._engine.restore(state, len(losses))
        return Checkpoint(self._path, losses, before, seconds, watched)

    def _state(self, arrays: dict[str, NDArray[Any]]) -> State:
        """The state in the arrays of a file, of the shapes that the engine's own has."""
        wanted = self._engine.state().memories
        named(self._path, arrays, [f"memory_{n}" for n in range(len(wanted))])
        memories = tuple(arrays[f"memory_{n}"] for n in range(len(wanted)))
        for n, (memory, like) in enumerate(zip(memories, wanted, strict=True)):
            if memory.dtype.kind != "i" or memory.shape != like.shape:
                raise BadInput(
                    f"{self._path}: memory_{n} must be whole numbers of shape {list(like.shape)},"
                    f" not {memory.dtype} of {list(memory.shape)}"
                )
        numbers = (_whole(self._path, name, arrays[name]) for name in ("lfsr", "clocks", "coder"))
        return State(memories, *numbers)


def _whole(path: Path, name: str, array: NDArray[Any]) -> int:
    if array.dtype.kind not in "iu" or array.ndim or array < 0:
        raise BadInput(f"{path}: {name} must be one whole number, not below 0")
    return int(array)


def _real(path: Path, name: str, array: NDArray[Any]) -> float:
    if array.dtype.kind != "f" or array.ndim or not 0 <= array < np.inf:
        raise BadInput(f"{path}: {name} must be one finite number, not below 0")
    return float(array)


def _difference(held: str, wanted: str) -> str:
    """The first key in which two descriptions differ, to end a line with."""
    try:
        difference = first_difference(json.loads(held), json.loads(wanted))
    except (ValueError, RecursionError):
        difference = None
    if difference is None:
        return ""
    name, theirs, ours = difference
    return f": it has {name} {theirs}, not {ours}"
