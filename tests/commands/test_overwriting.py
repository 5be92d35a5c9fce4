"""What a user owns is never written over, whichever command is told to write there."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from dualspike.api.chip import Chip
from dualspike.golden.files.owned import LIST
from dualspike.model.description.load import load
from tests.cli import Cli
from tests.refusals import refusal
from tests.small import OWN_DATA, PERCEPTRON, points

COMMANDS = (
    "generate net.toml",
    "train net.toml",
    "predict run",
    "simulate net.toml --waves",
    "predict net.toml",
    "synth net.toml",
    "build net.toml --board ulx3s-85f",
    "nir import net.nir",
    "demo",
)


@pytest.fixture
def made(here: Path, cli: Cli) -> Path:
    (here / "net.toml").write_text(PERCEPTRON + OWN_DATA)
    np.savez("data.npz", **points())
    cli.result("train", "net.toml", "-o", "run")
    cli.result("nir", "export", "net.toml", "-o", "net.nir")
    return here


def files(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_folder_of_others_is_refused(made: Path, cli: Cli) -> None:
    """Before anything is built: a home, a folder with a description in it."""
    home = made / "home"
    home.mkdir()
    (home / "mine.toml").write_text("mine")
    before = files(made)
    line = f"{home} holds mine.toml, which dualspike did not write there: give another folder"
    for words in COMMANDS:
        assert cli.failure(*words.split(), "-o", home) == f"{line} or --force"
        assert cli.failure(*words.split(), "-o", home / "mine.toml") == (
            f"output folder must be a folder, not the file {home / 'mine.toml'}"
        )
    assert files(made) == before


def test_python_says_the_same(made: Path) -> None:
    Path("home").mkdir()
    Path("home/mine.toml").write_text("mine")
    chip, line = Chip(load(Path("net.toml"))), "home holds mine.toml, which dualspike did not"
    assert refusal(chip.save, "home").startswith(line)
    assert refusal(chip.generate, "home").startswith(line)
    chip.save("home", force=True)
    chip.generate("home", force=True)
    chip.save("home")
    assert Path("home/mine.toml").read_text() == "mine"
    line = "run/description.toml was written by dualspike train: give another folder or --force"
    assert refusal(chip.save, "run") == line
    assert "already there" in refusal(chip.to_nir, "net.nir")


def test_results_of_several_commands_share_a_folder(made: Path, cli: Cli) -> None:
    for words in ("generate net.toml", "train net.toml", "predict run", "predict run"):
        assert cli(*words.split(), "-o", "all").status == 0
    assert cli("report", "all").status == cli("report", "all").status == 0
    known = json.loads(Path("all", LIST).read_text())
    assert set(known) == {"generate", "train", "predict", "report"}
    held = {name for some in known.values() for name in some}
    there = {str(p.relative_to("all")) for p in Path("all").rglob("*") if p.is_file()}
    assert held | {LIST} == there


def test_what_is_not_of_this_run_is_kept_or_named(made: Path, cli: Cli) -> None:
    generate = ("generate", "net.toml", "-o", "chip")
    assert cli(*generate).status == 0
    before = files(made)
    end = "give another folder or --force"
    line = f"chip/manifest.json was written by dualspike generate: {end}"
    assert cli.failure("build", "net.toml", "--board", "arty-a7-35t", "-o", "chip") == line
    assert files(made) == before
    Path("chip/report.html").write_text("mine")
    line = f"chip/report.html was not written by dualspike: {end}"
    assert cli.failure("report", "chip") == line
    with Path("chip/tiny.v").open("a") as core:
        core.write("// mine\n")
    line = f"chip/tiny.v was changed since dualspike generate wrote it: {end}"
    assert cli.failure(*generate) == line
    assert Path("chip/tiny.v").read_text().endswith("// mine\n")
    Path("net.toml").write_text(Path("net.toml").read_text().replace("tiny", "other"))
    status, out, _ = cli(*generate)
    (line,) = [one for one in out.splitlines() if one.startswith("Removed of an earlier run: ")]
    assert status == 0 and "tiny.vlt" in line and "tiny.v," not in line
    left = {name for name in os.listdir("chip") if "." in name and not name.startswith("other")}
    assert {"tiny.v", "report.html"} <= left and "tiny.vlt" not in left


def test_a_run_to_go_on_with_may_be_in_its_folder(made: Path, cli: Cli) -> None:
    Path("again").mkdir()
    words = ("train", "net.toml", "--resume", "again/run.npz", "-o", "again")
    assert cli(*words).status == 0
    assert cli.failure(*words).startswith("again already holds a run")
