"""A learning problem: samples to learn, to tune and to test on, its batches and its errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.ranges import check_whole
from dualspike.golden.data.units import AS_THEY_ARE, Units
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput
from dualspike.model.keys import Purpose

Kind = Literal["mlp", "deeponet", "seponet"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs, one array [rows, n_in] for each part of a network, and what it should answer.

    Row j of part i belongs to index j of the target's axis i:

    - mlp: x [N, n_in], or [N, T, n_in] over time; target [N, n_out]
    - deeponet: u [F, m] and points [P, c]; target [F, P]
    - seponet: u [F, m], x [X, 1], t [T, 1]; target [F, X, T]

    ``rows`` [N] of an mlp are the samples' numbers in what they were read from, left out 0, 1, ...
    """

    inputs: tuple[Doubles, ...]
    target: Doubles
    rows: NDArray[np.integer[Any]] | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """What a network of some kind learns.

    ``batch_sizes`` says how many rows of each part make up a batch, None for all of them; they are
    drawn without replacement, or, where ``replace`` is set, with it. Raises BadInput for sizes that
    the training samples do not have. Validation samples are for tuning, so that the test samples
    are seen once only. ``grid`` is (rows, columns) where the test points of an mlp form a plane in
    row-major order. ``classes`` says how many there are where targets are labels: 1 for the output
    of a sample's class, 0 for the others; with ``margin`` more than 1 and less than 0 is no error
    there. ``image`` is (rows, columns) where inputs are the pixels
    of one. ``units`` are those of targets where a file has others than the network. ``test_set`` is
    what the test samples are called, ``split`` how they were chosen among a user's own, if they
    were; ``validated`` how a run's validation samples were, if it has some.
    """

    name: str
    kind: Kind
    train: Samples
    validation: Samples
    test: Samples
    batch_sizes: tuple[int | None, ...]
    replace: bool = False
    grid: tuple[int, int] | None = None
    classes: int | None = None
    margin: bool = False
    image: tuple[int, int] | None = None
    units: Units = AS_THEY_ARE
    test_set: str = "test set"
    split: str | None = None
    validated: str | None = None

    def __post_init__(self) -> None:
        parts = len(self.train.inputs)
        if len(self.batch_sizes) != parts:
            raise BadInput(
                f"batch sizes of {self.name} must be {parts} numbers, not {len(self.batch_sizes)}"
            )
        for part, (rows, size) in enumerate(zip(self.train.inputs, self.batch_sizes, strict=True)):
            if size is not None and not self.replace:
                check_whole(f"batch size {part} of {self.name}", size, 1, len(rows))

    @property
    def n_in(self) -> tuple[int, ...]:
        """Width of the input of each part."""
        return tuple(rows.shape[-1] for rows in self.train.inputs)

    @property
    def truth(self) -> Doubles:
        """The targets of the test samples, in the units of their file."""
        return self.units.given(self.test.target)

    @property
    def where(self) -> str:
        """What to put after a figure that is not one on a test set, else nothing."""
        return "" if self.test_set == "test set" else f", {self.test_set}"

    @property
    def parts(self) -> str | None:
        """What samples were parted into, in words; None where they were not."""
        train, test = (len(part.inputs[0]) for part in (self.train, self.test))
        tested = None if self.split is None else f"tested on {test} held out: {self.split}"
        told = [one for one in (self.validated, tested) if one is not None]
        return "; ".join([f"trained on {train}", *told]) if told else None

    @property
    def n_out(self) -> int | None:
        """Width of an mlp's output; None for operator networks, whose width p is free."""
        return self.train.target.shape[1] if self.kind == "mlp" else None

    def training_batch(self, seed: int, update: int) -> tuple[tuple[Doubles, ...], Doubles]:
        """Inputs and target of an update of a run: the same for every engine.

        Where rows are drawn with replacement they are default_rng([seed, update]).integers(n, size)
        of the only part, else those of `batch` with the key (seed, update, Purpose.BATCH).
        """
        if not self.replace:
            return self.batch((seed, update, Purpose.BATCH))
        rows, size = self.train.inputs[0], self.batch_sizes[0]
        drawn = np.random.default_rng([seed, update]).integers(len(rows), size=size)
        return (rows[drawn],), self.train.target[drawn]

    def batch(self, key: Sequence[int]) -> tuple[tuple[Doubles, ...], Doubles]:
        """Inputs and target of a random batch of the training samples.

        Rows of every part are drawn without replacement by default_rng(key), part after part: no
        state, the same key draws the same batch.
        """
        random = np.random.default_rng(key)
        inputs: list[Doubles] = []
        drawn: list[NDArray[np.int64]] = []
        axes = 0
        for axis, (rows, size) in enumerate(zip(self.train.inputs, self.batch_sizes, strict=True)):
            if size is None or size == len(rows):
                inputs.append(rows)
                drawn.append(np.arange(len(rows)))
            else:
                drawn.append(random.choice(len(rows), size, replace=False, shuffle=False))
                inputs.append(rows.take(drawn[-1], 0))
                axes = axis + 1
        return tuple(inputs), _gather(self.train.target, drawn[:axes])


def _gather(values: Doubles, rows: list[NDArray[np.int64]]) -> Doubles:
    """Entries of ``values`` at every combination of ``rows``, one list of rows per leading axis.

    By one flat index, three times as fast as ``values[np.ix_(*rows)]``.
    """
    if not rows:
        return values
    index, *others = rows
    for size, other in zip(values.shape[1:], others, strict=False):
        index = index[..., None] * size + other
    return values.reshape(-1, *values.shape[len(rows) :]).take(index, 0)


class Settings(Protocol):
    """Everything that determines a problem's samples: a frozen dataclass of plain values."""

    name: ClassVar[str]
    kind: ClassVar[Kind]
    batch_sizes: ClassVar[tuple[int | None, ...]]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def samples(self) -> tuple[Samples, Samples, Samples]:
        """Training, validation and test samples, the same bits every time."""
        ...


def build(settings: Settings) -> Problem:
    """The problem that the settings describe, computed now."""
    return assembled(settings, settings.samples())


def assembled(settings: Settings, samples: tuple[Samples, Samples, Samples]) -> Problem:
    """The problem of these settings from samples that were computed before.

    With the settings' batch sizes, or all rows where there are fewer.
    """
    train = samples[0]
    sizes = at_most(settings.batch_sizes, train)
    return Problem(settings.name, settings.kind, *samples, sizes)


def at_most(sizes: tuple[int | None, ...], samples: Samples) -> tuple[int | None, ...]:
    """The batch sizes, None for all rows where the samples have fewer."""
    return tuple(
        None if size is None or size > len(rows) else size
        for size, rows in zip(sizes, samples.inputs, strict=True)
    )
