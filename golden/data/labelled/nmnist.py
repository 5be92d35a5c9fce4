"""N-MNIST as a user has it: one file of 40-bit events for every digit shown to a sensor.

Folders ``Train`` and ``Test``, in each ``0`` to ``9`` with files ``*.bin``. An event is 5 bytes,
the highest first: x, y, 1 bit polarity, 23 bits of microseconds. Source: Orchard, Jayawant, Cohen,
Thakor, "Converting static image datasets to spiking neuromorphic datasets using saccades", 2015.
"""

from pathlib import Path

import numpy as np

from dualspike.golden.data.labelled.events import Events, binned
from dualspike.golden.data.labelled.listing import listed
from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back, stacked
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.files.contents import read_bytes
from dualspike.model.errors import BadInput

SHAPE = Shape(34, 34, 2)
STEPS = 10
CLASSES = 10
SIZE = 5

MOST = 1 << 24
"""Bytes of a file; the largest samples have some 50,000."""


def read_events(path: Path) -> Events:
    """The events of a file.

    Raises BadInput, with file and offset, for a file that cannot be read, has no events or is cut
    off within one, and for an address beyond the sensor's 34 x 34 pixels.
    """
    content = read_bytes(path, MOST)
    if not content or len(content) % SIZE:
        end = max(SIZE, len(content) // SIZE * SIZE)
        raise BadInput(f"{path}: events of 5 bytes must end at offset {end}, not {len(content)}")
    rows = np.frombuffer(content, np.uint8).reshape(-1, SIZE).astype(np.int64)
    for column, name, limit in ((0, "x", SHAPE.width), (1, "y", SHAPE.height)):
        wrong = np.flatnonzero(rows[:, column] >= limit)
        if wrong.size:
            offset, came = SIZE * int(wrong[0]) + column, rows[wrong[0], column]
            raise BadInput(
                f"{path}: {name} at offset {offset} must be in [0, {limit - 1}], not {came}"
            )
    t = (rows[:, 2] & 127) << 16 | rows[:, 3] << 8 | rows[:, 4]
    return Events(rows[:, 0], rows[:, 1], rows[:, 2] >> 7, t)


def nmnist(folder: Path, steps: int = STEPS) -> ClassData:
    """All samples as ``steps`` frames of counts, from each one's first event to its last.

    Raises BadInput also where a folder has no files.
    """
    train, test = (_part(folder / part, steps) for part in ("Train", "Test"))
    return held_back(train, test, SHAPE, CLASSES)


def _part(folder: Path, steps: int) -> Labelled:
    found: list[tuple[int, np.ndarray]] = []
    for label in range(CLASSES):
        for path in listed(folder / str(label)):
            if path.suffix.lower() != ".bin":
                continue
            found.append((label, binned(read_events(path), steps, SHAPE)))
    return stacked(found, f"{folder} must hold folders 0 to 9 with files *.bin: there are none")
