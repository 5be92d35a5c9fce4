"""What is read of a folder, and the one line where that cannot be."""

import json
import re
import shutil
from pathlib import Path

import pytest

from dualspike.model.system.seal import sealed
from tests.refusals import refusal

from .parsed import look


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
