"""Memories and multipliers, counted by hand of the structure, against the generated Verilog."""

import re
from collections import Counter

import pytest

from dualspike.hw.core import Core
from dualspike.hw.generate import to_verilog
from dualspike.model.description import Description
from dualspike.model.estimate import memory_bits, multipliers
from dualspike.model.load import load_preset
from dualspike.testbench.benches.shapes import described

from .descriptions import random_description

KINDS = {
    "bank": "weights",
    "velocity": "velocities",
    "membranes": "membranes",
    "tangents": "tangents",
    "surrogate": "surrogate",
    "frames": "replay",
    "counts": "tallies",
    "phases": "tallies",
    "kept": "signs",
    "ring": "replay",
}
TALLY = re.compile(r"_tally(_\d+)?$")
MODULE = re.compile(r"^module (\w+)", re.MULTILINE)
MEMORY = re.compile(r"^ *reg \[(\d+):0\] ([a-z]+)[_\d]* \[(\d+):0\];", re.MULTILINE)
# An address times a constant is none; the square of an error's lower half has no sign.
PRODUCT = re.compile(r"(?:signed\(.*\)|error\[\d+:0\]) \* ")
SIGNS = re.compile(r"^ *reg \[31:0\] (?:word|state|group_state)_\d", re.MULTILINE)


def counted(verilog: str) -> tuple[int, dict[str, int]]:
    bits: Counter[str] = Counter(dict.fromkeys([*KINDS.values(), "signs"], 0))
    names = MODULE.findall(verilog)
    for name, text in zip(names, MODULE.split(verilog)[2::2], strict=True):
        for high, memory, last in MEMORY.findall(text):
            kind = "tallies" if TALLY.search(name) else KINDS[memory]
            bits[kind] += (int(high) + 1) * (int(last) + 1)
        bits["signs"] += 32 * len(SIGNS.findall(text))
    return len(PRODUCT.findall(verilog)), dict(bits)


DESCRIPTIONS = [
    load_preset("hat"),
    *(
        described(name)
        for name in (
            "folded",
            "twisted",
            "attached",
            "still",
            "event",
            "sparse",
            "odd",
            "gliding",
            "local",
            "near",
        )
    ),
    *(random_description(seed) for seed in (5, 12)),
]


@pytest.mark.parametrize("d", DESCRIPTIONS, ids=lambda d: d.name)
def test_memories_and_multipliers_are_those_of_the_verilog(d: Description) -> None:
    assert (multipliers(d), memory_bits(d)) == counted(to_verilog(Core(d), d.name))
