"""Handwritten digits: scikit-learn's 1797 images of 8 x 8 pixels, which need no download."""

# scikit-learn has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from typing import Any

import numpy as np

from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back
from dualspike.golden.data.labelled.shape import Shape

TEST = 360
SPLIT_SEED = 0


def digits() -> ClassData:
    """1198 images to train with, 239 to tune on and 360 to test, the same whatever the run.

    Source: E. Alpaydin and C. Kaynak, UCI "Optical recognition of handwritten digits", test part.
    """
    from sklearn.datasets import load_digits  # slow to import

    images: Any
    classes: Any
    images, classes = load_digits(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    whole = Labelled(np.asarray(images, float)[order] / 16, np.asarray(classes, np.int64)[order])
    rows = np.arange(len(whole))
    return held_back(whole.taken(rows[TEST:]), whole.taken(rows[:TEST]), Shape(8, 8, 1), 10)
