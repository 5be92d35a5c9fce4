"""generate with --fit and --device: what is written, and the one line when it cannot be."""

import json
from pathlib import Path

import pytest

from dualspike.model.cost.devices import DEVICES
from dualspike.model.cost.estimate import estimate
from dualspike.model.description.load import load
from dualspike.model.sizes.geometry import geometry
from dualspike.model.system.seal import sealed
from tests.cli import Cli
from tests.small import PERCEPTRON

NET = (
    PERCEPTRON.replace("rate", 'scope = "global"\nrate')
    + """\
[formats]
tangent = "s11.0"
"""
)


@pytest.fixture
def net(here: Path) -> Path:
    path = here / "net.toml"
    path.write_text(NET)
    return path


def test_a_fitted_core_comes_with_its_description_and_estimate(
    net: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "out"
    words = ("--fit", "--samples-per-second", "2e6", "--clock", 12, "--device", "ecp5-85f")
    result = cli.result("generate", net, "-o", out, *words)
    assert "tiny.toml" in result["files"]
    folded = load(out / "tiny.toml")
    assert geometry(folded.parts[0]).interval == result["estimate"]["interval"] <= 6
    assert folded.network == load(net).network
    written = result["estimate"]
    assert (out / "report" / "estimate.json").read_text() == sealed(written)
    assert written == estimate(folded, DEVICES["ecp5-85f"])
    assert written["device"] == {
        "name": "ecp5-85f",
        "LUT4": 83640,
        "FF": 83640,
        "DSP": 156,
        "BRAM": 208,
    }
    assert f"configuration {written['config_hash'][:16]}" in (out / "tiny.v").read_text()


def test_the_table_shows_every_layer_the_bottleneck_and_the_device(
    net: Path, tmp_path: Path, cli: Cli
) -> None:
    words = ("-o", tmp_path / "out", "--device", "ecp5-12f")
    status, text, _ = cli("generate", net, *words)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert status == 0
    for line in (
        "layer pe x simd clocks a pass a sample share multipliers signs",
        "0 direct 2-3 1 x 1 6 6 50 % 2 1",
        "1 readout 3-1 1 x 1 3 3 25 % 2 1",
        "Slowest: rows of layer 0. 8 multipliers.",
        "Memory bits: weights 234, membranes 60, tangents 36, surrogate 1,024, frames 320,"
        " counts 51, rows 297, signs 256.",
    ):
        assert line in lines
    assert [line.split()[:1] for line in lines if line.endswith("%")] == [
        [name] for name in ("LUT4", "FF", "DSP", "BRAM")
    ]


def test_clock_and_device_of_a_description_count_where_no_option_says_another(
    net: Path, tmp_path: Path, cli: Cli
) -> None:
    out, chip = tmp_path / "out", '[hardware]\nclock = 50\ndevice = "ecp5-12f"\n'
    net.write_text(f"{NET}{chip}")
    words = ("generate", net, "-o", out, "--fit", "--samples-per-second")
    rate = 50e6 / 6
    own = cli.result(*words, f"{rate}")["estimate"]
    assert own["interval"] <= 6 and own["device"]["name"] == "ecp5-12f"
    fast = cli.result(*words, f"{2 * rate}", "--clock", 100, "--device", "ecp5-85f")
    folded = load(out / "tiny.toml").hardware
    assert (folded.clock, folded.device) == (100, "ecp5-85f")
    found = fast["estimate"]
    assert (found["clock_mhz"], found["depth"]) == (
        100,
        {"multiply": 2, "learner": 2, "membrane": 1, "fetch": 1},
    )
    assert found["device"]["name"] == "ecp5-85f"
    assert found["interval"] <= 6


def test_the_clock_stands_where_the_depth_is_told(net: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    _, plain, _ = cli("generate", net, "-o", out)
    without = json.loads((out / "manifest.json").read_text())
    assert (without["clock_mhz"], without["device"]) == (None, None)
    assert "products take" not in plain + (out / "tiny.v").read_text()
    words = ("generate", net, "-o", out, "--clock", 100, "--device", "ecp5-25f")
    _, text, _ = cli(*words)
    assert "For 100 MHz: products take 2 clocks.\n" in text
    assert text.endswith(f" Next:\n  dualspike verify {out}\n")
    found = json.loads((out / "manifest.json").read_text())
    depth = {"multiply": 2, "learner": 2, "membrane": 1, "fetch": 1}
    assert (found["clock_mhz"], found["device"], found["depth"]) == (100, "ecp5-25f", depth)
    assert found["config_hash"] == without["config_hash"]
    header = "// For 100 MHz on ecp5-25f: products take 2 clocks.\n"
    assert header in (out / "tiny.v").read_text()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--fit", "--fit must come with --samples-per-second or --device"),
        ("--fit --samples-per-second 5", "--samples-per-second must come with --fit and --clock"),
        (
            "--samples-per-second 5 --clock 5",
            "--samples-per-second must come with --fit and --clock",
        ),
        ("--device ecp5-12f --budget 0.5", "--budget must come with --fit and --device"),
        (
            "--fit --samples-per-second 0 --clock 5",
            "--samples-per-second must be in [1e-06, 1e+12], not 0",
        ),
        (
            "--fit --samples-per-second 5 --clock nan",
            "--clock must be in [1, 1000], not nan",
        ),
        ("--fit --device ecp5-12f --budget 1.5", "--budget must be in (0, 1], not 1.5"),
        ("--device big", f"--device must be one of {', '.join(DEVICES)}, not 'big'"),
        (
            "--fit --samples-per-second 2e6 --clock 2",
            "no folding reaches 2,000,000 samples a second at 2 MHz:"
            " full unrolling takes 4 clocks a sample, 500,000",
        ),
        (
            "--fit --device ecp5-12f --budget 0.1",
            "ecp5-12f has 24,288 LUT4 (10 % are 2,428), the smallest folding needs about 3,283",
        ),
    ],
)
def test_refusals_leave_nothing_behind(net: Path, cli: Cli, words: str, line: str) -> None:
    assert cli.failure("generate", net, "-o", "out", *words.split()) == line
