"""Tables of comma separated values as arrays: what an ``.npz`` holds, one sample a line."""

import csv
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.model.errors import BadInput

SUFFIX = ".csv"

_NAMES = {"x": "x", "y": "y", "label": "labels", "labels": "labels"}
"""The array that a column belongs to, by its name without a number at the end."""


def is_table(path: Path) -> bool:
    """Whether a file is read as a table: by its name."""
    return path.suffix.lower() == SUFFIX


def table_arrays(path: Path, most: int) -> dict[str, NDArray[Any]]:
    """x [N, n] of columns ``x0``, ``x1``, ...; y [N, m] of ``y0``, ...; labels [N] of ``label``.

    The first line has the names, in any order; columns of other names, which may hold anything, do
    not count. Numbers after
    a name may have underscores (``x3_1``) and do not matter: columns keep their order. Labels are
    whole numbers. Raises BadInput with the path and the line for a file that cannot be read, has
    no names, a name twice or no lines, for a line with more or fewer entries, for what is no
    number, and for more than ``most`` numbers.
    """
    with _reading(path) as lines:
        names = [name.strip() for name in next(lines, list[str]())]
        columns: dict[str, list[int]] = {}
        for place, name in enumerate(names):
            if array := _NAMES.get(name.rstrip("0123456789_")):
                columns.setdefault(array, []).append(place)
        if "x" not in columns:
            raise BadInput(
                f"{path} must begin with a line of names, x0, x1, ... and y0, ... or label, it"
                f" has {', '.join(map(ascii, names[:8])) or 'nothing'}"
            )
        if twice := [
            names[at] for one in columns.values() for at in one if names.count(names[at]) > 1
        ]:
            raise BadInput(f"{path} must name every column once, it has {twice[0]!a} twice")
        used = {place: names[place] for one in columns.values() for place in one}
        rows = list(_rows(path, lines, len(names), used, most))
    if not rows:
        raise BadInput(f"{path} must have at least one line after the names, not 0")
    values, order = np.array(rows), list(used)
    arrays: dict[str, NDArray[Any]] = {
        name: values[:, [order.index(place) for place in at]] for name, at in columns.items()
    }
    if "labels" in arrays:
        arrays["labels"] = _whole(path, arrays["labels"])
    return arrays


@contextmanager
def _reading(path: Path) -> Generator[Iterator[list[str]], None, None]:
    """The lines of a file as lists of texts; BadInput for one that cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield csv.reader(file)
    except BadInput:
        raise
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} must be comma separated values: {error}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unreadable"
        raise BadInput(f"cannot read {path}: {reason}") from error


def _rows(
    path: Path, lines: Iterator[list[str]], width: int, used: dict[int, str], most: int
) -> Iterator[list[float]]:
    """The numbers of the columns ``used``, line by line; empty lines do not count."""
    for count, row in enumerate((row for row in lines if row), 1):
        if len(row) != width:
            raise BadInput(
                f"{path}: every line must have {width} entries, sample {count - 1} has {len(row)}"
            )
        if count * len(used) > most:
            raise BadInput(f"{path}: arrays must have at most {most} numbers in all, it has more")
        yield [_number(path, name, count - 1, row[place]) for place, name in used.items()]


def _number(path: Path, name: str, sample: int, entry: str) -> float:
    try:
        return float(entry)
    except ValueError as error:
        came = repr(entry)[:40]
        raise BadInput(f"{path}: {name} must be a number, sample {sample} has {came}") from error


def _whole(path: Path, labels: NDArray[Any]) -> NDArray[Any]:
    """One column of class numbers as integers."""
    if labels.shape[1] > 1:
        raise BadInput(f"{path} must have one column of labels, not {labels.shape[1]}")
    if np.array_equal(labels, np.rint(labels)) and (np.abs(labels) < 2**53).all():
        return labels[:, 0].astype(np.int64)
    return labels[:, 0]
