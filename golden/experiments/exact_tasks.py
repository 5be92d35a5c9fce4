"""Classification tasks as spike times, for training by exact derivatives.

Every input spikes once in a sample, at its value. Behind them come a bias that spikes at 0, and the
deadline, which makes the outputs fire that have not done so. The class is the output that fires
first.
"""

# scikit-learn has no type stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
TaskName = Literal["xor", "iris"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)

LATEST = 2.0
"""Values in [0, 1] become times in [0, LATEST], in units of the time constants."""

IRIS_TEST = 17
"""Test samples of each of Iris's classes, of 50."""

DEADLINE = 3.0
"""When the deadline spikes."""


@dataclass(frozen=True, eq=False)
class Task:
    """Input ``times`` [N, n_in] and ``labels`` [N] to train on, and the same to test on."""

    name: TaskName
    times: Floats
    labels: Indices
    test_times: Floats
    test_labels: Indices

    @property
    def classes(self) -> int:
        """Number of classes, which is that of the outputs."""
        return int(self.labels.max()) + 1


def load_task(name: TaskName, seed: int) -> Task:
    """The data of a task; ``seed`` sets which flowers are tested.

    - ``xor``: two inputs, early (0) or late (1); all four cases, trained and tested alike.
    - ``iris``: the four measures x of a flower, scaled to [0, 1] by the training flowers (and
      clipped there), and 1 - x. 17 flowers of each class are tested, 33 trained.
    """
    rng = np.random.default_rng([seed, TASKS.index(name)])
    if name == "xor":
        bits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        times, labels = spike_times(bits.astype(np.float64)), np.not_equal(*bits.T).astype(np.int64)
        return Task(name, times, labels, times, labels)
    return _iris(rng)


def spike_times(values: Floats) -> Floats:
    """Times [N, n + 2] of values [N, n] in [0, 1], of the bias and of the deadline."""
    n = len(values)
    return np.column_stack([LATEST * values, np.zeros(n), np.full(n, DEADLINE)])


def mirrored(values: Floats) -> Floats:
    """Values and what they lack to 1, side by side."""
    return np.column_stack([values, 1 - values])


def _iris(rng: np.random.Generator) -> Task:
    from sklearn.datasets import load_iris  # slow to import

    data: Any = load_iris()
    x, labels = np.asarray(data.data, np.float64), np.asarray(data.target, np.int64)
    order = np.concatenate([rng.permutation(np.flatnonzero(labels == c)) for c in range(3)])
    test = np.arange(len(order)) % 50 < IRIS_TEST
    train, test = order[~test], order[test]
    low, high = x[train].min(axis=0), x[train].max(axis=0)
    times = spike_times(mirrored(np.clip((x - low) / (high - low), 0, 1)))
    return Task("iris", times[train], labels[train], times[test], labels[test])
