"""From samples over time and events of one's own to a chip that answers, without an edit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.fitting import over_time
from dualspike.golden.training import fitting
from dualspike.model.description.load import load
from tests.cli import Cli
from tests.icarus import run_testbench

STEPS, CHANNELS, SAMPLES = 6, 3, 40


def signals() -> dict[str, Any]:
    """Three sensors of their own sizes, of which one rises or falls from its middle."""
    rng = np.random.default_rng(0)
    labels = np.arange(SAMPLES) % 2
    x = rng.normal(0, 0.1, (SAMPLES, STEPS, CHANNELS))
    x[..., 0] += np.where(labels, 1, -1)[:, None] * np.linspace(0, 1, STEPS)
    return {"x": x * [20, 1e-3, 1] + [1000, 0, -4], "labels": labels}


def events() -> dict[str, Any]:
    """More events of channel 0 or of channel 2, early or late."""
    rng = np.random.default_rng(0)
    labels, each = np.arange(SAMPLES) % 2, 12
    channels = np.where(rng.random((SAMPLES, each)) < 0.8, 2 * labels[:, None], 1)
    times = np.sort(rng.uniform(0, 1, (SAMPLES, each)))
    return {
        "times": times.ravel(),
        "channels": channels.ravel(),
        "offsets": np.arange(SAMPLES + 1) * each,
        "labels": labels,
    }


@pytest.mark.parametrize("kind", ["signals", "events"])
def test_from_inputs_over_time_to_a_chip(
    kind: str, here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "SAMPLES", 480)
    monkeypatch.setattr(over_time, "HIDDEN", (8, 8))  # for a chip that is small
    arrays = {"signals": signals, "events": events}[kind]()
    np.savez("own.npz", **arrays)
    assert cli.result("init", "net.toml", "--data", "own.npz")["file"] == "net.toml"
    steps = STEPS if kind == "signals" else 16
    head, _ = Path("net.toml").read_text().split("\n", 1)
    inputs = f"{CHANNELS} inputs over {steps} steps and 2 classes"
    assert head == f"# Fits 32 samples of {inputs}, 8 to test (held-out part)."
    ended = cli("train", "net.toml", "--updates", 30, "-o", "run", "--json")
    assert ended.status == 0 and "warning" not in ended.err
    assert cli.result("predict", "run", "-o", "tested")["accuracy"] == 1
    if kind == "signals":
        np.savez("more.npz", x=arrays["x"][:5])
        assert cli.result("predict", "run", "more.npz", "-o", "rows")["samples"] == 5
    words = ("--weights", "run/weights.npz", "--baked", "-o", "chip")
    assert cli("generate", "net.toml", *words).status == 0
    ran = run_testbench(here / "chip", load(Path("net.toml")).name)
    assert (ran.status, ran.line.split()[0]) == (0, "PASS"), ran


def test_what_no_chip_takes_is_one_line(here: Path, cli: Cli) -> None:
    arrays = signals()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"x": arrays["x"].astype(complex)}, "own.npz: x must be integers or real numbers, not"),
        ({"x": arrays["x"][:, :0]}, "own.npz: x must have shape [N, n] or [N, T, n], none of"),
        ({"labels": arrays["labels"] * 2}, "own.npz: labels must have every class from 0 to 2"),
        (
            {"x": np.zeros((SAMPLES, 1025, 1))},
            "--data: network.time_steps must be in [1, 1024], not 1025",
        ),
    ]
    for changed, line in cases:
        np.savez("own.npz", **(arrays | changed))
        assert cli.failure("init", "net.toml", "--data", "own.npz").startswith(line)
        assert not Path("net.toml").exists()
