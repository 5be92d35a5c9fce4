"""Text and JSON from any system and from anyone."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from dualspike.boards.flow.manifest import read_manifest
from dualspike.model.description.load import load, parse
from dualspike.model.errors import BadInput
from dualspike.model.system.seal import CHECKSUM, sealed
from dualspike.model.system.text import DEPTH, MOST, parse_json, read_text
from dualspike.report.folder import read_folder
from dualspike.report.records import Result
from tests.refusals import refusal

TOML = 'name = "tiny"\n\n[network]\nlayers = [2, 4, 1]\ntime_steps = 4\n\n[learning]\nbatch = 4\n'
RESULT = {
    "rel_l2_before": 1.5,
    "rel_l2": 0.5,
    "updates": 3,
    "samples": 4,
    "seconds": 0.1,
    "seed": 1,
}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_ends_of_lines_of_any_system(mark: bytes, end: str, tmp_path: Path) -> None:
    path = tmp_path / "NET.TOML"
    path.write_bytes(mark + TOML.replace("\n", end).encode())
    assert read_text(path) == TOML
    assert load(path) == load(path) == parse(TOML, "test")
    path.write_bytes(mark + sealed(RESULT).replace("\n", end).encode())
    path.rename(tmp_path / "result.json")
    found = read_folder(tmp_path, parse(TOML, "test")).result
    assert found == Result.model_validate(RESULT)


def test_text_that_is_none_or_too_long(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    for content in (b"\xff\xfe" + TOML.encode("utf-16-le"), b"\xff", b"n\xe4me"):
        path.write_bytes(content)
        assert refusal(read_text, path) == f"cannot read {path}: not UTF-8 text"
    path.write_text("#" * MOST)
    assert len(read_text(path)) == MOST
    line = f"^{path} must be a text of at most {MOST} characters, it has more$"
    for endless in (path, tmp_path / "zero"):
        if endless == path:
            path.write_text("#" * (MOST + 1))
        else:
            endless.symlink_to("/dev/zero")
        with pytest.raises(BadInput, match=line.replace(str(path), str(endless))):
            read_text(endless)
    assert refusal(read_text, Path("a\0b")) == "cannot read a\0b: no such path"


KEYS = f"keys must have at most {DEPTH} parts, one has more"
DEEP = f"tables and lists must be at most {DEPTH} deep"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (".".join(["a"] * 20_000) + " = 1", KEYS),
        ("[" + " . ".join(["a", '"b.c"', "'d'"] * 7_000) + "]", KEYS),
        ("x = {" + ".".join(["a"] * 20_000) + " = 1}", KEYS),
        ("name = " + "[" * 33 + "]" * 33, DEEP),
        ("name = " + "{a = " * 100 + "1" + "}" * 100, DEEP),
        ("[" + ".".join("a" * 30) + "]\n" + ".".join("b" * 30) + " = 1", DEEP),
        ("[[" + ".".join("a" * 30) + "]]\n[" + ".".join("a" * 30) + ".b.c]", DEEP),
        ("name = 0x" + "f" * 100_000, "whole numbers must have at most 1023 bits, not 400000"),
        ("name = 1" + "0" * 400, "whole numbers must have at most 1023 bits, not 1329"),
        ("x = [0b1" + "0" * 1023 + "]", "whole numbers must have at most 1023 bits, not 1024"),
    ],
)
def test_hostile_toml(text: str, line: str) -> None:
    assert refusal(parse, text, "t") == f"t: {line}"


@pytest.mark.parametrize("text", ["name = " + "[" * 10_000, "name = " + "9" * 5_000])
def test_toml_that_python_gives_up_on(text: str) -> None:
    with pytest.raises(BadInput, match=r"^t: not valid TOML: [^\n]+$"):
        parse(text, "t")


def test_dots_that_are_no_key() -> None:
    dots = ".".join(["part"] * 30)
    assert parse(TOML + f"# {'.' * 500}\n", "t") == parse(TOML, "t")
    described = parse(TOML + f'\n[data]\nsource = "{dots}/{dots}.npz"\n', "t")
    assert described.data.source == f"{dots}/{dots}.npz"


def test_values_are_cut_where_they_fill_the_screen() -> None:
    with pytest.raises(BadInput) as caught:
        parse("name = [" + "1," * 20_000 + "]", "t")
    assert str(caught.value).startswith("t: name must be a text, not [1, 1, 1,")
    assert len(str(caught.value)) < 300


JSON = [
    "1" + "0" * 400,
    "-1" + "0" * 400,
    "9" * 5000,
    "1e400",
    "NaN",
    "-Infinity",
    "[" * 33 + "]" * 33,
    "[" * 100_000,
    '{"a":' * 500 + "1" + "}" * 500,
    '"\\ud800"',
    "",
    "1 2",
]


@pytest.mark.parametrize("value", JSON)
def test_hostile_json_as_a_result_and_as_a_manifest(value: str, tmp_path: Path) -> None:
    """Alone, as a value that is wanted, and as one that is not."""
    result = json.dumps(RESULT | {"engine": "?", "seconds": "?"})
    made = json.dumps({"board": "?", "bitstream": "a.bit", "size": "?", "sha256": "?"})
    for text in (value, result.replace('"?"', value), made.replace('"?"', value)):
        (tmp_path / "result.json").write_text(_with_checksum(text))
        with pytest.raises(BadInput, match=r"^[^\n]{1,400}$") as caught:
            read_folder(tmp_path, parse(TOML, "test"))
        assert "checksum" not in str(caught.value) or text == value
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(BadInput, match=r"^[^\n]{1,400}$"):
            read_manifest(tmp_path)


def _with_checksum(text: str) -> str:
    """The text with the checksum of its content; as it is where Python reads no table from it."""
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            return text
        checksum = json.loads(sealed(cast(dict[str, Any], content)))[CHECKSUM]
    except (ValueError, RecursionError):
        return text
    return f'{{"{CHECKSUM}": "{checksum}", {text[1:]}'


def test_json_within_the_bounds() -> None:
    deep = "[" * DEPTH + "]" * DEPTH
    assert json.dumps(parse_json(deep)) == deep
    assert parse_json('["é", "\\ud83d\\ude00", 1e308, 18446744073709551615]')[3] == 2**64 - 1
