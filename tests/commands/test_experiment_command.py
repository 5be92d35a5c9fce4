"""experiment: quick runs of all three, a kill in the middle, what is refused and what is left."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dualspike.golden.data.store import stored
from dualspike.golden.experiments.paper.methods import Experiment, every
from dualspike.golden.experiments.paper.settings import load_settings
from tests.cli import Cli, until
from tests.few import few

HAT = ("experiment", "hat", "--quick", "--columns", "ours", "--updates")
PRESET = Path(load_settings.__code__.co_filename).parent / "presets" / "hat.toml"


def process(*words: object, before: str = "pass") -> "subprocess.Popen[str]":
    """The command in a session of its own; Python code may come before it."""
    program = (
        f"import resource, signal, sys; {before}; from dualspike.cli import main; sys.exit(main())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def results(folder: Path) -> dict[str, Any]:
    """results.json without the times."""
    found = json.loads((folder / "results.json").read_text())
    del found["timing"]
    return found


FIGURES: dict[Experiment, int] = {"hat": 5, "poisson": 6, "reaction-diffusion": 7}


@pytest.mark.parametrize("name", few({name: name for name in FIGURES}, ["hat"]))
def test_a_quick_run_of_every_experiment(name: Experiment, tmp_path: Path, cli: Cli) -> None:
    folder, number = tmp_path / "out", FIGURES[name]
    status, out, err = cli(
        *("experiment", name, "--quick", "--columns", "ours", "--jobs", 2, "-o", folder, "--json")
    )
    assert status == 0, err
    found = json.loads(out)
    methods = [m.name for m in every(name)]
    assert [m["method"] for m in found["methods"]] == methods
    assert all(0 < m["median"] < 2 for m in found["methods"])
    assert [one["name"] for one in found["baselines"]][:2] == ["constant", "least squares"]
    files = ["results.json", "table.md", f"figure{number}.png", f"figure{number}.pdf"]
    files += [f"weights_{method}.npz" for method in methods if method != "tanh"]
    assert (found["files"], found["folder"]) == (files, str(folder))
    assert all((folder / file).stat().st_size for file in files)
    for method in methods:
        assert any(line.startswith(f"ours      {method} ") for line in err.splitlines())
    left = {p.name for p in folder.iterdir()} - set(files)
    assert left == {"settings.json", "data.npz", "runs"}
    assert {p.name for p in (folder / "runs").iterdir()} == {f"{m}-1.npz" for m in methods}


def test_a_finished_folder_gets_its_report_again_and_no_other_runs(
    tmp_path: Path, cli: Cli
) -> None:
    words = (*HAT, 5, "--methods", "BP", "-o", tmp_path)
    assert cli(*words)[0] == 0
    outcome = (tmp_path / "runs" / "BP-1.npz").stat()
    files = ["results.json", "table.md", "figure5.png", "figure5.pdf", "weights_BP.npz"]
    before = [(tmp_path / file).read_bytes() for file in files]
    for file in files:
        (tmp_path / file).unlink()
    status, out, err = cli(*words)
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == f"Wrote {', '.join(files)} in {tmp_path}"
    assert [(tmp_path / file).read_bytes() for file in files] == before
    assert (tmp_path / "runs" / "BP-1.npz").stat() == outcome
    line = f"{tmp_path} holds runs with training.updates 5, not 6: give another folder or --force"
    other = (*words, "--updates", 6)
    assert cli.failure(*other) == line
    assert results(tmp_path)["settings"]["training"]["updates"] == 5
    assert cli(*other, "--force")[0] == 0
    assert results(tmp_path)["settings"]["training"]["updates"] == 6


def test_settings_without_a_rate_for_neurons_run_the_papers_methods(
    tmp_path: Path, cli: Cli
) -> None:
    settings = tmp_path / "paper.toml"
    settings.write_text(PRESET.read_text().replace("RFG-N = ", "# ", 1))
    words = (*HAT, 5, "--settings", settings, "-o", tmp_path / "out")
    assert cli(*words)[0] == 0
    methods = [row["method"] for row in results(tmp_path / "out")["methods"]]
    assert methods == ["BP", "RFG-L", "RFG-G", "tanh"]


def test_methods_and_seeds_may_be_added(tmp_path: Path, cli: Cli) -> None:
    words = (*HAT, 5, "-o", tmp_path, "--methods")
    assert cli(*words, "BP")[0] == 0
    assert cli(*words, "RFG-G", "--seeds", 2)[0] == 0
    assert [r["method"] for r in results(tmp_path)["runs"]] == ["BP", "RFG-G", "RFG-G"]


def test_killed_in_the_middle_a_run_ends_with_the_same_numbers(tmp_path: Path, cli: Cli) -> None:
    """SIGKILL for the command and its processes as soon as both runs have a checkpoint."""
    words = (
        "experiment",
        "hat",
        "--quick",
        "--updates",
        1500,
        "--columns",
        "ours",
        "--methods",
        "BP,RFG-L",
        "--jobs",
        2,
        "-o",
    )
    assert cli(*words, tmp_path / "whole")[0] == 0
    folder = tmp_path / "killed"
    runs = [folder / "runs" / f"{name}-1.checkpoint.npz" for name in ("BP", "RFG-L")]
    command = process(*words, folder)
    until(lambda: all(path.exists() for path in runs), command)
    os.killpg(command.pid, signal.SIGKILL)
    command.communicate()
    assert not (folder / "results.json").exists()
    assert all(path.exists() for path in runs)
    assert cli(*words, folder)[0] == 0
    assert results(folder) == results(tmp_path / "whole")
    assert not any(path.exists() for path in runs)


def test_ctrl_c_leaves_checkpoints_and_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    words = (
        "experiment",
        "hat",
        "--quick",
        "--updates",
        10**7,
        "--columns",
        "ours",
        "--methods",
        "BP",
        "--jobs",
        1,
        "-o",
        folder,
    )
    # Shells start programs in the background with this signal ignored.
    command = process(*words, before="signal.signal(signal.SIGINT, signal.default_int_handler)")
    path = folder / "runs" / "BP-1.checkpoint.npz"
    until(path.exists, command)
    os.killpg(command.pid, signal.SIGINT)
    out, err = command.communicate(timeout=30)
    assert (command.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "dualspike: interrupted" and "Traceback" not in err
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_damaged_checkpoint_is_one_line(tmp_path: Path, cli: Cli) -> None:
    words = (
        "experiment",
        "hat",
        "--quick",
        "--updates",
        5,
        "--methods",
        "BP",
        "-o",
        tmp_path,
        "--seeds",
    )
    assert cli(*words, 1)[0] == 0
    path = tmp_path / "runs" / "BP-2.checkpoint.npz"
    path.write_bytes(b"nothing of the kind" * 9)
    status, out, err = cli(*words, 2)
    assert (status, out) == (2, "")
    line = f"dualspike: {path} is damaged (SHA-256): delete it to start that run again"
    assert err.splitlines()[-1] == line
    assert path.exists() and (tmp_path / "runs" / "BP-1.npz").exists()


def test_a_full_disk_is_one_line_and_nothing_half_written(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk; the data are there already."""
    stored(tmp_path / "data.npz", load_settings("hat").problem)
    words = (*HAT, 5, "--methods", "BP", "-o", tmp_path)
    command = process(*words, before="resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))")
    out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (2, "")
    line = rf"dualspike: cannot write {tmp_path}/runs/BP-1(\.checkpoint)?\.npz: File too large"
    assert re.fullmatch(line, err.splitlines()[-1]) and "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"data.npz"}


def test_damaged_data_are_one_line(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "data.npz"
    stored(path, load_settings("poisson").problem)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    words = ("experiment", "poisson", "--quick", "-o", tmp_path)
    assert cli.failure(*words).startswith(str(path))
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["hut"],
            "experiment must be one of hat, poisson, reaction-diffusion, estimator, cost, "
            "exact-gradient, widths, opzo, neighbours, on-chip, equation, sweep, series, tune, "
            "not 'hut'",
        ),
        (
            ["hat", "--methods", "BP,SGD"],
            "--methods must be all or some of BP, RFG-L, RFG-G, RFG-N, tanh, not 'SGD'",
        ),
        (
            ["poisson", "--methods", "SG-BP,WSG-RFG-N", "--settings", "paper.toml"],
            "paper.toml: training.rates must have RFG-N to run it",
        ),
        (
            ["hat", "--columns", "ours,theirs"],
            "--columns must be all or some of ours, faithful, arithmetic_1, arithmetic_4, passes_4,"
            " not 'theirs'",
        ),
        (["hat", "--seeds", "0"], "--seeds must be in [1, 1000], not 0"),
        (["hat", "--jobs", "0"], "--jobs must be in [1, 256], not 0"),
        (["hat", "--updates", "0"], "options: training.updates must be in [1, 100000000], not 0"),
        (["hat", "--settings", "no.toml"], "cannot read no.toml: No such file or directory"),
        (
            ["hat", "--settings", "other.toml"],
            "other.toml: experiment must be hat, not poisson",
        ),
        (
            ["poisson", "--settings", "negative.toml"],
            "negative.toml: problem.field.length must be a number in [0.001, 1000], not -1.0",
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    words: list[str],
    line: str,
    here: Path,
    cli: Cli,
) -> None:
    text = PRESET.with_name("poisson.toml").read_text()
    Path("other.toml").write_text(text)
    Path("paper.toml").write_text(text.replace("RFG-N = ", "# "))
    Path("negative.toml").write_text(text.replace("length = ", "length = -"))
    assert cli.failure("experiment", *words, "-o", "out") == line


def test_a_folder_that_cannot_be_written_is_one_line(cli: Cli) -> None:
    line = "cannot write in folder /proc/x: No such file or directory"
    assert cli.failure("experiment", "hat", "-o", "/proc/x") == line
