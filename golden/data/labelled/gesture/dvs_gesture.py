"""DVS-Gesture as a user has it: recordings in AEDAT 3.1 with tables of gestures, or one HDF5 file.

``trials_to_train.txt`` and ``trials_to_test.txt`` name recordings, one a line; next to NAME.aedat,
NAME_labels.csv has rows of class (1 to 11), start and end in microseconds, below a line of titles.
Source: Amir et al., "A low power, fully event-based gesture recognition system", 2017.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dualspike.golden.data.labelled.events import Events, binned
from dualspike.golden.data.labelled.gesture.aedat import read_aedat
from dualspike.golden.data.labelled.gesture.gesture_hdf5 import read_gestures
from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back, stacked
from dualspike.golden.data.labelled.shape import Shape
from dualspike.model.errors import BadInput
from dualspike.model.system.text import read_text

SENSOR, BLOCK = 128, 4
SHAPE = Shape(SENSOR // BLOCK, SENSOR // BLOCK, 2)
STEPS = 20
CLASSES = 11
LAST = 1 << 48
"""Microseconds; nine years."""
TITLES = "class,startTime_usec,endTime_usec"


def dvs_gesture(folder: Path, steps: int = STEPS) -> ClassData:
    """Every gesture as ``steps`` frames of counts over its time, in blocks of 4 x 4 pixels.

    ``folder`` is one of recordings, or an HDF5 file (`gesture_hdf5`), of which a gesture's
    time is that from its first to its last event. Raises BadInput, with file and offset, line or
    place in it, for files that cannot be read or are damaged.
    """
    if folder.suffix.lower() in (".hdf5", ".h5"):
        kept = read_gestures(folder, SENSOR, CLASSES, partial(_frames, steps))
        missing = f"{folder} must hold gestures to learn and to test: one list is empty"
        train, test = (stacked(gestures, missing) for gestures in kept)
    else:
        train, test = (_part(folder, f"trials_to_{part}.txt", steps) for part in ("train", "test"))
    return held_back(train, test, SHAPE, CLASSES)


def _frames(steps: int, events: Events, span: tuple[int, int] | None = None) -> np.ndarray:
    return binned(events, steps, SHAPE, BLOCK, span)


@dataclass(frozen=True)
class Window:
    """A gesture of ``label`` 0 to 10, from ``start`` up to ``end``, in ``line`` of its table."""

    label: int
    start: int
    end: int
    line: int


def read_labels(path: Path) -> list[Window]:
    """Every gesture of a table."""
    first, *lines = _lines(path)
    if first.strip() != TITLES:
        raise BadInput(f"{path}: line 1 must be {TITLES}, not {first[:80]!r}")
    return [_window(path, number, line) for number, line in enumerate(lines, 2) if line.strip()]


def _window(path: Path, number: int, line: str) -> Window:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 3 or not all(field.isdecimal() for field in fields):
        raise BadInput(f"{path}: line {number} must be three whole numbers, not {line[:80]!r}")
    ranges = (("class", 1, CLASSES), ("start", 0, LAST), ("end", 0, LAST))
    for (name, lowest, highest), field in zip(ranges, fields, strict=True):
        if len(field) > len(str(LAST)) or not lowest <= int(field) <= highest:
            raise BadInput(
                f"{path}: {name} in line {number} must be in [{lowest}, {highest}],"
                f" not {field[:80]}"
            )
    label, start, end = map(int, fields)
    if start >= end:
        raise BadInput(f"{path}: end in line {number} must be above start {start}, not {end}")
    return Window(label - 1, start, end, number)


def _part(folder: Path, trials: str, steps: int) -> Labelled:
    found: list[tuple[int, np.ndarray]] = []
    for number, line in enumerate(_lines(folder / trials), 1):
        if line.strip():
            path = folder / line.strip()
            if not path.name:
                wanted = f"line {number} must name a recording"
                raise BadInput(f"{folder / trials}: {wanted}, not {line!r}")
            found += _gestures(path, steps)
    return stacked(found, f"{folder / trials} must name recordings with gestures: there are none")


def _gestures(path: Path, steps: int) -> list[tuple[int, np.ndarray]]:
    """Class and frames of every gesture of a recording."""
    table = path.with_name(f"{path.stem}_labels.csv")
    windows = read_labels(table)
    events = read_aedat(path, SENSOR, SENSOR)
    for window in windows:
        if not ((events.t >= window.start) & (events.t < window.end)).any():
            raise BadInput(
                f"{path} must have an event in every gesture: none is in"
                f" [{window.start}, {window.end}), line {window.line} of {table.name}"
            )
    return [(one.label, _frames(steps, events, (one.start, one.end))) for one in windows]


def _lines(path: Path) -> list[str]:
    return read_text(path).splitlines() or [""]
