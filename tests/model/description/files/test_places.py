"""Paths in a description count from its own folder, wherever it is read and written."""

import os
from pathlib import Path

import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.files.places import anywhere, read_from, written_to
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import describe, load

pytestmark = pytest.mark.usefixtures("here")


def described(**data: str) -> Description:
    return describe({"network": {"layers": [2, 3, 1]}, "data": data}, "test")


@pytest.mark.parametrize(
    "data",
    [
        {"source": "data.npz"},
        {"source": "deep/er/data.npz"},
        {"source": "../data.npz"},
        {"source": "mnist", "folder": "sets/mnist"},
        {"source": "hat"},
        {"source": "/some/where/data.csv"},
    ],
)
@pytest.mark.parametrize("folder", [".", "run", "a/b/c", "linked/run"])
def test_what_is_written_somewhere_is_read_from_there(data: dict[str, str], folder: str) -> None:
    Path("there/deep").mkdir(parents=True)
    Path("linked").symlink_to("there/deep")
    Path(folder).mkdir(parents=True, exist_ok=True)
    d = described(**data)
    file = Path(folder, "net.toml")
    file.write_text(toml_text(d, Path(folder)))
    again = load(file)
    for name in ("source", "folder"):
        one, other = getattr(d.data, name), getattr(again.data, name)
        if (d.data.known and name == "source") or one is None:
            assert one == other
        else:
            assert os.path.realpath(one) == os.path.realpath(other)


def test_paths_here_stay_as_they_are() -> None:
    """So that lines about a file name it as the description does."""
    for source in ("data.npz", "deep/data.npz", "a b.csv"):
        assert read_from(described(source=source), Path()).data.source == source
        assert written_to(described(source=source), Path()).data.source == source
    assert read_from(described(source="data.npz"), Path("net")).data.source == "net/data.npz"
    assert written_to(described(source="data.npz"), Path("run")).data.source == "../data.npz"
    assert read_from(described(source="../data.npz"), Path("run")).data.source == "data.npz"
    assert read_from(described(source="data.npz"), Path.cwd()).data.source == "data.npz"
    assert read_from(described(source="data.npz"), Path.cwd() / "net").data.source == "net/data.npz"


def test_files_are_compared_by_name_wherever_they_are() -> None:
    assert anywhere(described(source="/a/data.npz")) == anywhere(described(source="b/data.npz"))
    assert anywhere(described(source="hat")) == described(source="hat")
    assert anywhere(described(source="a.npz")) != anywhere(described(source="b.npz"))
