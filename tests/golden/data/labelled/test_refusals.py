"""What is wrong with files of labels and events is one line: which file, where in it, what came."""

import shutil
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest

from dualspike.golden.data.classes import load_classes
from dualspike.model.description.data import Data
from tests.hostile import foreign
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")
Spoil = Callable[[], object]


def line(source: str, folder: str = ".") -> str:
    """What is said of the files here."""
    own = source.endswith(".npz")
    return refusal(load_classes, Data(source=source, folder=None if own else folder))


def own(**arrays: object) -> None:
    """A file of images, or of events where it has times."""
    given: dict[str, object] = {"x": np.zeros((30, 2)), "labels": np.arange(30) % 3}
    if "times" in arrays:
        given = {"channels": np.zeros(30, int), "samples": np.arange(30), "labels": given["labels"]}
    np.savez("own.npz", **{k: v for k, v in (given | arrays).items() if v is not None})  # pyright: ignore[reportArgumentType]


def ragged() -> np.ndarray:
    """Rows of two lengths."""
    rows = np.empty(30, object)
    rows[:] = [[0.0] * (1 + n % 2) for n in range(30)]
    return rows


def put(file: str, place: int, content: bytes) -> None:
    """Bytes of a file in place of those that are there."""
    path = Path(file)
    old = path.read_bytes()
    path.write_bytes(old[:place] + content + old[place + len(content) :])


def cut(file: str, size: int) -> None:
    """A file's first bytes alone."""
    Path(file).write_bytes(Path(file).read_bytes()[:size])


def told(place: str, values: object) -> None:
    """Another data set in SHD's first file."""
    with h5py.File("shd_train.h5", "r+") as found:
        del found[place]
        found[place] = values


def heard(what: str, row: int, values: list[float]) -> None:
    """Another list of one word."""
    with h5py.File("shd_train.h5", "r+") as found:
        found[f"spikes/{what}"][row] = values  # pyright: ignore[reportIndexIssue]


def recorded(rate: int = 8000, channels: int = 1, size: int = 2) -> None:
    """A recording in another format."""
    with wave.open("3_ann_9.wav", "wb") as file:
        file.setparams((channels, size, rate, 0, "NONE", ""))
        file.writeframes(bytes(800))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda: own(labels=np.arange(30) % 3 - 9 * (np.arange(30) == 4)),
            ": labels must be in [0, 4095], labels[4] is -8",
        ),
        (
            lambda: own(labels=np.zeros(29, int)),
            ": labels must have shape [30], not [29]",
        ),
        (
            lambda: own(labels=np.array(["a"] * 30)),
            ": labels must be whole numbers, not <U1",
        ),
        (
            lambda: own(x=ragged()),
            ": x must be numbers, not objects or a damaged array",
        ),
        (
            lambda: own(x=np.float64(1)),
            ": x must have shape [N, n] or [N, T, n], none of them 0, not []",
        ),
        (
            lambda: own(x=np.full((30, 2), np.nan)),
            ": x must be finite, x[0, 0] is nan",
        ),
        (
            lambda: own(times=np.arange(30.0), labels=None),
            " must hold times, channels, samples, labels, it holds channels, samples, times",
        ),
        (
            lambda: own(times=np.arange(29.0)),
            ": channels must have shape [29], not [30]",
        ),
        (
            lambda: own(times=ragged()),
            ": times must be numbers, not objects or a damaged array",
        ),
        (
            lambda: own(times=np.arange(30.0) % 2, samples=np.maximum(np.arange(30) - 8, 0)),
            ": times must not go backwards, times[2] of sample 0 is 0 after 1",
        ),
        (
            lambda: own(times=np.zeros(0), channels=np.zeros(0, int), samples=np.zeros(0, int)),
            ": times must be of one event or more",
        ),
        (
            lambda: own(times=np.arange(30.0), channels=np.arange(30) - 1),
            ": channels must be in [0, 4095], channels[0] is -1",
        ),
        (
            lambda: own(times=np.arange(30.0), samples=np.arange(30) + 1),
            ": samples must be in [0, 29], samples[29] is 30",
        ),
        (
            lambda: own(times=np.arange(30.0), samples=None, offsets=np.arange(31)[::-1]),
            ": offsets must not fall, offsets[1] is 29 after 30",
        ),
        (
            lambda: Path("own.npz").write_bytes(b"nothing"),
            " must be an .npz archive with arrays x and y, it is damaged or something else",
        ),
    ],
)
def test_a_file_of_your_own(spoil: Spoil, said: str) -> None:
    spoil()
    assert line("own.npz") == f"own.npz{said}"


def test_a_file_that_is_not_there() -> None:
    assert line("own.npz") == "cannot read own.npz: No such file or directory"


WAV = "3_ann_9.wav must be of 8000 Hz, 1 channel and 16 bits, not of"
TITLES = "class,startTime_usec,endTime_usec"
TABLE = f"{TITLES}\n1,9,5\n"


@pytest.mark.parametrize(
    ("source", "make", "spoil", "said"),
    [
        (
            *("mnist", foreign.images),
            lambda: put("t10k-labels-idx1-ubyte", 10, b"\x0a"),
            "t10k-labels-idx1-ubyte: label at offset 10 must be in [0, 9], not 10",
        ),
        (
            *("mnist", foreign.images),
            lambda: cut("t10k-images-idx3-ubyte", 40),
            "t10k-images-idx3-ubyte: entries must end at offset 400, not 40",
        ),
        (
            *("mnist", foreign.images),
            lambda: put("train-labels-idx1-ubyte", 4, struct.pack(">I", 11)),
            "train-labels-idx1-ubyte: entries must end at offset 19, not 20",
        ),
        (
            *("mnist", foreign.images),
            Path("train-labels-idx1-ubyte").unlink,
            "cannot read train-labels-idx1-ubyte: No such file or directory",
        ),
        (
            *("nmnist", foreign.digits),
            lambda: cut("Train/3/1.bin", 7),
            "Train/3/1.bin: events of 5 bytes must end at offset 5, not 7",
        ),
        (
            *("nmnist", foreign.digits),
            lambda: put("Train/3/1.bin", 5, b"\x22"),
            "Train/3/1.bin: x at offset 5 must be in [0, 33], not 34",
        ),
        (
            *("nmnist", foreign.digits),
            lambda: shutil.rmtree("Test"),
            "Test must hold folders 0 to 9 with files *.bin: there are none",
        ),
        ("spoken-digits", foreign.words, lambda: recorded(16000), f"{WAV} 16000 Hz, 1 and 16"),
        ("spoken-digits", foreign.words, lambda: recorded(8000, 2), f"{WAV} 8000 Hz, 2 and 16"),
        ("spoken-digits", foreign.words, lambda: recorded(8000, 1, 1), f"{WAV} 8000 Hz, 1 and 8"),
        (
            *("spoken-digits", foreign.words),
            lambda: put("3_ann_9.wav", 20, b"\x07\x00"),
            "3_ann_9.wav must be a wav file of plain samples: unknown format: 7",
        ),
        (
            *("spoken-digits", foreign.words),
            lambda: cut("3_ann_9.wav", 10),
            "3_ann_9.wav must be a wav file of plain samples: not a WAVE file",
        ),
        (
            *("spoken-digits", foreign.words),
            lambda: cut("3_ann_9.wav", 100),
            "3_ann_9.wav must have 1200 bytes of samples, not 56",
        ),
        (
            *("spoken-digits", foreign.words),
            lambda: Path("3_ann_9.wav").rename("10_ann_9.wav"),
            "10_ann_9.wav must be called DIGIT_SPEAKER_INDEX.wav, as in 7_theo_12.wav",
        ),
        (
            *("spoken-digits", foreign.words),
            lambda: [one.unlink() for one in Path().glob("*_0.wav")],
            ". must hold DIGIT_SPEAKER_INDEX.wav with an index from 0 to 4: none is there",
        ),
        (
            *("shd", foreign.spikes),
            lambda: told("labels", np.full(8, 20)),
            "shd_train.h5: labels[0] must be in [0, 19], not 20",
        ),
        (
            *("shd", foreign.spikes),
            lambda: told("labels", np.zeros(7, int)),
            "shd_train.h5: spikes/times, spikes/units and labels must be as many, 1 or more, not"
            " 20, 20 and 7",
        ),
        (
            *("shd", foreign.spikes),
            lambda: heard("times", 5, [0.5, 0.25, 1, 2, 3]),
            "shd_train.h5: spikes/times[5] must not fall, it does after 0",
        ),
        (
            *("shd", foreign.spikes),
            lambda: heard("units", 5, [1, 2]),
            "shd_train.h5: spikes/units[5] must have 5 entries, as the times, not 2",
        ),
        (
            *("shd", foreign.spikes),
            lambda: heard("units", 2, [1, 700]),
            "shd_train.h5: spikes/units[2][1] must be in [0, 699], not 700",
        ),
        (
            *("shd", foreign.spikes),
            Path("shd_test.h5").unlink,
            "cannot read shd_test.h5: No such file or directory",
        ),
        (
            *("shd", foreign.spikes),
            lambda: [heard(what, n, []) for what in ("times", "units") for n in range(20)],
            "shd_train.h5: spikes/times must be of one spike or more",
        ),
        (
            *("dvs-gesture", foreign.recordings),
            lambda: Path("train_labels.csv").write_text(TABLE.replace("1,9", "12,9")),
            "train_labels.csv: class in line 2 must be in [1, 11], not 12",
        ),
        (
            *("dvs-gesture", foreign.recordings),
            lambda: Path("train_labels.csv").write_text(TABLE),
            "train_labels.csv: end in line 2 must be above start 9, not 5",
        ),
        (
            *("dvs-gesture", foreign.recordings),
            lambda: Path("train_labels.csv").write_text(TABLE.replace(",5", "")),
            "train_labels.csv: line 2 must be three whole numbers, not '1,9'",
        ),
        (
            *("dvs-gesture", foreign.recordings),
            lambda: cut("train.aedat", 100),
            "train.aedat: packet must end at offset 875, not 100",
        ),
        (
            *("dvs-gesture", foreign.recordings),
            Path("train.aedat").unlink,
            "cannot read train.aedat: No such file or directory",
        ),
        (
            *("dvs-gesture", foreign.recordings),
            Path("test_labels.csv").unlink,
            "cannot read test_labels.csv: No such file or directory",
        ),
    ],
)
def test_a_data_set(source: str, make: Callable[[Path], None], spoil: Spoil, said: str) -> None:
    make(Path())
    load_classes(Data(source=source, folder="."))
    spoil()
    assert line(source) == said
