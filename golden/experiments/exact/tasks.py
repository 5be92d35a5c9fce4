"""Classification tasks as spike times, for training by exact derivatives.

Every input spikes once in a sample, early or late as its value is small or large, next to a bias
that spikes at the same time in all samples. Times as in Goeltz et al., Nature Machine Intelligence
3, 823 (2021), in units of the time constants.
"""

# scikit-learn has no type stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from dualspike.golden.numeric import Doubles, Indices

TaskName = Literal["xor", "iris", "yin-yang"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)

EARLIEST, LATEST = 0.15, 2.0
"""Values in [0, 1] become times in between."""

BIAS = 0.9
"""When the bias spikes."""

FOLDS: dict[TaskName, int] = {"xor": 1, "iris": 5, "yin-yang": 1}
"""Runs of cross-validation that each task takes: every flower is tested once."""

VALIDATION = 5
"""Flowers of each class that are kept back in every fold; 10 are tested, 35 trained."""

YIN_YANG = {"train": 5000, "validation": 1000, "test": 1000}
"""Points, see `yin_yang`."""


@dataclass(frozen=True, eq=False)
class SpikeData:
    """Input ``times`` [N, n_in] and ``labels`` [N]."""

    times: Doubles
    labels: Indices


@dataclass(frozen=True, eq=False)
class SpikeTask:
    """What to train on, what to choose settings by, and what to test on once."""

    name: TaskName
    train: SpikeData
    validation: SpikeData
    test: SpikeData

    @property
    def classes(self) -> int:
        """Number of classes, which is that of the outputs."""
        return int(self.train.labels.max()) + 1


def load_task(name: TaskName, seed: int, fold: int = 0) -> SpikeTask:
    """The data of a task; ``seed`` draws points, or shuffles flowers.

    - ``xor``: two inputs, early (0) or late (1); all four cases, trained and tested alike.
    - ``iris``: the four measures x of a flower, scaled to [0, 1] by the training flowers (and
      clipped there), and 1 - x. ``fold`` 0 to 4 says which fifth of each class is tested.
    - ``yin-yang``: 5,000, 1,000 and 1,000 points (x, y), with 1 - x and 1 - y, see `yin_yang`.
    """
    rng = np.random.default_rng([seed, TASKS.index(name)])
    if name == "xor":
        bits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        labels = np.not_equal(*bits.T).astype(np.int64)
        cases = SpikeData(spike_times(bits.astype(np.float64)), labels)
        return SpikeTask(name, cases, cases, cases)
    if name == "iris":
        return _iris(rng, fold)
    return SpikeTask(name, *(yin_yang(n, rng) for n in YIN_YANG.values()))


def spike_times(values: Doubles) -> Doubles:
    """Times [N, n + 1] of values [N, n] in [0, 1] and of the bias."""
    times = EARLIEST + (LATEST - EARLIEST) * values
    return np.column_stack([times, np.full(len(values), BIAS)])


def mirrored(values: Doubles) -> Doubles:
    """Values and what they lack to 1, side by side."""
    return np.column_stack([values, 1 - values])


def yin_yang_class(x: Doubles, y: Doubles) -> Indices:
    """0 yin, 1 yang, 2 for the two dots; for points in the disc of radius 0.5 around (0.5, 0.5).

    Source: Kriener, Goeltz, Petrovici, The Yin-Yang dataset, NICE 2022, arXiv 2102.08211.
    """
    right, left = np.hypot(x - 0.75, y - 0.5), np.hypot(x - 0.25, y - 0.5)
    yang = (left <= 0.25) | ((y > 0.5) & (right > 0.25))
    return np.where(np.minimum(left, right) < 0.1, 2, yang.astype(np.int64))


def yin_yang(n: int, rng: np.random.Generator) -> SpikeData:
    """N points: a class drawn evenly, then a point drawn evenly in its region."""
    labels = rng.integers(0, 3, n)
    points = np.empty((n, 2))
    left = np.arange(n)
    while len(left):
        drawn = rng.random((len(left), 2))
        inside = np.hypot(*(drawn - 0.5).T) <= 0.5
        fits = inside & (yin_yang_class(*drawn.T) == labels[left])
        points[left[fits]] = drawn[fits]
        left = left[~fits]
    return SpikeData(spike_times(mirrored(points)), labels)


def parted(labels: Indices, fold: int, rng: np.random.Generator) -> tuple[Indices, ...]:
    """Which flowers train, validate and test: 35, 5 and 10 of each class, shuffled by ``rng``.

    The same shuffle in every fold 0 to 4 tests each of them once.
    """
    order = np.stack([rng.permutation(np.flatnonzero(labels == c)) for c in range(3)])
    test = order.shape[1] // FOLDS["iris"]
    turned = np.roll(order, -fold * test, axis=1)
    tested, kept, trained = np.split(turned, [test, test + VALIDATION], axis=1)
    return trained.ravel(), kept.ravel(), tested.ravel()


def _iris(rng: np.random.Generator, fold: int) -> SpikeTask:
    from sklearn.datasets import load_iris  # slow to import

    data: Any = load_iris()
    x, labels = np.asarray(data.data, np.float64), np.asarray(data.target, np.int64)
    parts = parted(labels, fold, rng)
    low, high = x[parts[0]].min(axis=0), x[parts[0]].max(axis=0)
    times = spike_times(mirrored(np.clip((x - low) / (high - low), 0, 1)))
    return SpikeTask("iris", *(SpikeData(times[part], labels[part]) for part in parts))
