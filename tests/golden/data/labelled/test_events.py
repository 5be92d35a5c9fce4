"""Event files as written here by hand: what is read, what is refused with file and offset."""

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dualspike.golden.data.labelled import nmnist as n_mnist
from dualspike.golden.data.labelled.events import Events, binned
from dualspike.golden.data.labelled.gesture import aedat
from dualspike.golden.data.labelled.gesture.aedat import END, MAGIC, read_aedat
from dualspike.golden.data.labelled.gesture.dvs_gesture import (
    LAST,
    TITLES,
    dvs_gesture,
    read_labels,
)
from dualspike.golden.data.labelled.nmnist import nmnist, read_events
from dualspike.golden.data.labelled.shape import Shape
from dualspike.model.errors import BadInput
from tests.refusals import refusal

BIG = 10**29
TEXT = MAGIC + b"#Format: RAW\r\n#Source 0: DVS128\r\n" + END


AT = len(TEXT)


def columns(events: Events) -> list[list[int]]:
    return [c.tolist() for c in (events.x, events.y, events.p, events.t)]


def recording(path: Path) -> Events:
    """Of a camera of 128 x 128 pixels."""
    return read_aedat(path, 128, 128)


def event(x: int, y: int, p: int, t: int) -> bytes:
    """Of N-MNIST."""
    return bytes([x, y]) + (p << 23 | t).to_bytes(3, "big")


def table(*rows: str) -> bytes:
    """Labels of DVS-Gesture."""
    return "\n".join([TITLES, *rows, ""]).encode()


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
    found = binned(events, 2, Shape(1, 2, 2), 2, (10, 20))
    assert found.tolist() == [[0, 2, 0, 0], [0, 0, 1, 1]]
    assert found.dtype == np.uint8
    many = Events(*(np.zeros(300, np.int64) for _ in range(4)))
    assert binned(many, 1, Shape(1, 1, 2), span=(0, 1)).tolist() == [[255, 0]]


def test_nmnist(tmp_path: Path) -> None:
    for part in ("Train", "Test"):
        for label in range(8):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True)
            content = event(33, 0, 1, 1000) + event(label, 33, 0, 2**23 - 1) + event(1, 2, 1, 5000)
            (folder / "1.bin").write_bytes(content)
    found = read_events(tmp_path / "Train" / "7" / "1.bin")
    assert columns(found) == [
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


def test_aedat(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat"
    special = packet((1, 0, 0, 9, 1), kind=0)
    whole = packet((127, 3, 1, 7, 1), (5, 6, 0, 8, 0), (4, 127, 0, 9, 1))
    path.write_bytes(TEXT + special + whole + packet((1, 2, 1, 3, 1), overflow=2))
    found = recording(path)
    assert columns(found) == [
        [127, 4, 1],
        [3, 127, 2],
        [1, 0, 1],
        [7, 9, 2**32 + 3],
    ]


def gestures(folder: Path) -> None:
    (folder / "a.aedat").write_bytes(TEXT + packet((127, 3, 1, 7, 1), (4, 127, 0, 99, 1)))
    rows = [f"{label},{label},100" for label in range(1, 8)]
    (folder / "a_labels.csv").write_bytes(table(*rows))
    for part in ("train", "test"):
        (folder / f"trials_to_{part}.txt").write_text("a.aedat\n")


def test_dvs_gesture(tmp_path: Path) -> None:
    gestures(tmp_path)
    found = dvs_gesture(tmp_path)
    assert found.test.labels.tolist() == list(range(7))
    assert found.test.x.shape == (7, 20, 32 * 32 * 2)
    step, cell = np.nonzero(found.test.x[0])
    assert list(zip(step, cell, strict=True)) == [(1, 31 * 2 + 1), (19, (31 * 32 + 1) * 2)]


DAMAGED: dict[Callable[[Path], object], list[tuple[bytes, str]]] = {
    read_events: [
        (b"", "events of 5 bytes must end at offset 5, not 0"),
        (event(1, 1, 0, 0) + b"12", "events of 5 bytes must end at offset 5, not 7"),
        (event(1, 1, 0, 0) + event(34, 1, 0, 0), "x at offset 5 must be in [0, 33], not 34"),
        (event(1, 240, 0, 0), "y at offset 1 must be in [0, 33], not 240"),
    ],
    recording: [
        (b"#!AER-DAT2.0\r\n", f"bytes at offset 0 must be {MAGIC}, not b'#!AER-DAT2.0\\r\\n'"),
        (MAGIC, f"lines of text must end with {END}, not at offset 14"),
        (TEXT + packet()[:-1], f"packet must end at offset {AT + 28}, not {AT + 27}"),
        (
            TEXT + packet((1, 2, 1, 3, 1))[:-1],
            f"packet must end at offset {AT + 36}, not {AT + 35}",
        ),
        (
            TEXT + packet((1, 2, 1, 3, 1), (128, 2, 1, 3, 1)),
            f"x at offset {AT + 36} must be in [0, 127], not 128",
        ),
        (TEXT + packet((1, 200, 1, 3, 1)), f"y at offset {AT + 28} must be in [0, 127], not 200"),
        (
            TEXT + packet((1, 2, 1, 2**31, 1)),
            f"time at offset {AT + 32} must be in [0, 2147483647], not 2147483648",
        ),
        (
            TEXT + struct.pack("<hhiiiiii", 1, 0, 12, 4, 0, 0, 0, 0),
            f"size at offset {AT + 4} must be 8, not 12",
        ),
        (
            TEXT + struct.pack("<hhiiiiii", 2, 0, 0, 4, 0, 0, 0, 0),
            f"size, overflows, number at offset {AT + 4} must be 1, 0, 0 up, not 0, 0, 0",
        ),
    ],
    read_labels: [
        (b"class\n", f"line 1 must be {TITLES}, not 'class'"),
        (table("1,2"), "line 2 must be three whole numbers, not '1,2'"),
        (table("", "1,-2,3"), "line 3 must be three whole numbers, not '1,-2,3'"),
        (table("12,2,3"), "class in line 2 must be in [1, 11], not 12"),
        (table("1,3,3"), "end in line 2 must be above start 3, not 3"),
        (table(f"{BIG},0,1"), f"class in line 2 must be in [1, 11], not {BIG}"),
        (table(f"1,0,{BIG}"), f"end in line 2 must be in [0, {LAST}], not {BIG}"),
        (table(f"1,{BIG},2"), f"start in line 2 must be in [0, {LAST}], not {BIG}"),
        (
            f"{TITLES}\n1,0,{LAST + 1}\n".encode(),
            f"end in line 2 must be in [0, {LAST}], not {LAST + 1}",
        ),
        (
            table(f"1,0,{'9' * 5000}"),
            f"end in line 2 must be in [0, {LAST}], not {'9' * 80}",
        ),
    ],
}


@pytest.mark.parametrize(
    ("read", "content", "line"),
    [(read, *row) for read, rows in DAMAGED.items() for row in rows],
)
def test_damage_is_told_with_its_place(
    read: Callable[[Path], object], content: bytes, line: str, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    assert refusal(read, path) == f"{path}: {line}"


def test_missing_files(tmp_path: Path) -> None:
    reason = "No such file or directory"
    path = tmp_path / "trials_to_train.txt"
    assert refusal(dvs_gesture, tmp_path).startswith(f"cannot read {path}: {reason}")
    gestures(tmp_path)
    path = tmp_path / "a.aedat"
    path.unlink()
    assert refusal(dvs_gesture, tmp_path) == f"cannot read {path}: {reason}"
    with pytest.raises(BadInput, match=r"^.*Train must hold folders 0 to 9 .*: there are none$"):
        nmnist(tmp_path)
    assert refusal(read_events, path) == f"cannot read {path}: {reason}"
    path = tmp_path / "a_labels.csv"
    path.write_bytes(b"cla\xff")
    assert refusal(read_labels, path) == f"cannot read {path}: not UTF-8 text"


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
    (tmp_path / "a_labels.csv").write_bytes(table("1,0,100", "", f"2,{start},{end}"))
    assert refusal(dvs_gesture, tmp_path) == (
        f"{tmp_path}/a.aedat must have an event in every gesture: none is in [{start}, {end}),"
        " line 4 of a_labels.csv"
    )


@pytest.mark.parametrize("name", ["/", "..", ".", "a\0b", "x" * 300, "none.aedat"])
def test_lists_that_name_no_recording(name: str, tmp_path: Path) -> None:
    gestures(tmp_path)
    (tmp_path / "trials_to_train.txt").write_text(f"{name}\n")
    assert refusal(dvs_gesture, tmp_path)


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
    end = AT + 28
    line = f"{path}: packet must end at offset {end + size * number}, not {end}"
    assert refusal(recording, path) == line


def test_many_packets_of_nothing_take_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20,000 of them between two with an event: some bytes for each byte of the file."""
    path = tmp_path / "a.aedat"
    path.write_bytes(TEXT + packet((1, 2, 1, 3, 1)) + packet() * 20_000 + packet((4, 5, 0, 6, 1)))
    monkeypatch.setattr(aedat, "MOST", path.stat().st_size)
    tracemalloc.start()
    try:
        assert recording(path).t.tolist() == [3, 6]
        assert tracemalloc.get_traced_memory()[1] < 4 * path.stat().st_size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("module", "read"), [(aedat, recording), (n_mnist, read_events)])
def test_recordings_of_more_than_the_bound(
    module: ModuleType,
    read: Callable[[Path], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST", 9)
    path = tmp_path / "a"
    path.write_bytes(bytes(10))
    assert refusal(read, path) == f"{path} must have at most 9 bytes, it has more"
