"""Good files as others write them: networks of other frameworks, images, events."""

import gzip
import struct
import wave
from itertools import pairwise
from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs]
import nir
import numpy as np

from dualspike.golden.data.labelled.gesture.aedat import END, MAGIC
from dualspike.golden.data.labelled.gesture.dvs_gesture import TITLES


def graph(folder: Path) -> None:
    """Two layers of spiking neurons, as other frameworks write them."""
    rng = np.random.default_rng(3)
    ones = np.ones(4)
    nodes: dict[str, nir.NIRNode] = {
        "input": nir.Input({"input": np.array([3])}),
        "fc1": nir.Affine(rng.uniform(-1, 1, (4, 3)), rng.uniform(-1, 1, 4)),
        "lif1": nir.LIF(tau=8e-4 * ones, r=8 * ones, v_leak=0 * ones, v_threshold=ones),
        "fc2": nir.Linear(rng.uniform(-1, 1, (2, 4))),
        "output": nir.Output({"output": np.array([2])}),
    }
    keys = list(nodes)
    nir.write(folder / "net.nir", nir.NIRGraph(nodes, list(pairwise(keys))))


def images(folder: Path, side: int = 8) -> None:
    """MNIST's files, the images gzipped, those of the tests plain."""
    rng = np.random.default_rng(4)
    for part, count in (("train", 12), ("t10k", 6)):
        head = bytes([0, 0, 8, 3]) + struct.pack(">3I", count, side, side)
        content = head + rng.integers(0, 256, (count, side, side), np.uint8).tobytes()
        name = folder / f"{part}-images-idx3-ubyte"
        if part == "train":
            name.with_name(f"{name.name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            name.write_bytes(content)
        labels = (
            bytes([0, 0, 8, 1]) + struct.pack(">I", count) + bytes(n % 10 for n in range(count))
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)


def digits(folder: Path) -> None:
    """N-MNIST's files."""
    for part in ("Train", "Test"):
        for label in range(10):
            to = folder / part / str(label)
            to.mkdir(parents=True)
            events = [(33, 0, 1, 1000), (label, 33, 0, 2**22), (1, 2, 1, 5000)]
            content = [bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for x, y, p, t in events]
            (to / "1.bin").write_bytes(b"".join(content))


def recordings(folder: Path) -> None:
    """DVS-Gesture's files: a recording to learn from, one to test with."""
    events = np.array([(x << 17 | x << 2 | 3, 100 * x) for x in range(100)], "<u4")
    head = struct.pack("<hhiiiiii", 1, 0, 8, 4, 0, 100, 100, 100)
    other = struct.pack("<hhiiiiii", 3, 0, 4, 0, 0, 2, 2, 2) + bytes(8)
    content = MAGIC + b"#Source 0: DVS128\r\n" + END + head + events.tobytes() + other
    for part, count in (("train", 11), ("test", 3)):
        (folder / f"trials_to_{part}.txt").write_text(f"{part}.aedat\n")
        (folder / f"{part}.aedat").write_bytes(content)
        rows = [f"{n % 11 + 1},{900 * n},{900 * n + 800}" for n in range(count)]
        (folder / f"{part}_labels.csv").write_text("\n".join([TITLES, *rows]) + "\n")


def gestures(folder: Path) -> None:
    """DVS-Gesture as one HDF5 file."""
    with h5py.File(folder / "all.hdf5", "w") as file:
        for key in range(14):
            file[f"data/{key}/times"] = np.array([1000, 1999, 2000], np.uint32)
            addresses = np.array([(5, 0, 1), (127, 127, 0), (4, 3, 1)], np.uint8)
            file.create_dataset(f"data/{key}/addrs", data=addresses, compression="gzip")
            file[f"data/{key}/labels"] = np.uint8(key % 11)
        file["extra/train_keys"], file["extra/test_keys"] = np.arange(11), np.arange(11, 14)


def words(folder: Path) -> None:
    """Recordings of speech, a digit a pitch."""
    times = np.arange(600) / 8000
    for digit in range(10):
        for index in (0, 9):
            with wave.open(str(folder / f"{digit}_ann_{index}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                sound = np.sin(2 * np.pi * (300 + 200 * digit) * times) * 20000
                file.writeframes(sound.astype("<i2").tobytes())


def spikes(folder: Path) -> None:
    """SHD's files: lists of times and of cells for every word."""
    for part in ("train", "test"):
        with h5py.File(folder / f"shd_{part}.h5", "w") as file:
            for name, kind in (("times", np.float32), ("units", np.uint16)):
                made = file.create_dataset(f"spikes/{name}", (20,), h5py.vlen_dtype(kind))
                for n in range(20):
                    made[n] = np.arange(n) / 16 if name == "times" else np.arange(n) * 30
            file["labels"] = np.arange(20)
