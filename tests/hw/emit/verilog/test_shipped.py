"""Generated chips as a reader finds them: comments, names, and ports in a natural order."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dualspike.hw.emit.files import core_verilog, top_name
from dualspike.hw.emit.header import header
from dualspike.hw.emit.instance import meaning
from dualspike.hw.emit.verilog.ports import place_of, ports_of
from dualspike.model.description.load import describe, load_preset
from tests.hw.emit.test_names import DESCRIPTIONS

CASES = [(0, None, True), (1, "axi", False), (2, "wishbone", False), (3, "axi_events", False)]
MODULE = re.compile(r"(?<=\n)((?://[^\n]*\n)*)module (\w+) \(\n(.*?)\n\);", re.S)


@pytest.mark.parametrize(("number", "wrap", "probes"), CASES)
def test_chips_read_well(number: int, wrap: str | None, *, probes: bool, tmp_path: Path) -> None:
    d = describe(DESCRIPTIONS[number] | {"name": "reads"}, "test")
    text = core_verilog(d, wrap=wrap, probes=probes)
    top = top_name(d, wrap)
    code = re.sub(r"//.*", "", text)
    assert not re.search(r"\b_\d+_|\\|\$\d|\b(?:signal|signature|like)(?:_\d+)?\b", code)
    assert max(map(len, text.splitlines())) <= 132
    modules = MODULE.findall(text)
    assert [name for _, name, _ in modules] == re.findall(r"^module (\w+)", text, re.M)
    bare = {name for comment, name, _ in modules if not comment}
    assert bare == set()
    ports = ports_of(text, top)
    assert ports == sorted(ports, key=lambda one: place_of(one.name, out=one.flow == "out"))
    (tmp_path / "top.v").write_text(text, "utf-8")
    subprocess.run(
        ["iverilog", "-g2005", "-Wall", "-o", os.devnull, "top.v"], cwd=tmp_path, check=True
    )
    lines = modules[0][2].splitlines()
    assert len(lines) == len(ports) >= 15
    for line, port in zip(lines, ports, strict=True):
        assert meaning(d, port) and line.endswith(f"// {meaning(d, port)}")


@pytest.mark.parametrize(
    ("number", "way", "learning"),
    [
        (
            0,
            "that trains itself by randomized forward gradients",
            "3 tangent lanes, independent",
        ),
        (1, "for inference alone", "32 time steps."),
        (
            3,
            "that learns online, sample by sample",
            "feedback forward, 1 tangent lane for",
        ),
    ],
)
def test_the_head_says_how_a_chip_learns(number: int, way: str, learning: str) -> None:
    d = describe(DESCRIPTIONS[number] | {"name": "heads"}, "test")
    lines = header(d, []).splitlines()
    assert lines[0].startswith("// heads: spiking network 2-") and lines[0].endswith(f" {way}.")
    assert learning in lines[3]
    assert ("lane" in lines[3]) == d.learns


def test_the_example_of_the_documents_is_in_the_hat() -> None:
    page = (Path(__file__).parents[4] / "docs" / "shipping.md").read_text("utf-8")
    examples = re.findall(r"^```verilog\n(.*?)^```$", page, re.M | re.S)
    text = core_verilog(load_preset("hat"))
    assert examples and all(one in text for one in examples)


def test_fields_of_payloads_stand_beside_their_ports() -> None:
    d: Any = describe({"network": {"layers": [2, 3, 1]}, "name": "reads"}, "test")
    text = core_verilog(d)
    heads = {name: ports for _, name, ports in MODULE.findall(text)}
    assert "// value[19:0] 1 x s20, tangent[55:20] 1 x 2 x s18" in heads["reads_dense_0"]
