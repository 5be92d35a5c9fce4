"""What is learned: the built-in Mexican hat or a user's file, checked before anything runs."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.problems.archive import array_names, listed, read_arrays
from dualspike.golden.problems.store import digest_of
from dualspike.golden.vanishing import judge
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.formats import Format

Floats = NDArray[np.float64]

HAT_SIGMA = 0.8
HAT_POINTS = 10_000
HAT_GRID = 65
HAT_SEED = 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training pairs x [N, n_in], y [N, n_out] and test pairs of the same widths.

    Where there are no test pairs, the training pairs stand in for them. ``grid`` is (rows, columns)
    when the test points form a plane in row-major order, else None.
    """

    x: Floats
    y: Floats
    test_x: Floats
    test_y: Floats
    grid: tuple[int, int] | None = None

    @property
    def tested_on(self) -> str:
        """What errors are measured on: the test set, or the training points where there is none."""
        return "training points" if self.test_x is self.x else "test set"

    @property
    def where(self) -> str:
        """What to put behind an error that is not one on a test set, else nothing."""
        return "" if self.tested_on == "test set" else f", {self.tested_on}"

    @property
    def checksum(self) -> str:
        """SHA-256, as hex, of all samples; see `golden.problems.store.digest_of`."""
        arrays = {"x": self.x, "y": self.y, "test_x": self.test_x, "test_y": self.test_y}
        return digest_of(arrays)


def hat(points: Floats) -> Floats:
    """Mexican hat [N, 1] at points [N, 2], with s = 0.8 and q = (x^2 + y^2) / (2 s^2).

    psi = (1 - q) exp(-q) / (pi s^4). Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).
    """
    q = np.square(points).sum(axis=1, keepdims=True) / (2 * HAT_SIGMA**2)
    return (1 - q) * np.exp(-q) / (math.pi * HAT_SIGMA**4)


def load_data(description: Description) -> Dataset:
    """The data that ``description.data`` names.

    ``hat``: 10,000 training points uniform on [-1, 1)^2, drawn from ``default_rng(0)`` whatever
    ``learning.seed`` is, so that runs with different seeds learn the same data; tested on the
    65 x 65 grid over [-1, 1]^2. A file: an ``.npz`` with x [N, n_in] and y [N, n_out], tested on
    the same points; a relative path starts from the current directory.

    Raises BadInput for a file that is missing, unreadable or no ``.npz``, and for arrays that are
    missing, empty, misshapen, not numeric, not finite, outside the chip's number formats, or 0 in
    them everywhere.
    """
    source, path = description.data.source, description.data.path
    if path is not None:
        dataset = _load_file(path, description)
    else:
        n_in, *_, n_out = layers = description.network.layers
        if (n_in, n_out) != (2, 1):
            raise BadInput(f"network.layers must be [2, ..., 1] for data {source}, not {layers}")
        dataset = _load_hat()
    formats = description.formats
    for name, values in (("x", dataset.x), ("test x", dataset.test_x)):
        _check_range(source, name, values, "input", formats.input)
        if description.network.coding != "direct":
            _check_coded(source, name, values, description.network.coding)
    for name, values in (("y", dataset.y), ("test y", dataset.test_y)):
        _check_range(source, name, values, "target", formats.target)
    for name, values, form in (("x", dataset.x, formats.input), ("y", dataset.y, formats.target)):
        loss = judge(f"values of {name}", values, form)
        if loss and loss.nothing:
            raise BadInput(f"{source}: {loss.text}")
    return dataset


def batch_indices(n: int, batch: int, seed: int, update: int) -> NDArray[np.int64]:
    """Which of ``n`` samples make up the batch of ``update``, drawn with replacement.

    Stateless, ``default_rng([seed, update]).integers(n, size=batch)``, so that every engine
    trains on the same samples.
    """
    return np.random.default_rng([seed, update]).integers(n, size=batch)


def relative_l2(y: Floats, truth: Floats) -> float:
    """Relative l2 error ||y - truth|| / ||truth|| over all entries; ``truth`` must not be all 0."""
    return float(np.linalg.norm(y - truth) / np.linalg.norm(truth))


def _load_hat() -> Dataset:
    x = np.random.default_rng(HAT_SEED).uniform(-1, 1, (HAT_POINTS, 2))
    axis = np.linspace(-1, 1, HAT_GRID)
    test_x = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return Dataset(x, hat(x), test_x, hat(test_x), (HAT_GRID, HAT_GRID))


def _load_file(path: Path, description: Description) -> Dataset:
    n_in, *_, n_out = description.network.layers
    arrays = _read(path)
    x = _checked(path, "x", arrays["x"], None, n_in)
    y = _checked(path, "y", arrays["y"], len(x), n_out)
    if not y.any():
        raise BadInput(f"{path}: y must not be 0 everywhere, the relative error would be x / 0")
    return Dataset(x, y, x, y)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays x and y of an ``.npz``, unchecked."""
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unreadable"
        raise BadInput(
            f"data.source must be hat or a readable .npz file, not {path}: {reason}"
        ) from error
    kind, names = "an .npz archive with arrays x and y", ("x", "y")
    held = array_names(path, kind)
    if not set(names) <= set(held):
        raise BadInput(f"{path} must be {kind}, it holds {listed(held)}")
    return read_arrays(path, names, kind)


def _checked(path: Path, name: str, array: NDArray[Any], rows: int | None, columns: int) -> Floats:
    """The array as float64 [rows, columns]; ``rows`` None takes any number but 0."""
    if array.dtype.kind not in "iuf":
        raise BadInput(f"{path}: {name} must be integers or real numbers, not {array.dtype}")
    shape = array.shape
    if len(shape) != 2 or shape[1] != columns or (rows is not None and shape[0] != rows):
        wanted = f"[{'N' if rows is None else rows}, {columns}]"
        raise BadInput(f"{path}: {name} must have shape {wanted}, not {list(shape)}")
    if not shape[0]:
        raise BadInput(f"{path}: {name} must have at least one row, not 0")
    with np.errstate(over="ignore"):
        values = array.astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        raise BadInput(f"{path}: {name} must be finite, {_first(name, values, bad)}")
    return values


def _check_range(source: str, name: str, values: Floats, key: str, held: Format) -> None:
    lowest, highest = float(held.lowest * held.lsb), float(held.highest * held.lsb)
    bad = (values < lowest) | (values > highest)
    if bad.any():
        raise BadInput(
            f"{source}: {name} must be in [{lowest}, {highest}] (formats.{key} {held}),"
            f" {_first(name, values, bad)}"
        )


def _check_coded(source: str, name: str, values: Floats, coding: str) -> None:
    bad = np.abs(values) > 1
    if bad.any():
        wanted = f"must be in [-1, 1] (network.coding {coding})"
        raise BadInput(f"{source}: {name} {wanted}, {_first(name, values, bad)}")


def _first(name: str, values: Floats, bad: NDArray[np.bool_]) -> str:
    """Where the first bad value is, and what it is."""
    row, column = np.argwhere(bad)[0].tolist()
    return f"{name}[{row}, {column}] is {values[row, column]}"
