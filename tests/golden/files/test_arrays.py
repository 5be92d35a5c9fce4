"""Archives of arrays from anyone: what counts, what is refused, what is never unpacked."""

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy

from dualspike.golden.files import arrays as archive
from dualspike.golden.files.arrays import MOST, array_names, read_arrays
from dualspike.model.errors import BadInput
from tests.refusals import refusal

GOOD = np.arange(6.0).reshape(2, 3)
DAMAGED = "x must be numbers, not objects or a damaged array"


def header(shape: tuple[int, ...], kind: str = "<f8", version: tuple[int, int] = (1, 0)) -> bytes:
    """Of an array as it says of itself."""
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return npy.magic(*version) + length + text


def written(path: Path, entries: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as out:
        for name, content in entries.items():
            out.writestr(f"{name}.npy", content)
    return path


def npy_bytes(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def complaint(path: Path, *names: str) -> str:
    line = refusal(read_arrays, path, names or None)
    assert "\n" not in line
    return line.removeprefix(str(path)).lstrip(": ")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_and_kind_comes_back(
    packing: int, version: tuple[int, int], tmp_path: Path
) -> None:
    arrays = [GOOD, GOOD.T, GOOD.astype(">i2"), np.float32(3), np.array("text"), np.ones((0, 4))]
    entries: dict[str, bytes] = {}
    for n, array in enumerate(arrays):
        content = io.BytesIO()
        npy.write_array(content, np.asarray(array), version)
        entries[f"a{n}"] = content.getvalue()
    path = written(tmp_path / "a.npz", entries, packing)
    for found, array in zip(read_arrays(path).values(), arrays, strict=True):
        np.testing.assert_array_equal(found, array)
        assert found.dtype == np.asarray(array).dtype
    assert array_names(path) == list(entries)


def test_only_what_is_asked_for_counts(tmp_path: Path) -> None:
    """Objects, damage and sizes elsewhere are nobody's business; no pickle is ever run."""
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (ran,))

    bomb = npy_bytes(np.array([Bomb()], object))
    huge = header((1 << 40,))
    path = written(tmp_path / "a.npz", {"x": npy_bytes(GOOD), "o": bomb, "h": huge, "d": b"?"})
    np.testing.assert_array_equal(read_arrays(path, ["x"])["x"], GOOD)
    assert array_names(path) == ["x", "o", "h", "d"]
    for name in "ohd":
        assert complaint(path, "x", name) == DAMAGED.replace("x", name, 1)
    assert not ran.exists()
    assert complaint(path, "x", "y") == "must hold x, y, it holds x, o, h, d"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((1 << 32,), "<f8"),
        ((1 << 31, 1 << 31), "<f8"),
        ((1 << 62, 4), "<f8"),
        ((10**30,), "<f8"),
        ((-1,), "<f8"),
        ((-2, -3), "<f8"),
        ((1,), "V2147483647"),
        ((1, 1), "<U500000000"),
        ((1 << 30,), "|b1"),
        ((1,), "|O"),
        ((3,), "<f8"),
    ],
)
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_headers_that_claim_more_than_there_is(
    shape: tuple[int, ...], kind: str, version: tuple[int, int], tmp_path: Path
) -> None:
    content = header(shape, kind, version) + GOOD.tobytes()
    assert complaint(written(tmp_path / "a.npz", {"x": content}), "x") == DAMAGED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        npy.MAGIC_PREFIX,
        npy.magic(9, 9),
        npy.magic(2, 0) + b"\xff\xff\xff\xff" + bytes(100_000),
        npy.magic(1, 0) + b"\xff\xff" + b"(" * 70_000,
        header((2, 3)).replace(b"'descr'", b"'descx'") + GOOD.tobytes(),
        header((2, 3), "?!") + GOOD.tobytes(),
        npy_bytes(GOOD) + b"1",
    ],
)
def test_headers_that_are_none(content: bytes, tmp_path: Path) -> None:
    assert complaint(written(tmp_path / "a.npz", {"x": content}), "x") == DAMAGED


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_unpack_without_a_bound(packing: int, tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", {"x": npy_bytes(GOOD)}, packing)
    assert complaint(path, "x") == DAMAGED


@pytest.mark.parametrize("kind", ["|i1", "<f4", "<f8", "<c16", "|S3"])
def test_numbers_are_counted_as_they_are_used(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte becomes eight, and all arrays asked for share the bound."""
    monkeypatch.setattr(archive, "MOST", 20)
    each = 2 if kind == "<c16" else 1
    ten = np.zeros(10 // each, kind)
    one = written(tmp_path / "a.npz", {"x": npy_bytes(ten), "y": npy_bytes(ten)})
    assert read_arrays(one, ["x", "y"]).keys() == {"x", "y"}
    more = {"x": npy_bytes(ten), "y": npy_bytes(ten), "z": npy_bytes(ten[:1])}
    three = written(tmp_path / "b.npz", more)
    line = f"arrays must have at most 20 numbers in all, with z they have {20 + each}"
    assert complaint(three) == complaint(three, "x", "y", "z") == line
    assert len(read_arrays(three, ["y", "z"])) == 2


def test_names_of_a_stranger_do_not_fill_the_screen(tmp_path: Path) -> None:
    names = ["\x1b[2J", "a\nb", *(f"n{n}" for n in range(1000))]
    path = written(tmp_path / "a.npz", dict.fromkeys(names, b""))
    held = ", ".join([r"\x1b[2J", r"a\nb", *names[2:20], "..."])
    assert complaint(path, "x") == f"must hold x, it holds {held}"


BOMBS = ("zeros", "entries", "lies", "single")


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_take_no_memory(bomb: str, tmp_path: Path) -> None:
    """Measured in a process of its own, from behind its imports."""
    path = tmp_path / "a.npz"
    if bomb == "zeros":  # all is as it says: 300 MB from 300 kB
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out,
            out.open("x.npy", "w") as entry,
        ):
            entry.write(header((300, 1_000_000), "|u1"))
            for _ in range(300):
                entry.write(bytes(1_000_000))
    elif bomb == "entries":
        written(path, dict.fromkeys(map(str, range(30_000)), b""), zipfile.ZIP_STORED)
    elif bomb == "lies":
        written(path, {"x": header((1 << 30,)) + bytes(10_000_000)})
    else:
        path.write_bytes(header((1 << 40,)))
    code = (
        "import resource, sys, pathlib\n"
        "from dualspike.golden.files.arrays import BadInput, read_arrays\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_arrays(pathlib.Path(sys.argv[1]), ['x'])\n"
        "except BadInput as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    line, grown = done.stdout.splitlines()
    assert int(grown) < 50_000, "kB"
    assert (
        line.removeprefix(f"{path}").lstrip(": ")
        == {
            "zeros": f"arrays must have at most {MOST} numbers in all, with x they have 300000000",
            "entries": "must be an .npz archive, it is damaged or something else",
            "lies": DAMAGED,
            "single": "must be an .npz archive, not a single array",
        }[bomb]
    )


def _base() -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, x=GOOD, y=np.arange(4))
    return content.getvalue()


BASE = _base()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(1, 255)), max_size=4),
    cut=st.integers(0, len(BASE)),
    more=st.binary(max_size=30),
)
def test_damaged_anyhow(
    flips: list[tuple[int, int]], cut: int, more: bytes, tmp_path: Path
) -> None:
    """The arrays as they were, or one line."""
    content = bytearray(BASE)
    for place, mask in flips:
        content[place] ^= mask
    path = tmp_path / "a.npz"
    path.write_bytes(bytes(content[:cut]) + more)
    try:
        found = read_arrays(path, ["x"])["x"]
    except BadInput as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
    else:
        np.testing.assert_array_equal(found, GOOD)


@pytest.mark.parametrize("place", [0, -1], ids=["before the entry", "in the list of entries"])
def test_an_array_whose_name_is_damaged_is_not_left_out(tmp_path: Path, place: int) -> None:
    """Where it may be left out it would be missed without a word."""
    path = tmp_path / "some.npz"
    np.savez(path, x=np.arange(3.0), maybe=np.arange(2.0))
    content = path.read_bytes()
    at = [found.start() for found in re.finditer(b"maybe", content)][place]
    path.write_bytes(content[:at] + b"n" + content[at + 1 :])
    with pytest.raises(BadInput, match=r"an \.npz archive, its entry [mn]aybe\.npy is damaged$"):
        read_arrays(path, ["x"])
