"""Help that helps: examples that parse, names, narrow terminals; completion; lines in a log."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from dualspike import progress
from dualspike.boards.catalog import BOARDS
from dualspike.cli import app
from dualspike.commands.completion import tree
from dualspike.commands.examples import EXAMPLES
from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.load import presets
from tests.cli import Cli
from tests.pages.test_read import accepted

ROOT: Any = typer.main.get_command(app)
COMMANDS = tree(ROOT)


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) == {path for path in COMMANDS if path}


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_is_shown_and_is_right(
    path: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    example, _, _ = EXAMPLES[path].partition(" >> ")
    assert not accepted(shlex.split(example)), example
    assert example.startswith(f"dualspike {path}")
    monkeypatch.setenv("COLUMNS", "60")
    status, out, _ = cli(*path.split(), "--help")
    assert status == 0 and out.rstrip().endswith(f"Example:\n    {EXAMPLES[path]}")
    text = out[: out.index("Example:")]
    assert max(map(len, text.splitlines())) <= 60, text


def test_names_are_in_the_help(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for words, names in (
        (("build", "--help"), (*BOARDS, *presets())),
        (("generate", "--help"), DEVICES),
        (("init", "--help"), presets()),
    ):
        out = cli(*words).out.replace("\n", " ")
        for name in names:
            assert name in out, name


@pytest.mark.parametrize("columns", ["0", "1", "-3", "60", "x"])
def test_any_width_will_do(columns: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert cli("train", "--help").status == 0


def test_a_command_that_was_probably_meant(cli: Cli) -> None:
    assert "Did you mean 'train'?" in cli.failure("trian")
    assert "Did you mean" in cli.failure("nir", "exprot")


def completed(script: Path, *words: str) -> list[str]:
    """What bash offers for the last word."""
    line = (
        f"source {script}; COMP_WORDS=({shlex.join(words)}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1));"
        ' _dualspike; echo "${COMPREPLY[*]}"'
    )
    done = subprocess.run(["bash", "-uc", line], capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.split()


def test_bash_completes_commands_options_and_names(cli: Cli, tmp_path: Path) -> None:
    script = tmp_path / "script"
    status, text, _ = cli("completion", "bash")
    script.write_text(text)
    assert status == 0
    assert completed(script, "dualspike", "tr") == ["train"]
    assert completed(script, "dualspike", "train", "--val") == ["--validation-split"]
    assert completed(script, "dualspike", "train", "--engine", "") == [
        *("golden", "fixed", "rtl", "board")
    ]
    assert completed(script, "dualspike", "train", "--preset", "poi") == [
        *("poisson", "poisson_online")
    ]
    assert completed(script, "dualspike", "build", "--board", "arty") == [
        *("arty-a7-35t", "arty-a7-100t")
    ]
    assert completed(script, "dualspike", "nir", "im") == ["import"]
    assert completed(script, "dualspike", "nir", "import", "--dt", "") == []
    assert completed(script, "dualspike", "train", "--weights", "") == []


def test_other_shells_have_a_script(cli: Cli) -> None:
    assert cli("completion", "zsh").out.startswith("autoload -Uz compinit bashcompinit")
    fish = cli("completion", "fish").out
    assert "-n '__fish_seen_subcommand_from train' -l engine -x -a 'golden fixed rtl board'" in fish
    assert "tcsh" in cli.failure("completion", "tcsh")


def test_a_log_has_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    for seconds, lines in ((100.0, 10), (0.02, 1), (0.009, 0)):
        with progress.progress_bar("train", 1000) as show:
            for done in range(1, 1001):
                now = 5000 + done * seconds
                show(done, 0.5)
        assert len(said := capsys.readouterr().err.splitlines()) == lines
        assert seconds < 1 or said[1] == "train: 200 of 1000, loss 5.00e-01, 19900 s"
