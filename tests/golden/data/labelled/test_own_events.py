"""A user's own events in an .npz: frames counted by hand, and every complaint."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.classes import load_classes
from dualspike.golden.data.labelled.events import counted
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.model.description.data import Data
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")

SAMPLES = 20


def events() -> dict[str, Any]:
    """Sample n has n % 4 events, at times 10, 20, 30, on channel n % 3."""
    numbers = np.repeat(np.arange(SAMPLES), np.arange(SAMPLES) % 4)
    times = np.concatenate([10 * np.arange(1, n % 4 + 1) for n in range(SAMPLES)])
    labels = np.arange(SAMPLES) % 2
    return {"times": times, "channels": numbers % 3, "samples": numbers, "labels": labels}


def read(width: float | None = None, n_in: int | None = 3, **changes: Any) -> ClassData:
    arrays = {name: one for name, one in (events() | changes).items() if one is not None}
    np.savez("own.npz", **arrays)
    found = load_classes(Data(source="own.npz", bin=width), n_in, 2, steps=4)
    assert found
    return found


def complaint(**given: Any) -> str:
    return refusal(read, **given).removeprefix("own.npz").lstrip(": ")


def frames(data: ClassData, sample: int) -> list[list[int]]:
    """Frames [T][channel] of a sample, which has been put with its label and number of events."""
    order = np.random.default_rng(0).permutation(SAMPLES)
    out = sorted(row for one in (0, 1) for row in [r for r in order if r % 2 == one][:2])
    if sample in out:
        return data.test.x[out.index(sample)].tolist()
    order = np.random.default_rng(0).permutation(SAMPLES - len(out))
    rows = [row for row in range(SAMPLES) if row not in out]
    count = int(len(rows) / 6)
    where = [rows[n] for n in (*sorted(order[count:]), *sorted(order[:count]))]
    return data.whole.x[where.index(sample)].tolist()


def test_frames_by_bins() -> None:
    data = read(width=8.0)
    assert data.whole.x.shape == (16, 4, 3) and data.whole.x.dtype == np.uint8
    assert frames(data, 3) == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert frames(data, 2) == [[0, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert frames(data, 4) == [[0, 0, 0]] * 4
    assert frames(read(width=7.0), 3) == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_frames_that_share_the_time_of_a_sample() -> None:
    data = read()
    assert frames(data, 3) == [[1, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert frames(data, 1) == [[0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert frames(data, 4) == [[0, 0, 0]] * 4


def test_offsets_say_the_same() -> None:
    ends = np.concatenate([[0], np.cumsum(np.arange(SAMPLES) % 4)])
    one, other = read(), read(samples=None, offsets=ends)
    assert (one.whole.x == other.whole.x).all() and (one.test.x == other.test.x).all()


def test_channels_are_counted_where_no_number_is_given() -> None:
    assert read(n_in=None).shape.size == 3
    assert read(n_in=7).whole.x.shape == (16, 4, 7)


def test_own_test_samples() -> None:
    tests = {f"{name}_test": one for name, one in events().items()}
    data = read(**tests)
    assert (data.test_set, len(data.whole), len(data.test)) == ("test set", 20, 20)
    assert data.test.x[3].tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 0]]


def test_counts_stay_at_255() -> None:
    found = counted(np.zeros(300), np.zeros(300, np.int64), 2, 1)
    assert found.tolist() == [[255], [0]]


GIVEN = events()


def changed(name: str, at: int, value: float) -> dict[str, Any]:
    array = GIVEN[name].astype(type(value)) if isinstance(value, float) else GIVEN[name].copy()
    array[at] = value
    return {name: array}


ENDS = np.concatenate([[0], np.cumsum(np.arange(SAMPLES) % 4)])


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (changed("times", 4, 5), "times must not go backwards, times[4] of sample 3 is 5 after 10"),
        (changed("times", 4, np.nan), "times must be finite, times[4] is nan"),
        ({**changed("times", 0, -1), "width": 8.0}, "times must be from 0 up with data.bin"),
        ({"times": GIVEN["times"][:, None]}, "times must have shape [E], not [30, 1]"),
        ({"channels": GIVEN["channels"][:-1]}, "channels must have shape [30], not [29]"),
        (changed("channels", 2, 3), "channels must be in [0, 2], channels[2] is 3"),
        (changed("channels", 2, -1), "channels must be in [0, 2], channels[2] is -1"),
        ({"channels": GIVEN["channels"] * 1.0}, "channels must be whole numbers, not float64"),
        (changed("samples", 0, 20), "samples must be in [0, 19], samples[0] is 20"),
        (changed("samples", 3, 0), "samples must not fall, samples[3] is 0 after 2"),
        ({"samples": GIVEN["samples"][:4]}, "samples must have shape [30], not [4]"),
        (
            {"samples": None},
            "must hold times, channels, samples, labels, it holds times, channels,",
        ),
        ({"labels": None}, "must hold times, channels, samples, labels, it holds times, channels,"),
        ({"samples": None, "offsets": ENDS[:-1]}, "offsets must have shape [21], not [20]"),
        (
            {"samples": None, "offsets": np.minimum(ENDS, 29)},
            "offsets must go from 0 to 30, the number of events, not from 0 to 29",
        ),
        (
            {"samples": None, "offsets": ENDS[::-1]},
            "offsets must not fall, offsets[1] is 27 after 30",
        ),
        (
            {"times_test": GIVEN["times"]},
            "must hold times_test, channels_test, samples_test, labels",
        ),
        (changed("labels", 1, 2), "labels must be in [0, 1], labels[1] is 2"),
        ({"channels": GIVEN["channels"] + 5000}, "channels must be in [0, 2], channels[0] is 5001"),
    ],
)
def test_what_is_refused(given: dict[str, Any], line: str) -> None:
    assert complaint(**given).startswith(line)


def test_a_bin_is_for_events() -> None:
    np.savez("own.npz", x=np.ones((30, 2)), labels=np.arange(30) % 2)
    line = "data.bin must be left out for own.npz, which has no times of events"
    assert refusal(load_classes, Data(source="own.npz", bin=1.0)) == line
