"""DVS-Gesture as a user has it: recordings in AEDAT 3.1 with tables of gestures, or one HDF5 file.

``trials_to_train.txt`` and ``trials_to_test.txt`` name recordings, one a line; beside NAME.aedat,
NAME_labels.csv has rows of class (1 to 11), start and end in microseconds, below a line of titles.
Source: Amir et al., "A low power, fully event-based gesture recognition system", 2017.
"""

from pathlib import Path

import numpy as np

from dualspike.golden.online.aedat import read_aedat
from dualspike.golden.online.convolution import Shape
from dualspike.golden.online.events import Events, binned
from dualspike.golden.online.gesture_hdf5 import read_gestures
from dualspike.golden.online.samples import Part, Samples, held_back
from dualspike.model.errors import BadInput

SENSOR, BLOCK = 128, 4
SHAPE = Shape(SENSOR // BLOCK, SENSOR // BLOCK, 2)
STEPS = 20
CLASSES = 11
TITLES = "class,startTime_usec,endTime_usec"


def dvs_gesture(source: Path) -> Samples:
    """Every gesture as 20 frames of counts over its time, in blocks of 4 x 4 pixels.

    ``source`` is a folder of recordings, or an HDF5 file (`gesture_hdf5`), of which a gesture's
    time is that from its first to its last event. Raises BadInput, with file and offset, line or
    place in it, for files that cannot be read or are damaged.
    """
    if source.suffix in (".hdf5", ".h5"):
        kept = read_gestures(source, SENSOR, CLASSES, _whole)
        train, test = (_kept(source, gestures) for gestures in kept)
    else:
        train, test = (_part(source, f"trials_to_{part}.txt") for part in ("train", "test"))
    return held_back(train, test, SHAPE, CLASSES)


def _kept(path: Path, gestures: list[tuple[int, np.ndarray]]) -> Part:
    if not gestures:
        raise BadInput(f"{path} must hold gestures to learn and to test: one list is empty")
    return Part(np.stack([frames for _, frames in gestures]), np.array([n for n, _ in gestures]))


def _whole(events: Events) -> np.ndarray:
    return _frames(events, int(events.t.min()), int(events.t.max()) + 1)


def _frames(events: Events, start: int, end: int) -> np.ndarray:
    return binned(events, start, end, STEPS, SHAPE, BLOCK)


def read_labels(path: Path) -> list[tuple[int, int, int]]:
    """Class from 0 to 10, start and end of every gesture."""
    first, *lines = _lines(path)
    if first.strip() != TITLES:
        raise BadInput(f"{path}: line 1 must be {TITLES}, not {first!r}")
    return [_gesture(path, number, line) for number, line in enumerate(lines, 2) if line.strip()]


def _gesture(path: Path, number: int, line: str) -> tuple[int, int, int]:
    fields = line.split(",")
    if len(fields) != 3 or not all(field.strip().isdecimal() for field in fields):
        raise BadInput(f"{path}: line {number} must be three whole numbers, not {line!r}")
    label, start, end = map(int, fields)
    if not 1 <= label <= CLASSES:
        raise BadInput(f"{path}: class in line {number} must be in [1, {CLASSES}], not {label}")
    if start >= end:
        raise BadInput(f"{path}: end in line {number} must be above start {start}, not {end}")
    return label - 1, start, end


def _part(folder: Path, trials: str) -> Part:
    frames: list[np.ndarray] = []
    labels: list[int] = []
    for name in filter(None, map(str.strip, _lines(folder / trials))):
        path = folder / name
        gestures = read_labels(path.with_name(f"{path.stem}_labels.csv"))
        events = read_aedat(path, SENSOR, SENSOR)
        for label, start, end in gestures:
            frames.append(_frames(events, start, end))
            labels.append(label)
    if not frames:
        raise BadInput(f"{folder / trials} must name recordings with gestures: there are none")
    return Part(np.stack(frames), np.array(labels))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines() or [""]
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: byte at offset {error.start} must be text") from None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from None
