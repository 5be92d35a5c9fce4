"""Rules of the CAPI2 schema (fusesoc/capi2/json_schema.py of FuseSoC 2) that concern us."""

from typing import Any

import yaml

from dualspike.hw.fusesoc import core_file

TOP = {"CAPI=2", "name", "description", "filesets", "targets"}
FILESET = {"files", "file_type"}
TARGET = {"filesets", "toplevel", "flow", "flow_options"}


def test_the_core_file_follows_the_schema() -> None:
    text = core_file("tiny", "spiking network 2-3-1: it learns")
    assert text.startswith("CAPI=2:\n")
    core: dict[str, Any] = yaml.safe_load(text)
    assert set(core) == TOP and core["CAPI=2"] is None
    assert core["name"].split(":")[:3] == ["dualspike", "generated", "tiny"]
    assert core["description"] == "spiking network 2-3-1: it learns"
    for fileset in core["filesets"].values():
        assert set(fileset) == FILESET
    files = {name: (one["files"], one["file_type"]) for name, one in core["filesets"].items()}
    assert files == {"rtl": (["tiny.v"], "verilogSource"), "waivers": (["tiny.vlt"], "vlt")}
    for target in core["targets"].values():
        assert set(target) <= TARGET and target["toplevel"] == "tiny"
        assert all(isinstance(one, str) for one in target["filesets"])
    assert core["targets"]["default"]["filesets"] == ["rtl", "tool_verilator? (waivers)"]
    assert core["targets"]["lint"] == {
        "filesets": ["rtl", "waivers"],
        "toplevel": "tiny",
        "flow": "lint",
        "flow_options": {"tool": "verilator", "verilator_options": ["-Wall"]},
    }
