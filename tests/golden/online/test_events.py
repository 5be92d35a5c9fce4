"""Event files as written here by hand: what is read, what is refused with file and offset."""

import struct
import tracemalloc
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dualspike.golden.online import aedat
from dualspike.golden.online import nmnist as n_mnist
from dualspike.golden.online.aedat import END, MAGIC, read_aedat
from dualspike.golden.online.convolution import Shape
from dualspike.golden.online.dvs_gesture import LAST, TITLES, dvs_gesture, read_labels
from dualspike.golden.online.events import Events, binned
from dualspike.golden.online.moving_bars import DURATION, moving_bar, moving_bars
from dualspike.golden.online.nmnist import nmnist, read_events
from dualspike.model.errors import BadInput

BIG = 10**29
TEXT = MAGIC + b"#Format: RAW\r\n#Source 0: DVS128\r\n" + END


def event(x: int, y: int, p: int, t: int) -> bytes:
    """Of N-MNIST."""
    return bytes([x, y]) + (p << 23 | t).to_bytes(3, "big")


def packet(*events: tuple[int, int, int, int, int], kind: int = 1, overflow: int = 0) -> bytes:
    """Of AEDAT 3.1; each event is x, y, polarity, time, valid."""
    n = len(events)
    head = struct.pack("<hhiiiiii", kind, 0, 8, 4, overflow, n, n, n)
    return head + b"".join(
        struct.pack("<II", x << 17 | y << 2 | p << 1 | valid, t) for x, y, p, t, valid in events
    )


def test_frames_count_events_where_and_when() -> None:
    """Two blocks of 2 x 2 pixels side by side, two steps of 5 us."""
    rows = [
        (0, 0, 1, 10), (1, 1, 1, 14),  # left block, brighter, first step
        (2, 0, 0, 15),                 # right block, darker, second step
        (3, 1, 1, 19),
        (0, 0, 0, 9), (0, 0, 0, 20),   # too early, too late
    ]  # fmt: skip
    events = Events(*np.array(rows).T)
    found = binned(events, 10, 20, 2, Shape(1, 2, 2), 2)
    assert found.tolist() == [[0, 2, 0, 0], [0, 0, 1, 1]]
    assert found.dtype == np.uint8
    many = Events(*(np.zeros(300, np.int64) for _ in range(4)))
    assert binned(many, 0, 1, 1, Shape(1, 1, 2)).tolist() == [[255, 0]]


def test_nmnist(tmp_path: Path) -> None:
    for part in ("Train", "Test"):
        for label in range(8):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True)
            content = event(33, 0, 1, 1000) + event(label, 33, 0, 2**23 - 1) + event(1, 2, 1, 5000)
            (folder / "1.bin").write_bytes(content)
    found = read_events(tmp_path / "Train" / "7" / "1.bin")
    columns = (found.x, found.y, found.p, found.t)
    assert [c.tolist() for c in columns] == [
        [33, 7, 1],
        [0, 33, 2],
        [1, 0, 1],
        [1000, 2**23 - 1, 5000],
    ]
    samples = nmnist(tmp_path)
    assert samples.test.labels.tolist() == list(range(8))
    assert (len(samples.train), len(samples.validation), samples.events) == (7, 1, True)
    assert samples.test.x.shape == (8, 10, 34 * 34 * 2)
    step, cell = np.nonzero(samples.test.x[7])
    assert list(zip(step, cell, strict=True)) == [
        (0, 33 * 2 + 1),
        (0, (2 * 34 + 1) * 2 + 1),
        (9, (33 * 34 + 7) * 2),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "events of 5 bytes must end at offset 5, not 0"),
        (event(1, 1, 0, 0) + b"12", "events of 5 bytes must end at offset 5, not 7"),
        (event(1, 1, 0, 0) + event(34, 1, 0, 0), "x at offset 5 must be in [0, 33], not 34"),
        (event(1, 240, 0, 0), "y at offset 1 must be in [0, 33], not 240"),
    ],
)
def test_damaged_nmnist(content: bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_events(path)
    assert str(caught.value) == f"{path}: {line}"


def test_aedat(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat"
    special = packet((1, 0, 0, 9, 1), kind=0)
    whole = packet((127, 3, 1, 7, 1), (5, 6, 0, 8, 0), (4, 127, 0, 9, 1))
    path.write_bytes(TEXT + special + whole + packet((1, 2, 1, 3, 1), overflow=2))
    found = read_aedat(path, 128, 128)
    columns = (found.x, found.y, found.p, found.t)
    assert [c.tolist() for c in columns] == [
        [127, 4, 1],
        [3, 127, 2],
        [1, 0, 1],
        [7, 9, 2**32 + 3],
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"#!AER-DAT2.0\r\n", f"bytes at offset 0 must be {MAGIC}, not b'#!AER-DAT2.0\\r\\n'"),
        (MAGIC, f"lines of text must end with {END}, not at offset 14"),
        (TEXT + packet()[:-1], "packet must end at offset {28}, not {27}"),
        (TEXT + packet((1, 2, 1, 3, 1))[:-1], "packet must end at offset {36}, not {35}"),
        (
            TEXT + packet((1, 2, 1, 3, 1), (128, 2, 1, 3, 1)),
            "x at offset {36} must be in [0, 127], not 128",
        ),
        (TEXT + packet((1, 200, 1, 3, 1)), "y at offset {28} must be in [0, 127], not 200"),
        (
            TEXT + packet((1, 2, 1, 2**31, 1)),
            "time at offset {32} must be in [0, 2147483647], not 2147483648",
        ),
        (
            TEXT + struct.pack("<hhiiiiii", 1, 0, 12, 4, 0, 0, 0, 0),
            "size at offset {4} must be 8, not 12",
        ),
        (
            TEXT + struct.pack("<hhiiiiii", 2, 0, 0, 4, 0, 0, 0, 0),
            "size, overflows, number at offset {4} must be 1, 0, 0 up, not 0, 0, 0",
        ),
    ],
)
def test_damaged_aedat(content: bytes, line: str, tmp_path: Path) -> None:
    """Offsets in braces count from the end of the text."""
    path = tmp_path / "a.aedat"
    path.write_bytes(content)
    for offset in (4, 27, 28, 32, 35, 36):
        line = line.replace(f"{{{offset}}}", str(len(TEXT) + offset))
    with pytest.raises(BadInput) as caught:
        read_aedat(path, 128, 128)
    assert str(caught.value) == f"{path}: {line}"


def gestures(folder: Path) -> None:
    (folder / "a.aedat").write_bytes(TEXT + packet((127, 3, 1, 7, 1), (4, 127, 0, 99, 1)))
    table = [TITLES, *(f"{label},{label},100" for label in range(1, 8))]
    (folder / "a_labels.csv").write_text("\n".join([*table, ""]))
    for part in ("train", "test"):
        (folder / f"trials_to_{part}.txt").write_text("a.aedat\n")


def test_dvs_gesture(tmp_path: Path) -> None:
    gestures(tmp_path)
    found = dvs_gesture(tmp_path)
    assert found.test.labels.tolist() == list(range(7))
    assert found.test.x.shape == (7, 20, 32 * 32 * 2)
    step, cell = np.nonzero(found.test.x[0])
    assert list(zip(step, cell, strict=True)) == [(1, 31 * 2 + 1), (19, (31 * 32 + 1) * 2)]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("class\n", f"line 1 must be {TITLES}, not 'class'"),
        (f"{TITLES}\n1,2\n", "line 2 must be three whole numbers, not '1,2'"),
        (f"{TITLES}\n\n1,-2,3\n", "line 3 must be three whole numbers, not '1,-2,3'"),
        (f"{TITLES}\n12,2,3\n", "class in line 2 must be in [1, 11], not 12"),
        (f"{TITLES}\n1,3,3\n", "end in line 2 must be above start 3, not 3"),
        (f"{TITLES}\n{BIG},0,1\n", f"class in line 2 must be in [1, 11], not {BIG}"),
        (f"{TITLES}\n1,0,{BIG}\n", f"end in line 2 must be in [0, {LAST}], not {BIG}"),
        (f"{TITLES}\n1,{BIG},2\n", f"start in line 2 must be in [0, {LAST}], not {BIG}"),
        (f"{TITLES}\n1,0,{LAST + 1}\n", f"end in line 2 must be in [0, {LAST}], not {LAST + 1}"),
        (
            f"{TITLES}\n1,0,{'9' * 5000}\n",
            f"end in line 2 must be in [0, {LAST}], not {'9' * 80}",
        ),
    ],
)
def test_damaged_tables(table: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "a_labels.csv"
    path.write_text(table)
    with pytest.raises(BadInput) as caught:
        read_labels(path)
    assert str(caught.value) == f"{path}: {line}"


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^cannot read .*trials_to_train.txt: No such file"):
        dvs_gesture(tmp_path)
    gestures(tmp_path)
    (tmp_path / "a.aedat").unlink()
    with pytest.raises(BadInput, match=r"^cannot read .*a.aedat: No such file or directory$"):
        dvs_gesture(tmp_path)
    with pytest.raises(BadInput, match=r"^.*Train must hold folders 0 to 9 .*: there are none$"):
        nmnist(tmp_path)
    with pytest.raises(BadInput, match=r"^cannot read .*b.bin: No such file or directory$"):
        read_events(tmp_path / "b.bin")
    path = tmp_path / "a_labels.csv"
    path.write_bytes(b"cla\xff")
    with pytest.raises(BadInput, match=r"^cannot read .*a_labels.csv: not UTF-8 text$"):
        read_labels(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_and_lists_of_any_system(mark: str, end: str, tmp_path: Path) -> None:
    gestures(tmp_path)
    wanted = dvs_gesture(tmp_path).test.x
    for path in [*tmp_path.glob("*.txt"), tmp_path / "a_labels.csv"]:
        path.write_bytes((mark + path.read_text().replace("\n", end)).encode())
    np.testing.assert_array_equal(dvs_gesture(tmp_path).test.x, wanted)


@pytest.mark.parametrize("window", [(0, 7), (8, 99), (100, 2000), (LAST - 1, LAST)])
def test_windows_without_events(window: tuple[int, int], tmp_path: Path) -> None:
    """Events are at 7 and 99."""
    gestures(tmp_path)
    start, end = window
    (tmp_path / "a_labels.csv").write_text(f"{TITLES}\n1,0,100\n\n2,{start},{end}\n")
    with pytest.raises(BadInput) as caught:
        dvs_gesture(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/a.aedat must have an event in every gesture: none is in [{start}, {end}),"
        " line 4 of a_labels.csv"
    )


@pytest.mark.parametrize("name", ["/", "..", ".", "a\0b", "x" * 300, "none.aedat"])
def test_lists_that_name_no_recording(name: str, tmp_path: Path) -> None:
    gestures(tmp_path)
    (tmp_path / "trials_to_train.txt").write_text(f"{name}\n")
    with pytest.raises(BadInput, match=r"^[^\n]+$"):
        dvs_gesture(tmp_path)


def test_what_systems_leave_is_no_sample(tmp_path: Path) -> None:
    for part in ("Train", "Test"):
        for label in range(8):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True)
            (folder / ("1.bin" if label % 2 else "1.BIN")).write_bytes(event(1, 2, 1, 3))
            for name in ("._1.bin", ".DS_Store", "Thumbs.db", "desktop.ini", "1.txt"):
                (folder / name).write_bytes(b"\0\5\x16\7\0\2")
            (folder / "__MACOSX").mkdir()
        (tmp_path / part / "__MACOSX").mkdir()
    assert nmnist(tmp_path).test.labels.tolist() == list(range(8))


@pytest.mark.parametrize("number", [1, 1 << 16, 2**31 - 1])
@pytest.mark.parametrize("size", [1, 8, 2**31 - 1])
def test_packets_that_claim_more_than_there_is(number: int, size: int, tmp_path: Path) -> None:
    path = tmp_path / "a.aedat"
    path.write_bytes(TEXT + struct.pack("<hhiiiiii", 0, 0, size, 4, 0, number, number, number))
    end = len(TEXT) + 28
    with pytest.raises(BadInput) as caught:
        read_aedat(path, 128, 128)
    assert (
        str(caught.value) == f"{path}: packet must end at offset {end + size * number}, not {end}"
    )


def test_many_packets_of_nothing_take_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20,000 of them between two with an event: some bytes for each byte of the file."""
    path = tmp_path / "a.aedat"
    path.write_bytes(TEXT + packet((1, 2, 1, 3, 1)) + packet() * 20_000 + packet((4, 5, 0, 6, 1)))
    monkeypatch.setattr(aedat, "MOST", path.stat().st_size)
    tracemalloc.start()
    try:
        assert read_aedat(path, 128, 128).t.tolist() == [3, 6]
        assert tracemalloc.get_traced_memory()[1] < 4 * path.stat().st_size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("reader", [aedat, n_mnist])
def test_recordings_of_more_than_the_bound(
    reader: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST", 9)
    path = tmp_path / "a"
    path.write_bytes(bytes(10))
    with pytest.raises(BadInput) as caught:
        read_aedat(path, 128, 128) if reader is aedat else read_events(path)
    assert str(caught.value) == f"{path} must have at most 9 bytes, it has more"


def test_bars_move_as_their_class_says() -> None:
    """The mean of many bars' brighter events goes along the axis and in the sense of the class."""
    rng = np.random.default_rng(1)
    for direction in range(4):
        turns = np.zeros(2)
        for _ in range(100):
            events = moving_bar(direction, rng)
            assert events.t.min() >= 0 and events.t.max() < DURATION
            for axis, place in enumerate((events.x, events.y)):
                angle = np.exp(2j * np.pi * place[events.p == 1] / 16)
                late = events.t[events.p == 1] * 4 // DURATION
                means = [angle[late == quarter].mean() for quarter in range(4)]
                turns[axis] += sum(np.angle(b / a) for a, b in pairwise(means))
        axis, sense = direction // 2, 1 if direction % 2 == 0 else -1
        assert sense * turns[axis] > 5 * abs(turns[1 - axis])
    samples = moving_bars()
    assert samples.train.x.shape == (1000, 8, 512) and len(samples.test) == 300
    assert np.bincount(samples.test.labels, minlength=4).min() > 50
    np.testing.assert_array_equal(samples.test.x, moving_bars().test.x)
