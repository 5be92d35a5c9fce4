"""Hostile HDF5: every way out of the file, in circles, and to sizes that are not there."""

import os
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest

from dualspike.golden.experiments.opzo.data import dataset
from dualspike.golden.files import hdf5
from dualspike.golden.files.hdf5 import open_hdf5
from dualspike.model.errors import BadInput
from dualspike.nir.importing import Options, import_network

LENGTH = (1 << 31).to_bytes(4, "little")
CLAIMED = f"texts of {{place}} must be in the file, one claims {1 << 31} bytes"
SECRET = b"secret of the host, not of the file!"


@cache
def packed_zeros() -> bytes:
    packer, zeros = zlib.compressobj(1), bytes(1 << 22)
    return b"".join([*(packer.compress(zeros) for _ in range(128)), packer.flush()])


def external_storage(file: h5py.File, place: str) -> None:
    size = len(SECRET)
    file.create_dataset(place, (size,), "u1", external=[(b"secret.bin", 0, size)])


def external_link(file: h5py.File, place: str) -> None:
    file[place] = h5py.ExternalLink("secret.h5", "/kept")


def link_to_external_link(file: h5py.File, place: str) -> None:
    file["way/out"] = h5py.ExternalLink("secret.h5", "/")
    file[place] = h5py.SoftLink("/way/out/kept")


def virtual(file: h5py.File, place: str) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource("secret.h5", "kept", (4,))
    file.create_virtual_dataset(place, layout)


def dangling(file: h5py.File, place: str) -> None:
    file[place] = h5py.SoftLink("/../../etc/passwd")


def circle_of_soft_links(file: h5py.File, place: str) -> None:
    file[place], file["back"] = h5py.SoftLink("/back"), h5py.SoftLink(f"/{place}")


def soft_link_upwards(file: h5py.File, place: str) -> None:
    file[place] = h5py.SoftLink("/")


def hard_link_upwards(file: h5py.File, place: str) -> None:
    file[place] = file["/"]


def doubled_groups(file: h5py.File, place: str) -> None:
    """2^40 ways to one group."""
    below = file.create_group(place)
    for _ in range(40):
        inner = below.create_group("a")
        below["b"] = inner
        below = inner


def many_numbers(file: h5py.File, place: str) -> None:
    file.create_dataset(place, (1 << 20, 1 << 20), "u1", chunks=(1 << 10, 1 << 10))


def many_keys(file: h5py.File, place: str) -> None:
    file.create_dataset(place, (1 << 40,), "u8", chunks=(1 << 10,))


def many_small_ones(file: h5py.File, place: str) -> None:
    group = file.create_group(place)
    for n in range(64):
        group.create_dataset(str(n), (1 << 22,), "u1", chunks=(1 << 10,))


def one_many_times(file: h5py.File, place: str) -> None:
    group = file.create_group(place)
    group.create_dataset("0", (1 << 22,), "f8", chunks=(1 << 10,))
    for n in range(1, 64):
        group[str(n)] = group["0"]


def large_chunk(file: h5py.File, place: str) -> None:
    kept = file.create_dataset(place, (1,), "u1", maxshape=(None,), chunks=(1 << 31,))
    assert kept.shape == (1,)


def packed_bomb(file: h5py.File, place: str) -> None:
    """One chunk of 1 KiB that unpacks to 512 MiB."""
    kept = file.create_dataset(place, (128,), "f8", chunks=(128,), compression="gzip")
    kept.id.write_direct_chunk((0,), packed_zeros())


def long_texts(file: h5py.File, place: str) -> None:
    """Thousands of texts that are all the same 4 MB of the file."""
    file[place] = np.array([b"x" * (1 << 22), *[b"y"] * 4095], object)
    path, offset = Path(file.filename), file[place].id.get_offset()
    file.flush()
    with path.open("r+b") as raw:
        raw.seek(offset)
        first = raw.read(16)
        raw.seek(offset)
        raw.write(first * 4096)


def too_many_texts(file: h5py.File, place: str) -> None:
    file.create_dataset(place, (1 << 20,), h5py.string_dtype())


def text_that_claims_more(file: h5py.File, place: str) -> None:
    file[place] = "text"
    file.flush()
    with Path(file.filename).open("r+b") as raw:
        raw.seek(file[place].id.get_offset())
        raw.write(LENGTH)


def _texts(file: h5py.File, place: str, pack: str | None) -> Any:
    words = np.array(["one", "two", "three"], object)
    kind = h5py.string_dtype()
    return file.create_dataset(place, data=words, dtype=kind, chunks=(2,), compression=pack).id


def chunk_of_texts_that_claims_more(file: h5py.File, place: str) -> None:
    made = _texts(file, place, None)
    _, stored = made.read_direct_chunk((0,))
    made.write_direct_chunk((0,), stored[:16] + LENGTH + stored[20:])


def packed_texts_that_claim_more(file: h5py.File, place: str) -> None:
    made = _texts(file, place, "gzip")
    _, stored = made.read_direct_chunk((2,))
    made.write_direct_chunk((2,), zlib.compress(LENGTH + zlib.decompress(stored)[4:]))


def texts_packed_otherwise(file: h5py.File, place: str) -> None:
    _texts(file, place, "lzf")


def twice_packed(file: h5py.File, place: str) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_deflate(9)
    plist.set_deflate(9)
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(file.id, place.encode(), h5py.h5t.NATIVE_DOUBLE, space, plist)


def arrays_of_any_length(file: h5py.File, place: str) -> None:
    file.create_dataset(place, (3,), h5py.vlen_dtype(np.float64))


MOST = "data must take at most "
HOSTILE: dict[Callable[[h5py.File, str], None], str] = {
    external_storage: "data of {place} must be in the file, not in 'secret.bin'",
    external_link: "{place} must be in the file, not in 'secret.h5'",
    link_to_external_link: "way/out must be in the file, not in 'secret.h5'",
    virtual: "data of {place} must be in the file, not in other data sets",
    dangling: "{place} must lead to data, not to '/../../etc/passwd'",
    circle_of_soft_links: "back must lead to data, not to '/{place}'",
    soft_link_upwards: "{place} must not lead to a group that has another place",
    hard_link_upwards: "{place} must not lead to a group that has another place",
    doubled_groups: "{place}/b must not lead to a group that has another place",
    many_numbers: MOST,
    many_keys: MOST,
    many_small_ones: MOST,
    one_many_times: MOST,
    large_chunk: MOST,
    packed_bomb: "chunks of {place} must unpack to 1024 bytes, one has more",
    long_texts: MOST,
    too_many_texts: "{place} must leave at most 65536 texts",
    text_that_claims_more: CLAIMED,
    chunk_of_texts_that_claims_more: CLAIMED,
    packed_texts_that_claim_more: CLAIMED,
    texts_packed_otherwise: "texts of {place} must be packed with gzip or not at all",
    twice_packed: "{place} must be packed with gzip, shuffle, fletcher32, lzf, each once",
    arrays_of_any_length: "{place} must be numbers or text, not object",
}

READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "net.nir": ("extra", lambda path: import_network(path, Options())),
    "gestures.h5": ("extra", lambda path: dataset(f"dvs-gesture={path}")),
    "gestures.hdf5": ("data", lambda path: dataset(f"dvs-gesture={path}")),
}


@pytest.fixture(autouse=True)
def in_a_folder_with_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.bin").write_bytes(SECRET)
    with h5py.File("secret.h5", "w") as file:
        file["kept"] = np.arange(4.0)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_every_reader_refuses_what_is_hostile(make: Callable[..., None], name: str) -> None:
    path, (place, read) = Path(name), READERS[name]
    with h5py.File(path, "w") as file:
        make(file, place)
    tracemalloc.start()
    with pytest.raises(BadInput) as caught:
        read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    line = HOSTILE[make].format(place=place)
    assert str(caught.value).startswith(f"{path}: {line}") and "\n" not in str(caught.value)
    assert peak < 1 << 26


def test_links_and_data_within_the_file_are_read() -> None:
    path = Path("good.h5")
    with h5py.File(path, "w") as file:
        file["a/b/values"] = np.arange(5)
        file["soft"], file["a/near"] = h5py.SoftLink("/a/b/values"), h5py.SoftLink("b/values")
        file["hard"] = file["a/b/values"]
        file["far"] = h5py.SoftLink("/a/near")
        file["text"], file["nothing"] = np.array([b"one", b"two"], object), h5py.Empty("f8")
        for pack in (None, "gzip"):
            _texts(file, f"texts {pack}", pack)
        noise = np.random.default_rng(0).random((800, 900))
        for n, packed in enumerate(("gzip", "lzf", None)):
            options: dict[str, Any] = {"compression": packed, "shuffle": bool(packed)}
            file.create_dataset(f"noise{n}", data=noise, chunks=(400, 900), **options)
    with open_hdf5(path) as file:
        for place in ("soft", "a/near", "hard", "far"):
            assert file[place][()].tolist() == [0, 1, 2, 3, 4]
        for pack in (None, "gzip"):
            assert file[f"texts {pack}"][()].tolist() == [b"one", b"two", b"three"]
        for n in range(3):
            np.testing.assert_array_equal(file[f"noise{n}"][()], noise)


@pytest.mark.parametrize("kind", ["u1", "f4", "i8"])
def test_room_is_exact(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """8 bytes a number, whatever the file has."""
    monkeypatch.setattr(hdf5, "ROOM", 1000)
    monkeypatch.setattr(hdf5, "EXPANSION", 0)
    for count in (125, 126):
        with h5py.File("some.h5", "w") as file:
            file["a"], file["b"] = np.zeros(25, kind), np.zeros(count - 25, kind)
        if count == 125:
            with open_hdf5(Path("some.h5")) as file:
                assert file["b"].shape == (100,)
        else:
            line = "^some.h5: data must take at most 1000 bytes, those up to b take 1008 or more$"
            with pytest.raises(BadInput, match=line), open_hdf5(Path("some.h5")):
                pass


def test_files_on_which_opening_waits_are_refused() -> None:
    os.mkfifo("pipe")
    Path("folder").mkdir()
    for name, reason in (
        ("pipe", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
        ("folder", "Is a directory"),
        ("none", "No such file or directory"),
        ("zero\0byte", "no such path"),
    ):
        with pytest.raises(BadInput) as caught, open_hdf5(Path(name)):
            pass
        assert str(caught.value) == f"cannot read {name}: {reason}"
