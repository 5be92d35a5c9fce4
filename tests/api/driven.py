"""Small cores of every kind, whose drivers are run against their simulation."""

from pathlib import Path
from typing import Any

from dualspike.api.chip import Chip
from dualspike.hw.emit.unwrapped import unwrapped
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.testbench.cosim.simulation import source
from dualspike.testbench.cosim.verilate import build
from tests.api.test_golden_vectors import KINDS as MORE
from tests.api.test_shipping import NET

KINDS: dict[str, dict[str, Any]] = {
    "learns": NET,
    "infers": {
        "network": {"layers": [3, 4, 2], "time_steps": 3},
        "learning": {"rule": "none"},
        "hardware": {"simd": [2, 2]},
    },
    "classes": {
        "network": {"layers": [5, 4, 3], "time_steps": 2, "coding": "frames", "leak": 0.5},
        "learning": {"rule": "online", "loss": "margin", "batch": 3},
        "formats": {"input": "s4.0"},
        "hardware": {"simd": [2, 1]},
    },
    "operator": MORE["operator"] | {"learning": {"batch": [2, 3], "floor": 0.1}},
}
"""The first learns in passes, with momentum, behind a wrap."""


def described(kind: str) -> Description:
    """A core of that kind, named tiny."""
    return describe({"name": "tiny", **KINDS[kind]}, "test")


def library_of(kind: str, folder: Path) -> Path:
    """Its simulation; that of a core in a wrap is of what is generated into the folder."""
    d = described(kind)
    if kind != "learns":
        return build(source(d), quick=True)
    Chip(d).generate(folder, "axi", baked=True)
    verilog = (folder / "tiny_axi.v").read_text("utf-8") + unwrapped(d, "axi", "tiny")
    return build(source(d, verilog=verilog), quick=True)
