"""Bars that move before a made-up sensor; the direction is the class."""

import numpy as np

from dualspike.golden.data.labelled.events import Events, binned
from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back
from dualspike.golden.data.labelled.shape import Shape

SHAPE = Shape(16, 16, 2)
STEPS = 8
DURATION = 80_000
CLASSES = 4
TRAIN, TEST = 1200, 300
SEEN, NOISE = 0.25, 150


def moving_bar(direction: int, rng: np.random.Generator) -> Events:
    """Events of one bar within 80 ms: to the right, left, bottom or top for ``direction`` 0 to 3.

    A bar two to four pixels wide crosses the sensor from a random place, around its edges, 8 to 16
    pixels far. Where its front arrives pixels are brighter, behind its back darker, each pixel with
    a chance of 1/4 to be seen and up to 2 ms late; 150 events are noise.
    """
    size = SHAPE.height
    width, path = int(rng.integers(2, 5)), int(rng.integers(8, 17))
    steps = np.arange(path)
    sign = 1 if direction % 2 == 0 else -1
    front = rng.integers(size) + sign * steps
    rows = np.arange(size)
    edges = [(front, 1), (front - sign * width, 0)]
    along = np.concatenate([np.repeat(edge % size, size) for edge, _ in edges])
    p = np.concatenate([np.full(path * size, polarity) for _, polarity in edges])
    across = np.tile(rows, 2 * path)
    t = np.tile(np.repeat(steps * (DURATION - 2000) // path, size), 2)
    seen = rng.random(len(t)) < SEEN
    along, across, p, t = along[seen], across[seen], p[seen], t[seen]
    t = t + rng.integers(0, 2000, len(t))
    x, y = (along, across) if direction < 2 else (across, along)
    noise = [rng.integers(0, limit, NOISE) for limit in (size, size, 2, DURATION)]
    columns = zip((x, y, p, t), noise, strict=True)
    return Events(*(np.concatenate(pair) for pair in columns))


def moving_bars(steps: int = STEPS) -> ClassData:
    """1200 bars to train with, one in six of them held back, and 300 to test: ``default_rng(0)``.

    As ``steps`` frames of counts.
    """
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, TRAIN + TEST)
    bars = [binned(moving_bar(int(k), rng), steps, SHAPE, span=(0, DURATION)) for k in labels]
    whole, rows = Labelled(np.stack(bars), labels), np.arange(TRAIN + TEST)
    return held_back(whole.taken(rows[:TRAIN]), whole.taken(rows[TRAIN:]), SHAPE, CLASSES)
