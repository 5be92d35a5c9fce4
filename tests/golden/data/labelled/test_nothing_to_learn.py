"""Data of which something cannot be learned, as there is nothing of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.classes import load_classes
from dualspike.model.description.data import Data
from tests.golden.data.labelled.test_refusals import TITLES, Spoil, line, own, put, told
from tests.hostile import foreign
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize(
    ("source", "make", "spoil", "outputs", "absent"),
    [
        ("mnist", foreign.images, lambda: put("train-labels-idx1-ubyte", 11, b"\0"), 10, 3),
        ("nmnist", foreign.digits, lambda: shutil.rmtree("Train/9"), 10, 9),
        ("spoken-digits", foreign.words, Path("4_ann_9.wav").unlink, 10, 4),
        ("shd", foreign.spikes, lambda: told("labels", np.arange(20) // 2), 20, 10),
        (
            *("dvs-gesture", foreign.recordings),
            lambda: Path("train_labels.csv").write_text(f"{TITLES}\n" + "2,0,999\n" * 7),
            *(11, 0),
        ),
    ],
)
def test_a_class_without_samples(
    source: str, make: Callable[[Path], None], spoil: Spoil, outputs: int, absent: int
) -> None:
    """An output that nothing can be learned for is a folder that is not whole."""
    make(Path())
    spoil()
    assert line(source) == (
        f". must have samples to learn from for each of {outputs} outputs: output {absent} has none"
    )


def test_events_that_no_frame_takes() -> None:
    own(times=np.arange(30.0) + 5)
    data = Data(source="own.npz", bin=0.125)
    assert refusal(load_classes, data) == (
        "own.npz: times must be of one event or more in the first 4, 32 frames of data.bin, all 30"
        " are later"
    )
