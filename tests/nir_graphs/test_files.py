"""Files that are none, damaged, or hold something else where a number should be."""

from pathlib import Path
from typing import Any

import h5py  # pyright: ignore[reportMissingTypeStubs]
import nir
import numpy as np
import pytest

from dualspike.model.errors import BadInput
from dualspike.nir.importing import Options, import_network
from tests.refusals import refusal

from .graphs import SOFT, affine, chain, graph, integrate, leaky


def outcome(path: Path) -> str:
    """The line with which a file is refused."""
    return refusal(import_network, path, Options())


def test_files_of_other_kinds_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    assert outcome(path) == f"cannot read {path}: No such file or directory"
    for content in (b"", b"\x89HDF\r\n\x1a\nand nothing more", b"PK\x03\x04"):
        path.write_bytes(content)
        assert outcome(path).startswith(f"{path} must be a NIR file, nir cannot read it: ")


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    path, damaged = tmp_path / "net.nir", tmp_path / "damaged.nir"
    nir.write(path, chain())
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for size in rng.integers(1, len(content), 12):
        damaged.write_bytes(content[:size])
        assert outcome(damaged)
        flipped = bytearray(content)
        for place in rng.integers(0, len(content), 40):
            flipped[place] ^= 1 << int(rng.integers(8))
        damaged.write_bytes(flipped)
        try:
            import_network(damaged, Options())
        except BadInput as error:
            refused += 1
            assert str(error).startswith(str(damaged))
    assert refused


def parameters() -> list[tuple[str, str]]:
    """Every parameter of numbers in a graph with every kind of node."""
    kinds = {"fc": "weight bias", "lin": "weight", "s": "scale", "if1": "r v_threshold v_reset"}
    kinds["lif1"] = "tau r v_leak v_threshold v_reset"
    return [(key, field) for key, names in kinds.items() for field in names.split()]


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "bool", "S3", "O", "nan"])
def test_parameters_must_be_real_numbers(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    for key, field in parameters():
        nodes: dict[str, nir.NIRNode] = {
            "s": nir.Scale(np.full(3, 0.5)),
            "fc": affine(0, 3, 5),
            "if1": integrate(5),
            "lin": nir.Linear(affine(1, 5, 4).weight),
            "lif1": leaky(4, 0.5, 1.0),
            "fc2": affine(2, 4, 2),
        }
        if key == "if1":
            del nodes["lin"], nodes["lif1"]
            nodes["fc2"] = affine(2, 5, 2)
        nir.write(path, graph(nodes, metadata=SOFT))
        with h5py.File(path, "a") as file:
            values = np.asarray(file[f"node/nodes/{key}/{field}"])
            del file[f"node/nodes/{key}/{field}"]
            changed = {
                "nan": lambda v: np.full(v.shape, np.nan),
                "O": lambda v: np.full(v.shape, b"1", object),
            }.get(dtype, lambda v: (v * (1j if dtype[0] == "c" else 1)).astype(dtype))
            file[f"node/nodes/{key}/{field}"] = changed(values)
        line = outcome(path)
        assert line.startswith(f"{path}: {key} ("), line
        assert f"{field} must be " in line and "numbers, not " in line and "\n" not in line


HALVES = [
    *["version", "node/type", "node/nodes", "node/edges", "node", "node/nodes/fc1/type"],
    *["node/nodes/fc1/weight", "node/nodes/fc1/bias", "node/nodes/if1/r", "node/nodes/input/shape"],
    *["node/nodes/if1/v_threshold", "node/nodes/output/shape", "node/nodes/fc2"],
]


@pytest.mark.parametrize("gone", HALVES)
def test_what_is_missing_of_a_half_written_file_is_named(gone: str, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    nir.write(path, chain())
    with h5py.File(path, "a") as file:
        del file[gone]
    if gone == "version":
        import_network(path, Options())
    elif gone == "node/nodes/fc2":
        assert outcome(path) == f"{path}: edges must join nodes of the graph, not 'fc2'"
    else:
        assert outcome(path) == f"{path} must be a whole NIR file: {gone} is missing"


@pytest.mark.parametrize("place", ["metadata", "nodes/if1/metadata", "nodes", "edges", "nodes/fc1"])
@pytest.mark.parametrize("value", [3.0, np.ones((2, 3)), "text", np.array([[1j, 2]])])
def test_other_things_where_groups_should_be(place: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    g = chain(if1=integrate(5, metadata=SOFT))
    nir.write(path, g)
    with h5py.File(path, "a") as file:
        del file[f"node/{place}"]
        file[f"node/{place}"] = value
    try:
        import_network(path, Options(assume_soft_reset=True))
    except BadInput as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
    else:
        assert place == "metadata"
