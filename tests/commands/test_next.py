"""What a run names to go on with works as it stands there."""

import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.cli import Cli
from tests.small import OPERATOR, OWN_DATA, PERCEPTRON, functions, points


@pytest.mark.parametrize(
    ("own", "more"),
    [
        (PERCEPTRON, ("--data", "data.npz", "--scale", "--validation-split", 0.25)),
        (OPERATOR, ("--engine", "golden")),
    ],
)
def test_the_next_commands_of_a_run_work(
    own: str, more: tuple[object, ...], here: Path, cli: Cli
) -> None:
    np.savez("data.npz", **(functions() if own is OPERATOR else points()))
    Path("net.toml").write_text(own)
    status, out, _ = cli("train", "net.toml", *more, "-o", "my runs/-one")
    _, _, lines = out.partition("Next:\n")
    assert status == 0 and len(lines.splitlines()) == 2
    for line in lines.splitlines():
        program, *words = shlex.split(line)
        assert program == "dualspike" and cli(*words).status == 0, line
    assert any(path.suffix == ".v" for path in Path("my runs/-one/core").iterdir())


def test_a_run_that_diverged_names_nothing_to_go_on_with(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez("data.npz", **points())
    Path("net.toml").write_text(PERCEPTRON + OWN_DATA)
    line = "training diverged: try learning.rate 5"
    monkeypatch.setattr("dualspike.golden.training.train.divergence", lambda *_: line)
    status, out, err = cli("train", "net.toml", "-o", "run")
    assert status == 0 and line in err and "Wrote result.json" in out and "Next:" not in out
