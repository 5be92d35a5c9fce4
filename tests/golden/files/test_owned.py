"""Whose a file is: what others own stays, whatever is written, and every line names the file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dualspike.golden.files.alone import LOCK
from dualspike.golden.files.owned import LIST, OTHER, check_free, owning
from dualspike.model.errors import BadInput
from tests.refusals import refusal

OUT = Path("out")
pytestmark = pytest.mark.usefixtures("here")


def write(command: str = "one", *names: str, force: bool = False, text: str = "new") -> list[str]:
    with owning(OUT, command, "report", force=force) as folder:
        folder.write(dict.fromkeys(names, text))
    return folder.removed


def there() -> set[str]:
    files = {str(one.relative_to(OUT)) for one in OUT.rglob("*") if one.is_file()}
    return files - {LIST}


@pytest.mark.parametrize("name", ["a", "notes.txt", ".bashrc", LIST, "folder/deep"])
def test_a_folder_of_others_is_left_alone(name: str) -> None:
    """Also one whose list is none: an empty file, a list of other things."""
    (OUT / name).parent.mkdir(parents=True)
    (OUT / name).write_text("mine")
    first = name.split("/", maxsplit=1)[0]
    line = f"out holds {first}, which dualspike did not write there: {OTHER}"
    assert refusal(write, "one", "a") == line
    assert {str(p.relative_to(OUT)) for p in OUT.rglob("*") if p.is_file()} == {name}
    assert (OUT / name).read_text() == "mine"
    write("one", "b", force=True)
    assert (OUT / "b").read_text() == "new"
    if name != LIST:
        assert (OUT / name).read_text() == "mine"


def test_own_files_are_replaced_and_old_ones_named() -> None:
    assert write("one", "a", "b", "report/c") == []
    assert write("two", "d") == []
    (OUT / "mine.toml").write_text("mine")
    assert write("one", "a", text="newer") == ["b", "report/c"]
    assert there() == {"a", "d", "mine.toml"} and (OUT / "a").read_text() == "newer"
    assert write("one", "b") == ["a"]


def added() -> None:
    (OUT / "b").write_text("mine")


def changed() -> None:
    (OUT / "a").write_text("mine")


def linked() -> None:
    Path("elsewhere").write_text("mine")
    (OUT / "b").symlink_to(Path("elsewhere").resolve())


def dangling() -> None:
    (OUT / "b").symlink_to("nowhere")


def of_another() -> None:
    write("two", "b", text="mine")


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (added, "out/b was not written by dualspike"),
        (changed, "out/a was changed since dualspike one wrote it"),
        (linked, "out/b was not written by dualspike"),
        (dangling, "out/b was not written by dualspike"),
        (of_another, "out/b was written by dualspike two"),
    ],
)
def test_what_is_not_ours_is_not_replaced(before: Callable[[], None], line: str) -> None:
    write("one", "a")
    before()
    files = {name: (OUT / name).read_text() for name in there()}
    assert refusal(write, "one", "c", "a", "b") == f"{line}: {OTHER}"
    assert {name: (OUT / name).read_text() for name in there()} == files
    write("one", "c", "a", "b", force=True)
    assert {name: (OUT / name).read_text() for name in "abc"} == dict.fromkeys("abc", "new")


def test_a_changed_file_of_an_earlier_run_stays() -> None:
    write("one", "a", "b")
    (OUT / "b").write_text("mine")
    assert write("one", "a") == [] and (OUT / "b").read_text() == "mine"
    assert "was not written by dualspike" in refusal(write, "one", "b")


def test_a_run_that_fails_keeps_what_there_was() -> None:
    write("one", "a", "b", text="old")
    with pytest.raises(ZeroDivisionError), owning(OUT, "one") as folder:
        folder.write({"a": "new"})
        folder.file("c")
        raise ZeroDivisionError
    assert there() == {"a", "b"}
    assert write("one", "a", "c") == ["b"]


def test_a_foreign_file_that_was_not_reached_stays_foreign() -> None:
    OUT.mkdir()
    (OUT / "a").write_text("mine")
    with pytest.raises(ZeroDivisionError), owning(OUT, "one", force=True) as folder:
        folder.write({"b": "new"})
        folder.file("a")
        raise ZeroDivisionError
    assert "out/a was not written" in refusal(write, "one", "a")


def test_a_list_names_nothing_outside() -> None:
    Path("mine").write_text("new")
    write("one", "a")
    text = (OUT / LIST).read_text()
    (OUT / LIST).write_text(text.replace('"a"', '"../mine"'))
    assert refusal(write, "one", "b").startswith("out holds ")
    assert Path("mine").exists()


def test_a_refusal_leaves_no_folder_and_locks_do_not_count() -> None:
    Path("file").write_text("mine")
    with pytest.raises(BadInput), owning(Path("file/out"), "one"):
        pass
    with pytest.raises(BadInput), owning(Path("some/where"), "one", "report"):
        raise BadInput("no")
    assert os.listdir() == ["file"]
    OUT.mkdir()
    (OUT / LOCK).touch()
    assert write("one", "a") == []


def test_a_file_beside_may_be_there_and_a_guest_writes_anywhere() -> None:
    OUT.mkdir()
    (OUT / "run.npz").write_text("kept")
    with owning(OUT, "one", beside=[OUT / "run.npz", None]) as folder:
        folder.write({"a": "new"})
    (OUT / LIST).unlink()
    with owning(OUT, "report", guest=True) as folder:
        folder.write({"page": "new"})
        assert refusal(folder.check, "a").startswith("out/a was not written")


def test_a_single_file() -> None:
    check_free(OUT, False)
    OUT.write_text("mine")
    assert refusal(check_free, OUT, False) == "out is already there: give --force to replace it"
    check_free(OUT, True)
