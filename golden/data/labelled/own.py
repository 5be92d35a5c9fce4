"""A user's own labelled samples, from an ``.npz`` file, checked before use."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.samples import ClassData, Labelled, Labels, held_back
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.data.samples import KIND
from dualspike.golden.data.splits import HELD_OUT, HELD_OUT_PART, held_out
from dualspike.golden.files.arrays import array_names, read_arrays
from dualspike.model.errors import BadInput

MOST = 4096
"""Classes: the widest layer."""

LEAST = 6
"""Training samples, of which one is held back for validation."""


def label_names(path: Path) -> tuple[str, list[str]] | None:
    """What the labels of a file are called, and all that it holds; None if it has none.

    They are ``labels``, or ``y`` where that is one whole number for each sample. A file of events
    has ``times`` in place of ``x``, and ``labels``.
    """
    held = array_names(path, KIND)
    if "labels" in held or is_of_events(held):
        if "y" in held:
            raise BadInput(f"{path} must hold labels or y, not both")
        return "labels", held
    if "y" in held and "x" in held:
        try:
            y = read_arrays(path, ["y"], KIND)["y"]
        except BadInput:  # read_samples says of what array
            return None
        if y.dtype.kind in "iu" and y.ndim == 1:
            return "y", held
    return None


def is_of_events(held: list[str]) -> bool:
    """Whether a file with these arrays is one of events."""
    return "times" in held and "x" not in held


def read_labelled(path: Path, named: str, held: list[str], classes: int | None = None) -> ClassData:
    """Samples x [N, n], or [N, T, n] over time, with their classes ``named`` labels or y [N].

    ``x_test`` and ``labels_test`` (or ``y_test``) are tested on. Where a file has none, one in five
    samples of every class is, rounded down: the first of its samples in the order of
    ``default_rng(0).permutation(N)``. ``classes`` is how many there must be, all of them among the
    training samples; left out, it is the largest label and one.

    Raises BadInput with the path for arrays that are missing, misshapen, not finite or out of
    range, for a class without samples, and for too few samples.
    """
    tests = [f"x{TEST}", f"{named}{TEST}"]
    there = [name for name in tests if name in held]
    if there and there != tests:
        raise BadInput(f"{path} must hold {' and '.join(tests)}, or neither, it holds {there[0]}")
    arrays = read_arrays(path, ["x", named, *there])
    x = inputs_of(path, "x", arrays["x"])
    labels = labels_of(path, named, arrays[named], len(x))
    whole, test = Labelled(x, labels), None
    if there:
        test_x = inputs_of(path, tests[0], arrays[tests[0]], x.shape[1:])
        test = Labelled(test_x, labels_of(path, tests[1], arrays[tests[1]], len(test_x)))
    return parted(path, named, whole, test, classes)


TEST = "_test"


def parted(
    path: Path, named: str, whole: Labelled, test: Labelled | None, classes: int | None
) -> ClassData:
    """The samples of a file with their parts; see `read_labelled`."""
    if classes is None:
        _check_range(path, named, whole.labels, MOST)
        classes = 1 + int(whole.labels.max())
    _check_classes(path, named, whole.labels, classes)
    own = test is not None
    if test is None:
        rows = held_out(whole.labels)
        if not rows.any():
            raise BadInput(
                f"{path}: {named} must have a class of {HELD_OUT} samples or more, of which one in"
                f" {HELD_OUT} is held out, or give {named}{TEST}"
            )
        whole, test = whole.taken(np.flatnonzero(~rows)), whole.taken(np.flatnonzero(rows))
    else:
        _check_range(path, f"{named}{TEST}", test.labels, classes)
    if len(whole) < LEAST:
        raise BadInput(f"{path} must have {LEAST} training samples or more, not {len(whole)}")
    shape = Shape(1, whole.x.shape[-1], 1)
    return held_back(whole, test, shape, classes, path.stem, "test set" if own else HELD_OUT_PART)


def inputs_of(
    path: Path, name: str, x: NDArray[Any], like: tuple[int, ...] | None = None
) -> NDArray[Any]:
    """The array, checked: [N, n] or [N, T, n] of finite numbers, or N of the shape ``like``."""
    if x.dtype.kind not in "iufb":
        raise BadInput(f"{path}: {name} must be integers or real numbers, not {x.dtype}")
    if x.ndim not in (2, 3) or 0 in x.shape or (like is not None and x.shape[1:] != like):
        wanted = "[N, n] or [N, T, n]" if like is None else f"[N, {', '.join(map(str, like))}]"
        raise BadInput(
            f"{path}: {name} must have shape {wanted}, none of them 0, not {list(x.shape)}"
        )
    if x.dtype.kind == "f" and not (finite := np.isfinite(x)).all():
        place = tuple(np.argwhere(~finite)[0].tolist())
        where = ", ".join(map(str, place))
        raise BadInput(f"{path}: {name} must be finite, {name}[{where}] is {x[place]}")
    return x.view(np.uint8) if x.dtype.kind == "b" else x


def labels_of(path: Path, name: str, labels: NDArray[Any], rows: int) -> Labels:
    """The array as [rows] of whole numbers."""
    if labels.dtype.kind not in "iu":
        raise BadInput(f"{path}: {name} must be whole numbers, not {labels.dtype}")
    if labels.shape != (rows,):
        raise BadInput(f"{path}: {name} must have shape [{rows}], not {list(labels.shape)}")
    if labels.dtype == np.uint64:
        labels = np.minimum(labels, np.uint64(1 << 62))
    return labels.astype(np.int64)


def _check_classes(path: Path, name: str, labels: Labels, classes: int) -> None:
    """Raise BadInput unless every class up to ``classes`` has a sample, and nothing else has."""
    if classes < 2:
        raise BadInput(f"{path}: {name} must be of 2 classes or more, not {classes}")
    _check_range(path, name, labels, classes)
    absent = np.flatnonzero(np.bincount(labels, minlength=classes) == 0)
    if absent.size:
        raise BadInput(
            f"{path}: {name} must have every class from 0 to {classes - 1}, one for each output:"
            f" {absent[0]} is not there"
        )


def _check_range(path: Path, name: str, labels: Labels, classes: int) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        row = wrong[0]
        raise BadInput(
            f"{path}: {name} must be in [0, {classes - 1}], {name}[{row}] is {labels[row]}"
        )
