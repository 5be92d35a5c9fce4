"""Long runs and benchmarks say what they take, and begin nothing when anything else is given."""

import argparse
import os
import runpy
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from dualspike.testbench.arguments import count, positive
from tests.pages.blocks import ROOT

BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
MISSING = "torch is missing: pip install 'dualspike[bench]'"
RUNS = ("coverage", "evidence", "formal", "mutants")
SECOND = {"mutants": "'two' is none of "}
"""What is said of a second word, where it is not that none is wanted."""


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--help"], 0, "python -m dualspike.testbench.{run} [-h] FOLDER"),
        ([], 2, "the following arguments are required: FOLDER"),
        (["one", "two"], 2, "{two}"),
        (["--jobs", "out"], 2, "unrecognized arguments: --jobs"),
        (["a_file"], 2, "must be a folder, a_file is a file"),
    ],
)
def test_what_is_no_folder_begins_nothing(
    run: str,
    words: list[str],
    status: int,
    said: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a_file").write_text("mine")
    main = import_module(f"dualspike.testbench.{run}.__main__").main
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    assert ended.value.code == status
    two = SECOND.get(run, "unrecognized arguments: two")
    assert said.format(run=run, two=two) in out + err
    assert [path.name for path in here.iterdir()] == ["a_file"]


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--help"], 0, "usage: "),
        (["--fast"], 2, "error: "),
        (["one", "two", "three"], 2, "error: "),
    ],
)
def test_benchmarks_measure_nothing_that_was_not_asked(
    path: Path,
    words: list[str],
    status: int,
    said: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", [path.name, *words])
    monkeypatch.setattr(os, "environ", dict(os.environ))  # some set the number of threads
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    out, err = capsys.readouterr()
    if path.name == "online_speed.py" and find_spec("torch") is None:
        assert ended.value.code == MISSING and not out
    else:
        assert ended.value.code == status and said in out + err
        assert bool(out) == (status == 0)
    assert not [*here.iterdir()]


@pytest.mark.parametrize(
    ("module", "words", "said"),
    [
        ("tests.soak", ["0", "5", "out"], "COUNT: must be an integer from 1, not '0'"),
        ("tests.soak", ["5", "1.5", "out"], "UPDATES: must be an integer from 1, not '1.5'"),
        ("tests.soak", ["5", "5", "a_file"], "FOLDER: must be a folder, a_file is a file"),
        ("tests.hostile", [], "the following arguments are required: all | one"),
        ("tests.hostile", ["all", "many"], "CASES: must be an integer from 1, not 'many'"),
        ("tests.hostile", ["one", "kind", "5", "out"], "KIND: invalid choice: 'kind'"),
        (
            "dualspike.golden.experiments.paper.kept",
            ["."],
            "must have a folder results, . has none",
        ),
    ],
)
def test_other_runs_begin_nothing_either(
    module: str, words: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a_file").write_text("mine")
    inside = "" if module.endswith("kept") else ".__main__"
    with pytest.raises(SystemExit) as ended:
        import_module(f"{module}{inside}").main(words)
    assert ended.value.code == 2 and said in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["a_file"]


def test_numbers_are_read_or_refused() -> None:
    assert (count("1"), count("100000"), positive("0.5"), positive("1e3")) == (1, 10**5, 0.5, 1e3)
    for text in ("0", "-1", "1.5", "x", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="must be an integer from 1, not"):
            count(text)
    for text in ("0", "-1", "nan", "inf", "x", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="must be a number above 0, not"):
            positive(text)
