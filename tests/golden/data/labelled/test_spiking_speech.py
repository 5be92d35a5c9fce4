"""SHD and SSC as written here: frames, parts, and one line for what cannot be read."""

# h5py has no types of its own.
# pyright: reportMissingTypeStubs=false

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from dualspike.golden.data.labelled.speech.spiking_speech import CELLS, shd, ssc
from dualspike.golden.files import hdf5
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")

TIMES = [[0.0, 0.1, 0.1, 0.35, 0.4], [], [0.5], [0.2, 0.8]]
UNITS = [[0, 1, 1, 699, 5], [], [3], [7, 7]]


def lists(file: h5py.File, name: str, kind: Any, rows: list[Any], **options: Any) -> Any:
    made = file.create_dataset(name, (len(rows),), h5py.vlen_dtype(kind), **options)
    for n, row in enumerate(rows):
        made[n] = row
    return made


def written(
    name: str,
    times: list[Any] = TIMES,
    units: list[Any] = UNITS,
    labels: Any = (0, 19, 3, 1),
    repeat: int = 2,
    **options: Any,
) -> Path:
    path = Path(f"{name}.h5")
    with h5py.File(path, "w") as file:
        lists(file, "spikes/times", np.float32, times * repeat, **options)
        lists(file, "spikes/units", np.uint16, units * repeat, **options)
        file["labels"] = np.tile(np.asarray(labels), repeat)
        file["extra/keys"] = np.array([b"one", b"two"], object)
    return path


@pytest.mark.parametrize("options", [{}, {"chunks": (3,)}, {"chunks": (3,), "compression": "gzip"}])
def test_frames_of_counts(options: dict[str, Any]) -> None:
    for part in ("train", "test"):
        written(f"shd_{part}", **options)
    data = shd(Path(), 4)
    assert (len(data.whole), len(data.test), data.classes) == (8, 8, 20)
    assert data.test.x.shape == (8, 4, CELLS) and data.test.x.dtype == np.uint8
    first = {
        tuple(place): int(data.test.x[0][tuple(place)]) for place in np.argwhere(data.test.x[0])
    }
    assert first == {(0, 0): 1, (1, 1): 2, (3, 699): 1, (3, 5): 1}
    assert not data.test.x[1].any()
    assert np.argwhere(data.test.x[2]).tolist() == [[0, 3]]
    assert np.argwhere(data.test.x[3]).tolist() == [[0, 7], [3, 7]]
    assert data.test.labels.tolist() == [0, 19, 3, 1] * 2


def test_published_validation_samples() -> None:
    for part, repeat in (("train", 3), ("valid", 1), ("test", 2)):
        written(f"ssc_{part}", labels=(34, 0, 1, 2), repeat=repeat)
    data = ssc(Path(), 2)
    assert [len(one) for one in (data.train, data.validation, data.test)] == [12, 4, 8]
    assert data.train.unit == data.validation.unit == data.test.unit


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"labels": (0, 20, 1, 2)}, "labels[1] must be in [0, 19], not 20"),
        ({"labels": (0.5, 1, 2, 3)}, "labels must be whole numbers, one a word, not <HDF5"),
        ({"labels": (0, 1)}, "spikes/times, spikes/units and labels must be as many, 1 or more"),
        ({"units": [[0, 1], [], [3], [7, 7]]}, "spikes/units[0] must have 5 entries, as the"),
        ({"units": [[0, 1, 1, 700, 5], [], [3], [7, 7]]}, "spikes/units[0][3] must be in [0, 699]"),
        ({"times": [[0.0, 0.1, 0.05, 0.3, 0.4], *TIMES[1:]]}, "spikes/times[0] must not fall, it"),
        ({"times": [*TIMES[:2], [np.nan], TIMES[3]]}, "spikes/times[2][0] must be in [0, 1048576)"),
        ({"times": [*TIMES[:2], [-1.0], TIMES[3]]}, "spikes/times[2][0] must be in [0, 1048576)"),
    ],
)
def test_what_is_refused(given: dict[str, Any], line: str) -> None:
    written("shd_train", **given)
    assert refusal(shd, Path(), 4).startswith(f"shd_train.h5: {line}")


def test_files_that_are_not_there_or_hold_something_else() -> None:
    assert refusal(shd, Path(), 4) == "cannot read shd_train.h5: No such file or directory"
    with h5py.File("shd_train.h5", "w") as file:
        file["spikes/times"] = np.ones((4, 3))
    line = "shd_train.h5: spikes/times must be lists of numbers, not <HDF5 dataset"
    assert refusal(shd, Path(), 4).startswith(line)
    Path("shd_train.h5").write_bytes(b"no HDF5")
    assert refusal(shd, Path(), 4).startswith("shd_train.h5 must be a whole HDF5 file: ")


def claims_more(made: Any) -> None:
    with Path("shd_train.h5").open("r+b") as raw:
        raw.seek(made.id.get_offset())
        raw.write((1 << 31).to_bytes(4, "little"))


def same_many_times(made: Any) -> None:
    """All lists are the first."""
    with Path("shd_train.h5").open("r+b") as raw:
        raw.seek(offset := made.id.get_offset())
        first = raw.read(16)
        raw.seek(offset)
        raw.write(first * len(made))


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (claims_more, "lists of spikes/times must be in the file, one claims 8589934592 bytes"),
        (same_many_times, "data must take at most "),
    ],
)
def test_lists_that_are_not_there(harm: Callable[[Any], None], line: str) -> None:
    long = [np.arange(1 << 18) / (1 << 18), *[[0.5]] * 255]
    with h5py.File("shd_train.h5", "w") as file:
        made = lists(file, "spikes/times", np.float32, long)
        lists(file, "spikes/units", np.uint16, [[1]])
        file["labels"] = np.zeros(256, np.int64)
        file.flush()
        harm(made)
    tracemalloc.start()
    found = refusal(shd, Path(), 4)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.startswith(f"shd_train.h5: {line}") and peak < 1 << 26


def test_too_many_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    written("shd_train")
    monkeypatch.setattr(hdf5, "MOST_LISTS", 10)
    line = "shd_train.h5: spikes/units must leave at most 10 lists"
    assert refusal(shd, Path(), 4) == line
