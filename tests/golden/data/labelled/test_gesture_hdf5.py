"""DVS-Gesture in one HDF5 file, written here with h5py in the layout of snnTorch."""

from pathlib import Path
from typing import Any

import h5py  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest

from dualspike.golden.experiments.opzo.data import dataset
from dualspike.golden.files import hdf5
from dualspike.model.errors import BadInput
from tests.refusals import refusal

EVENTS = [(5, 0, 1), (127, 127, 0), (4, 3, 1)]
TIMES = [1000, 1999, 2000]


def write(path: Path, **changes: Any) -> Path:
    """11 gestures to learn and 4 to test; ``changes`` replace data sets of gesture 3, None none."""
    with h5py.File(path, "w") as file:
        for key in range(15):
            sets: dict[str, Any] = {
                "times": np.array(TIMES, np.uint32),
                "addrs": np.array(EVENTS, np.uint8),
                "labels": np.uint8(key % 11),
            }
            for name, values in (sets | (changes if key == 3 else {})).items():
                if values is not None:
                    file[f"data/{key}/{name}"] = values
        file["extra/train_keys"], file["extra/test_keys"] = np.arange(11), np.arange(11, 15)
    return path


def test_gestures_become_frames(tmp_path: Path) -> None:
    """Two events in the first steps of 50 us, one in the last, in blocks of 4 x 4 pixels."""
    found = dataset(f"dvs-gesture={write(tmp_path / 'all.hdf5')}")
    assert found.test.labels.tolist() == [0, 1, 2, 3]
    assert sorted([*found.train.labels, *found.validation.labels]) == list(range(11))
    assert found.test.x.shape == (4, 20, 32 * 32 * 2)
    step, cell = np.nonzero(found.test.x[0])
    assert list(zip(step, cell, strict=True)) == [(0, 1 * 2 + 1), (19, 3), (19, 1023 * 2)]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"labels": np.uint8(11)}, "data/3/labels in row 0 must be in [0, 10], not 11"),
        (
            {"addrs": np.array([*EVENTS[:2], (4, 128, 1)])},
            "data/3/addrs[:, 1] in row 2 must be in [0, 127], not 128",
        ),
        (
            {"addrs": np.array([(0, 0, 2), *EVENTS[1:]])},
            "data/3/addrs[:, 2] in row 0 must be in [0, 1], not 2",
        ),
        ({"addrs": np.zeros((2, 3), int)}, "data/3/addrs must be [3, 3], not [2, 3]"),
        ({"times": None}, "data/3/times must be whole numbers of 1 dimensions, not nothing"),
        (
            {"times": np.zeros((1, 3))},
            "data/3/times must be whole numbers of 1 dimensions, not"
            ' <HDF5 dataset "times": shape (1, 3), type "<f8">',
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    changes: dict[str, Any], line: str, tmp_path: Path
) -> None:
    path = tmp_path / "all.h5"
    assert refusal(dataset, f"dvs-gesture={write(path, **changes)}") == f"{path}: {line}"


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "all.hdf5"
    with pytest.raises(BadInput, match=rf"^cannot read {path}: No such file or directory$"):
        dataset(f"dvs-gesture={path}")
    path.write_bytes(write(path).read_bytes()[:-100])
    with pytest.raises(BadInput, match=rf"^{path} must be a whole HDF5 file: .*truncated"):
        dataset(f"dvs-gesture={path}")
    path.write_bytes(b"not at all")
    with pytest.raises(BadInput, match=rf"^{path} must be a whole HDF5 file: .*signature"):
        dataset(f"dvs-gesture={path}")
    monkeypatch.setattr(hdf5, "find_spec", lambda _: None)
    line = f"{path} needs h5py: install it with pip install 'dualspike[hdf5]'"
    assert refusal(dataset, f"dvs-gesture={path}") == line
