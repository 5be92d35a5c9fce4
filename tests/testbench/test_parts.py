"""Memories and multipliers, counted by hand of the structure, against the generated Verilog."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from dualspike.hw.chip.core import Core
from dualspike.hw.emit.generate import to_verilog
from dualspike.model.cost.estimate import memory_bits, products
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.testbench.unit.benches.shapes import OPERATORS, described
from tests.few import few
from tests.testbench.random.descriptions import random_description
from tests.testbench.random.online_descriptions import random_operators

KINDS = {
    "bank": "weights",
    "velocity": "velocities",
    "membranes": "membranes",
    "tangents": "tangents",
    "surrogate": "surrogate",
    "frames": "frames",
    "counts": "counts",
    "phases": "counts",
    "spare": "rows",
    "kept": "signs",
    "ring": "frames",
    "storage": "signals",
    "sums": "counts",
    "store": "traces",
    "heard": "frames",
    "moved": "frames",
    "tails": "traces",
}
# By the end of the module's name as well, where that of the memory does not tell.
PLACES = {
    ("counter", "tangents"): "counts",
    ("errors", "kept"): "frames",
    ("matrix", "bank"): "feedback",
    ("slopes", "store"): "tangents",
    ("sums", "slot"): "means",
    ("rows", "slot"): "factors",
    ("prefixes", "slot"): "factors",
}
NUMBER = re.compile(r"_\d+$")
MODULE = re.compile(r"^module (\w+)", re.MULTILINE)
INSTANCE = re.compile(r"^  (\w+) +\w+ +\($", re.MULTILINE)
MEMORY = re.compile(r"^ *reg \[(\d+):0\] ([a-z]+)[_\d]* \[(\d+):0\];", re.MULTILINE)
# An address times a constant is none; the square of an error's lower half has no sign.
PRODUCT = re.compile(r"(?:signed\(.*\)|left(?:_\d)?) \* ")
SIGNS = re.compile(
    r"^ *reg \[31:0\] (?:(?:word|state|group_state)_\d|state(?= = 32'd\d{4,}))", re.MULTILINE
)


def counted(verilog: str) -> tuple[int, dict[str, int]]:
    """Multipliers, and memory bits by kind; a module counts as often as it is there."""
    bits: Counter[str] = Counter()
    products = 0
    names = MODULE.findall(verilog)
    texts = dict(zip(names, MODULE.split(verilog)[2::2], strict=True))
    for name, times in instances(texts, names[0]).items():
        for high, memory, last in MEMORY.findall(texts[name]):
            place = NUMBER.sub("", name).rsplit("_", 1)[-1], memory
            kind = PLACES.get(place) or KINDS[memory]
            bits[kind] += times * (int(high) + 1) * (int(last) + 1)
        bits["signs"] += times * 32 * len(SIGNS.findall(texts[name]))
        products += times * len(PRODUCT.findall(texts[name]))
    return products, dict(bits)


def instances(texts: dict[str, str], top: str) -> Counter[str]:
    """How often each module is there in the whole tree below ``top``."""
    below = Counter([top])
    for part in INSTANCE.findall(texts[top]):
        if part in texts:
            below += instances(texts, part)
    return below


def online(name: str, time_steps: int = 3, **tables: dict[str, Any]) -> Description:
    """A chip that learns online, of two hidden layers."""
    network = {"layers": [5, 7, 6, 3], "time_steps": time_steps} | tables.get("network", {})
    learning = {"rule": "online", "batch": 3, "rate": 4} | tables.get("learning", {})
    others = {key: tables[key] for key in ("hardware", "formats") if key in tables}
    return describe({"network": network, "learning": learning, "name": name, **others}, name)


SIGNED = {"feedback": "signs"}
SAMPLE = {"every": "sample"}
MATRIX = {"feedback": "forward-dfa"}
MIRROR = {"feedback": "kolen-pollack"}
FRAMES = {"coding": "frames", "leak": 0.5}
NUMBERS = {"input": "s4.0"}
FOLDED = {"pe": [4, 3, 2], "simd": [2, 4, 3]}
SLOW = {"pe": [4, 3, 1], "simd": [2, 4, 3], "protection": "ecc", "clock": 100.0}
SKIP = {"pe": [1, 1, 1], "simd": [2, 1, 1], "skip": True}
WHOLE = {"pe": [7, 6, 3], "simd": [5, 7, 6]}
"""Every frame is a single row, and a single chunk."""

ONE_ROW = [
    describe(
        {
            "name": f"single_{reset}_{steps}_{clock}",
            "network": {"layers": [3, 4, 5, 2], "time_steps": steps, "leak": 0.75, "reset": reset},
            "hardware": {"pe": [4, 5, 2], "simd": [3, 4, 5], "clock": clock},
        },
        "single",
    )
    for reset in ("attached", "detached")
    for steps, clock in ((1, 25), (3, 25), (3, 100))
]
ONLINE = [
    online("two_lanes", learning={"directions": 2}, hardware=FOLDED | {"clock": 100.0}),
    online("signs", learning=SIGNED, hardware={"pe": [1, 1, 1]}),
    online("one_hidden", network={"layers": [3, 4, 17]}, learning=SIGNED),
    online("one_step", 1, network={"coding": "frames"}, hardware={"protection": "parity"}),
    online("frames", network=FRAMES, learning={"directions": 3}),
    online("folded_frames", 5, network=FRAMES, learning=SIGNED, hardware=FOLDED),
    online("even", network={"coding": "rate"}, hardware=FOLDED),
    online("matrices", 1, learning=MATRIX),
    online("twofold", 4, network=FRAMES, learning=MATRIX | {"directions": 2}, hardware=SLOW),
    online("mirrors", 4, learning=MIRROR, hardware=SLOW),
    online("skipping", 4, network=FRAMES, learning=SIGNED, hardware=SKIP),
    online("numbers", 4, network=FRAMES, hardware=FOLDED | {"clock": 100.0}, formats=NUMBERS),
    online("lanes_skipped", network=FRAMES, learning={"directions": 2}, hardware=SKIP),
    online("samples", 4, learning=SAMPLE),
    online("thirds", learning=SAMPLE | {"directions": 2}, hardware=FOLDED | {"clock": 100.0}),
    online("counted", 5, network=FRAMES, learning=SAMPLE, hardware=FOLDED),
    online("summed", 5, network=FRAMES, learning=SAMPLE, hardware=FOLDED, formats=NUMBERS),
    online("at_once", 1, network=FRAMES, learning=SAMPLE, hardware={"protection": "parity"}),
    online("single", hardware=WHOLE),
    online("single_a_sample", learning=SAMPLE, hardware=WHOLE),
    *(random_operators(seed) for seed in (7, 10)),
]
DESCRIPTIONS = [
    load_preset("hat"),
    *(random_description(seed) for seed in (5, 12)),
    *ONE_ROW,
    *ONLINE,
]
SHAPES = ("folded", "twisted", "attached", "still", "event", "sparse", "odd", "gliding", "local")
CASES = {name: described(name) for name in (*SHAPES, "near", *OPERATORS)} | {
    d.name: d for d in DESCRIPTIONS
}
QUICK = ("hat", "event", "near", "still", "operator_9607", "single_attached_1_25")
QUICK_ONLINE = ("even", "matrices", "one_hidden", "samples", "skipping")
"""Between them they have every kind of memory."""


@pytest.mark.parametrize("d", few(CASES, [*QUICK, *QUICK_ONLINE]))
def test_memories_and_multipliers_are_those_of_the_verilog(d: Description) -> None:
    count, bits = counted(to_verilog(Core(d), d.name))
    assert products(d) == count
    assert memory_bits(d) == dict.fromkeys(memory_bits(d), 0) | bits


def test_the_quick_ones_have_every_kind_of_memory() -> None:
    def kinds(names: Iterable[str]) -> set[str]:
        found = (memory_bits(CASES[name]).items() for name in names)
        return {kind for bits in found for kind, count in bits if count}

    assert kinds([*QUICK, *QUICK_ONLINE]) == kinds(CASES)
