"""Small descriptions of chips that learn online, for the benches of their components.

| name   | what is special                                                                     |
|--------|-------------------------------------------------------------------------------------|
| own    | one lane a hidden layer, nothing folded                                             |
| lanes  | three lanes a hidden layer, a leak, margin, folded, formats that saturate often     |
| frames | inputs over time, fixed signs, margin, folded so that nothing divides, ecc          |
| short  | one neuron in each layer, a single step                                             |
| narrow | passes of two chunks, which pauses can push together                                |
| sample | one change a sample, three lanes, a leak, folded, formats that saturate often       |
| levels | numbers over time, two lanes a hidden layer, a leak, folded                         |
| counts | one change a sample, numbers over time, steps that are no power of two              |
| matrix | feedback that is learned, three lanes, folded, formats that saturate often, ecc     |
| wide   | feedback that is learned, outputs in chunks that nothing divides, over time         |
| mirror | feedback that takes the readout's changes, folded, formats that saturate often    |
| sparse | silent inputs of all layers skipped, over time, fixed signs, large steps           |
| hushed | silent inputs skipped, two lanes a hidden layer, chunks that nothing divides        |
| alone  | feedback that is learned, one neuron in each layer, a single step                   |
"""

import random
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer
from dualspike.testbench.unit.benches.reference import Rows, flat, matrix
from dualspike.testbench.unit.tb import TB

COARSE = {
    "weight": "s1.5",
    "membrane": "s2.6",
    "tangent": "s3.2",
    "input": "s1.3",
    "target": "s1.4",
    "error": "s0.4",
    "cotangent": "s1.4",
}
"""Formats in which everything clips often."""

ONLINE: dict[str, dict[str, Any]] = {
    "own": {
        "network": {"layers": [3, 6, 5, 2], "time_steps": 4},
        "learning": {"rule": "online", "batch": 3, "rate": 2},
    },
    "lanes": {
        "network": {"layers": [4, 5, 6, 3], "time_steps": 3, "leak": 0.75},
        "learning": {"rule": "online", "directions": 3, "batch": 2, "rate": 2, "loss": "margin"},
        "formats": COARSE,
        "hardware": {"simd": [2, 3, 2], "pe": [3, 4, 2], "clock": 125},
    },
    "frames": {
        "network": {"layers": [7, 5, 3], "time_steps": 3, "leak": 0.5, "coding": "frames"},
        "learning": {
            "rule": "online",
            "feedback": "signs",
            "loss": "margin",
            "batch": 4,
            "rate": 3,
        },
        "formats": {"weight": "s1.6", "cotangent": "s1.5"},
        "hardware": {"simd": [3, 2], "pe": [2, 2], "protection": "ecc"},
    },
    "short": {
        "network": {"layers": [1, 1, 1], "time_steps": 1},
        "learning": {"rule": "online", "batch": 1, "rate": 1},
    },
    "narrow": {
        "network": {"layers": [2, 5, 2], "time_steps": 3, "coding": "frames"},
        "learning": {"rule": "online", "batch": 4, "rate": 3},
        "formats": {"weight": "s1.6"},
    },
    "sample": {
        "network": {"layers": [4, 5, 6, 3], "time_steps": 4, "leak": 0.75},
        "learning": {"rule": "online", "every": "sample", "directions": 3, "batch": 3, "rate": 1},
        "formats": COARSE,
        "hardware": {"simd": [2, 3, 2], "pe": [3, 4, 2], "clock": 125},
    },
    "levels": {
        "network": {"layers": [7, 5, 3], "time_steps": 4, "leak": 0.75, "coding": "frames"},
        "learning": {"rule": "online", "directions": 2, "batch": 3, "rate": 4},
        "formats": {"weight": "s1.6", "membrane": "s5.12", "input": "s3.0", "cotangent": "s1.5"},
        "hardware": {"simd": [3, 2], "pe": [2, 2], "clock": 125},
    },
    "counts": {
        "network": {"layers": [7, 5, 3], "time_steps": 3, "coding": "frames"},
        "learning": {"rule": "online", "every": "sample", "batch": 4, "rate": 3},
        "formats": {"input": "s2.0"},
        "hardware": {"simd": [3, 2], "pe": [2, 2]},
    },
    "matrix": {
        "network": {"layers": [4, 5, 6, 3], "time_steps": 3, "leak": 0.75},
        "learning": {
            "rule": "online",
            "feedback": "forward-dfa",
            "feedback_momentum": 2,
            "directions": 3,
            "batch": 2,
            "rate": 2,
            "loss": "margin",
        },
        "formats": COARSE,
        "hardware": {"simd": [2, 3, 2], "pe": [3, 4, 2], "clock": 125, "protection": "ecc"},
    },
    "wide": {
        "network": {"layers": [3, 4, 7], "time_steps": 3, "coding": "frames"},
        "learning": {"rule": "online", "feedback": "forward-dfa", "batch": 3, "rate": 3},
        "formats": {"tangent": "s2.3", "cotangent": "s2.4"},
        "hardware": {"simd": [1, 2], "pe": [4, 3]},
    },
    "mirror": {
        "network": {"layers": [4, 5, 6, 3], "time_steps": 3, "leak": 0.75},
        "learning": {
            "rule": "online",
            "feedback": "kolen-pollack",
            "batch": 2,
            "rate": 1,
            "loss": "margin",
            "stages": 9,
        },
        "formats": {"weight": "s0.5", "error": "s0.4", "cotangent": "s0.4"},
        "hardware": {"simd": [2, 3, 2], "pe": [3, 4, 2], "clock": 125},
    },
    "sparse": {
        "network": {"layers": [11, 9, 7], "time_steps": 4, "leak": 0.5, "coding": "frames"},
        "learning": {"rule": "online", "feedback": "signs", "batch": 6, "rate": 2},
        "formats": {"weight": "s1.6", "cotangent": "s1.5"},
        "hardware": {"simd": [2, 1], "pe": [2, 1], "skip": True},
    },
    "hushed": {
        "network": {"layers": [3, 5, 9, 4], "time_steps": 3, "coding": "rate"},
        "learning": {"rule": "online", "directions": 2, "batch": 5, "rate": 3},
        "formats": COARSE,
        "hardware": {"simd": [1, 2, 2], "pe": [2, 2, 1], "skip": True, "protection": "parity"},
    },
    "alone": {
        "network": {"layers": [1, 1, 1], "time_steps": 1},
        "learning": {"rule": "online", "feedback": "forward-dfa", "batch": 1, "rate": 1},
    },
}


def taught(name: str, layer: int) -> tuple[Description, Layer]:
    """One of the descriptions, and a layer of it."""
    d = describe(ONLINE[name], name)
    return d, geometry(d.parts[0]).layers[layer]


class OnlineTB(TB):
    """The component of one layer, or with no ``layer`` in its case of the last one.

    ``d``, ``part`` and ``layer`` are the description with its sizes, ``rng`` the bench's own.
    """

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.rng = random.Random(type(self).__module__)
        self.d, self.layer = taught(self.case["name"], self.case.get("layer", -1))
        self.part = self.d.parts[0]
        f = self.d.formats
        self.weights: Rows = matrix(self.rng, f.weight, self.layer.n_out, self.layer.n_in)
        self.biases = flat(matrix(self.rng, f.weight, self.layer.n_out, 1))

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the largest of the layer's values."""
        given = self.d.formats.input.lowest, self.d.formats.input.highest
        most = self.d.network.time_steps
        others = {"direct": given, "frames": given, "coded": (-1, 1), "readout": (0, most)}
        return others.get(self.layer.kind, (0, 1))

    def rows_of(self, neurons: list[Any], width: int | None = None) -> list[list[Any]]:
        """A frame's neurons row by row; 0 fills up the last one."""
        width = width or self.layer.next_simd
        padded = [*neurons, *[0] * (-len(neurons) % width)]
        return [padded[i : i + width] for i in range(0, len(padded), width)]

    def numbers(self, bits: int, count: int) -> list[int]:
        """Random signed numbers: often small, or the ends of so many bits."""
        half = 1 << (bits - 1)
        picks = [[-half, half - 1], range(-2, 2), range(-half, half)]
        return [self.rng.choice(self.rng.choice(picks)) for _ in range(count)]
