"""Handwritten digits: scikit-learn's 1797 images of 8 x 8 pixels, which need no download."""

# scikit-learn has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]

TEST = 360
SPLIT_SEED = 0


@dataclass(frozen=True, eq=False)
class Samples:
    """Images x [N, 64] in [0, 1] with classes 0 to 9, for training and for tests."""

    x: Floats
    labels: Labels
    test_x: Floats
    test_labels: Labels


def digits() -> Samples:
    """1437 images to train with and 360 to test, split by ``default_rng(0)``, whatever the run.

    Source: E. Alpaydin and C. Kaynak, UCI "Optical recognition of handwritten digits", test part.
    """
    from sklearn.datasets import load_digits  # slow to import

    images: Any
    classes: Any
    images, classes = load_digits(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    x, labels = np.asarray(images, float)[order] / 16, np.asarray(classes, np.int64)[order]
    return Samples(x[TEST:], labels[TEST:], x[:TEST], labels[:TEST])


def poisson_events(x: Floats, steps: int, rng: np.random.Generator) -> Floats:
    """Spike frames [steps, B, n] of 0 and 1: in every step each x in [0, 1] is a probability."""
    return (rng.random((steps, *x.shape)) < x).astype(x.dtype)
