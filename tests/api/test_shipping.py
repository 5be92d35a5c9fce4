"""``dualspike verify FOLDER``: the files that are there, named if changed, and the proof."""

import json
import re
from pathlib import Path

import pytest

from dualspike.api.chip import Chip
from dualspike.hw.emit.manifest import digest
from dualspike.model.description.load import describe
from dualspike.model.system.seal import sealed, whole
from tests.cli import Cli

NET = {
    "name": "tiny",
    "network": {"layers": [3, 3, 1], "time_steps": 3},
    "learning": {"batch": 3, "momentum": 2},
    "hardware": {"lanes": 1, "simd": [2, 1]},
}


@pytest.fixture
def folder(here: Path) -> Path:
    Chip(describe(NET, "test")).generate(here / "chip", "axi", baked=True)
    return here / "chip"


def rewrite(folder: Path, **changes: object) -> None:
    """Another manifest, whole."""
    told = json.loads((folder / "manifest.json").read_text())
    del told["checksum"]
    (folder / "manifest.json").write_text(sealed({**told, **changes}))


def test_a_folder_is_proved_and_a_wrong_core_is_found(folder: Path, cli: Cli) -> None:
    found = cli.result("verify", folder, "--updates", 2)
    proof = json.loads((folder / "proof.json").read_text())
    assert whole(proof) and {**proof, "checksum": None} == {**found, "checksum": None}
    assert (found["equal"], found["updates"], found["inferences"]) == (True, 2, 64)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert found["files"] == manifest["files"] and found["wrap"] == "axi"
    assert found["baked_weights"] == manifest["baked_weights"]
    assert found["tools"]["verilator"] and found["when"].endswith("+00:00")

    # Wrong weights inside, in a file that the manifest vouches for.
    file = folder / "tiny_axi.v"
    wrong, count = re.subn(r"(bank_0\[0\] = 18'h)\w+", r"\g<1>15555", file.read_text(), count=1)
    assert count == 1
    file.write_text(wrong)
    rewrite(folder, files={**manifest["files"], "tiny_axi.v": digest(wrong)})
    status, out, _ = cli("verify", folder, "--updates", 2)
    assert status == 1 and re.search(r"FIRST DIFFERENCE: \w+\[\d\]\[[\d, ]+\] is 87381, ", out)
    assert json.loads((folder / "proof.json").read_text())["equal"] is False


def test_a_core_without_a_wrap_that_only_infers_is_proved(here: Path, cli: Cli) -> None:
    net = {**NET, "learning": {"rule": "none"}, "hardware": {"simd": [2, 1]}}
    Chip(describe(net, "test")).generate(here / "chip", baked=True)
    found = cli.result("verify", "chip")
    assert (found["wrap"], found["equal"], found["updates"]) == (None, True, 0)


def test_refusals(folder: Path, cli: Cli) -> None:
    def told(*words: object) -> str:
        return cli.failure("verify", "chip", *words)

    assert told("--seed", 3) == "--seed must be left out with a folder: its files say all of that"
    (folder / "biases_1.hex").write_text("00000\n")
    assert told().startswith("chip/biases_1.hex was changed since generate wrote it: its SHA-256")
    (folder / "biases_1.hex").unlink()
    assert told() == "chip/biases_1.hex is missing: generate wrote it"
    rewrite(folder, generator="dualspike 0.0")
    assert told().startswith("chip/manifest.json must be of dualspike ")
    (folder / "manifest.json").write_text("{}")
    assert "must have a checksum" in told()
    (folder / "manifest.json").unlink()
    assert told() == "chip must be a folder that generate wrote, it has no manifest.json"
    assert not (folder / "proof.json").exists()
