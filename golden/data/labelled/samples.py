"""Samples to train with, to tune on and to test with."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.data.splits import SPLIT_SEED
from dualspike.model.errors import BadInput

Labels = NDArray[np.integer[Any]]

HELD_BACK = 1 / 6


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images x [N, n] in [0, 1], or event counts x [N, T, n] of T frames; classes ``labels`` [N].

    A network is given x / ``unit``. Entries follow one another as `convolution` has them: by row,
    column, channel. ``rows`` are their numbers in what they were read from, left out 0, 1, ...
    """

    x: NDArray[Any]
    labels: Labels
    unit: float = 1.0
    rows: Labels | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def taken(self, rows: NDArray[np.integer[Any]]) -> "Labelled":
        """These samples alone."""
        return Labelled(self.x[rows], self.labels[rows], self.unit, self.numbers[rows])

    @property
    def numbers(self) -> Labels:
        """Of each sample in what they were read from."""
        return np.arange(len(self)) if self.rows is None else self.rows


def capped(x: NDArray[Any], most: int) -> NDArray[Any]:
    """Counts of frames, which are uint8 [N, T, n], as ``most`` at most; all else as it is."""
    return np.minimum(x, min(most, 255)) if x.ndim == 3 and x.dtype == np.uint8 else x


def stacked(shown: list[tuple[int, NDArray[Any]]], missing: str) -> Labelled:
    """Samples from their classes and frames; raises BadInput with ``missing`` if there are none."""
    if not shown:
        raise BadInput(missing)
    return Labelled(
        np.stack([frames for _, frames in shown]), np.array([label for label, _ in shown])
    )


@dataclass(frozen=True, eq=False)
class ClassData:
    """Rates and all else are chosen by ``validation``; ``test`` is for one reading, at the end.

    ``name`` is that of the data, ``test_set`` what the test samples are called.
    """

    train: Labelled
    validation: Labelled
    test: Labelled
    shape: Shape
    classes: int
    name: str = ""
    test_set: str = "test set"

    @property
    def events(self) -> bool:
        """Whether samples are frames of event counts, not images."""
        return self.train.x.ndim == 3

    @property
    def whole(self) -> Labelled:
        """All samples but the test samples: to train with when everything is chosen."""
        one, other = self.train, self.validation
        pairs = ((one.x, other.x), (one.labels, other.labels), (one.numbers, other.numbers))
        x, labels, rows = (np.concatenate(pair) for pair in pairs)
        return Labelled(x, labels, one.unit, rows)


def held_back(
    whole: Labelled,
    test: Labelled,
    shape: Shape,
    classes: int,
    name: str = "",
    test_set: str = "test set",
    validation: Labelled | None = None,
) -> ClassData:
    """Samples with one in six of ``whole`` as validation, drawn by ``default_rng(0)``.

    Where the data have a ``validation`` part of their own it is that, and nothing is held back.

    The unit of events is the root mean square of the training samples' counts, at least one event
    being there. Raises BadInput for fewer than six samples, of which none would be held back.
    """
    kept, tuned = (whole, validation) if validation else _parted(whole)
    if whole.x.ndim == 3:
        squares = [np.square(one.astype(float)).mean() for one in kept.x]
        unit = float(np.sqrt(np.mean(squares))) or 1.0
        kept, tuned, test = (replace(part, unit=unit) for part in (kept, tuned, test))
    return ClassData(kept, tuned, test, shape, classes, name, test_set)


def _parted(whole: Labelled) -> tuple[Labelled, Labelled]:
    count = int(len(whole) * HELD_BACK)
    if count == 0:
        raise BadInput(f"training samples must be 6 or more, not {len(whole)}")
    order = np.random.default_rng(SPLIT_SEED).permutation(len(whole))
    validation, train = np.sort(order[:count]), np.sort(order[count:])
    return whole.taken(train), whole.taken(validation)
