"""``dualspike synth``: its file, its table, its errors."""

from pathlib import Path
from typing import Any

import pytest

from dualspike.boards.flow.measure import device_of
from dualspike.commands import synth
from dualspike.model.sizes.depth import Depth
from dualspike.model.system.seal import sealed
from tests.cli import Cli

FOUND: dict[str, Any] = {
    "name": "hat",
    "actual": {"lut4": 7, "ff": 3, "bram": 0, "dsp": 2, "lutram": 1, "carry": 0},
    "estimate": {"lut4": 8, "ff": 3, "bram": 0, "dsp": 2},
    "fmax_mhz": 91.5,
    "placed": {"cells": 9},
}


def test_a_report_is_written(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def measure(*given: Any) -> dict[str, Any]:
        asked.append(given)
        return FOUND

    monkeypatch.setattr(synth, "measure", measure)
    words = ["synth", "--preset", "hat", "-o", tmp_path / "out", "--place-and-route", "--seed", 4]
    status, out, _ = cli(*words)
    assert status == 0
    path = tmp_path / "out" / "report" / "synth-ecp5.json"
    assert path.read_text() == sealed(FOUND)
    (d, target, device, route), *_ = asked
    assert (target, device.name, route.seed, route.clock) == ("ecp5", "ecp5-85f", 4, 100)
    assert (d.hardware.clock, d.depth) == (None, Depth())
    lines = out.splitlines()
    assert lines[0] == "Synthesising, placing and routing hat for ecp5 ..."
    assert lines[2].split()[-2:] == ["7", "8"]
    assert lines[-2:] == ["nextpnr: 9 cells, 91.5 MHz", f"wrote {path}"]
    assert cli.result(*words) == FOUND
    cli.result(*words, "--clock", 90, "--device", "ecp5-25f")
    d, target, device, route = asked[-1]
    assert (device.name, route.clock, d.hardware.device) == ("ecp5-25f", 90, "ecp5-25f")
    assert d.depth == Depth(multiply=2, learner=2, membrane=1, fetch=1)


def test_a_device_of_the_description_counts_where_it_is_the_targets() -> None:
    assert device_of("ice40", "ice40-up5k").name == "ice40-up5k"
    assert device_of("ecp5", "ice40-up5k").name == "ecp5-85f"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--target", "asic"], "--target must be one of ecp5, ice40, gates, not 'asic'"),
        (
            ["--target", "ice40", "--device", "ecp5-25f"],
            "--device must be one of ice40-up5k, ice40-hx8k, not 'ecp5-25f'",
        ),
        (
            ["--target", "gates", "--device", "ecp5-25f"],
            "--device must be left out with --target gates, not 'ecp5-25f'",
        ),
        (
            ["--target", "gates", "--place-and-route"],
            "--place-and-route must be left out with --target gates",
        ),
        (["--seed", -1], "--seed must be in [0, 2147483647], not -1"),
        (["--clock", 0], "--clock must be in [1, 1000], not 0"),
    ],
)
def test_bad_input_is_one_line(words: list[Any], line: str, here: Path, cli: Cli) -> None:
    assert cli.failure("synth", "--preset", "hat", "-o", "out", *words) == line
