"""Small descriptions on which the benches run: between them every folding, structure and width.

| name     | what is special                                                                    |
|----------|------------------------------------------------------------------------------------|
| plain    | nothing folded, default formats, power-of-two T                                    |
| folded   | pe and simd that do not divide, factored signs, T = 5, a lane without a layer      |
| twisted  | several groups everywhere, T = 1, results finer than sums, 3 lanes in 2 passes     |
| odd      | four mixed lanes, narrow formats that saturate often, last group shorter than rest |
| gliding  | momentum, with every other way to learn: masks, passes, mantissas, stages; ecc     |
| single   | one neuron in each layer                                                           |
| still    | folded as well, narrow membranes, inference only, parity                           |
| leaky    | a leak, a threshold for each layer, a rectangle, coding rate, five bits of state   |
| event    | silent chunks skipped in layers 1 and 2, independent signs in a memory, 2 passes   |
| sparse   | the same with factored signs, which need none, and wide chunks                     |
| attached | reset attached, few rows and many, a triangle, a leak, coding bernoulli            |
| local    | local losses of three hidden layers, so weights of 1/3, lanes of every kind        |
| near     | the same of one layer, whose readout shares the tally; 3 lanes in 2 passes, T = 2  |
"""

from typing import Any

from dualspike.model.description import Description
from dualspike.model.geometry import Geometry, Layer, geometry
from dualspike.model.load import describe

SHAPES: dict[str, dict[str, Any]] = {
    "plain": {
        "network": {"layers": [2, 3, 2, 1], "time_steps": 4},
        "learning": {"batch": 3, "scope": "global", "directions": 2},
    },
    "folded": {
        "network": {"layers": [5, 6, 5, 3], "time_steps": 5, "threshold": 0.75},
        "learning": {"batch": 4, "structure": "factored", "rate": 2, "mantissa": [9, 15, 8]},
        "formats": {
            "weight": "s1.6",
            "membrane": "s2.8",
            "tangent": "s5.3",
            "surrogate": "u0.7",
            "input": "s1.5",
            "target": "s1.6",
        },
        "hardware": {"simd": [2, 3, 2], "pe": [3, 4, 2], "lanes": 4},
    },
    "twisted": {
        "network": {"layers": [3, 4, 6, 2], "time_steps": 1},
        "learning": {"batch": 3, "scope": "global", "directions": 3, "rate": 4},
        "formats": {
            "weight": "s2.2",
            "membrane": "s4.9",
            "tangent": "s6.5",
            "surrogate": "u0.4",
            "input": "s2.1",
            "target": "s1.8",
        },
        "hardware": {"simd": [1, 2, 3], "pe": [2, 3, 1], "lanes": 2},
    },
    "odd": {
        "network": {
            "layers": [4, 5, 5, 2],
            "time_steps": 3,
            "surrogate": {"entries": 16, "span": 1},
        },
        "learning": {
            "batch": 2,
            "masks": [[0, 1, 2], [1, 2], [2], [0, 1]],
            "rate": -2,
            "rounding": "stochastic",
            "schedule": "chip",
            "stages": 3,
            "updates": 4,
            "seed": 77,
        },
        "formats": {
            "weight": "s1.3",
            "membrane": "s1.5",
            "tangent": "s2.1",
            "surrogate": "u0.6",
            "input": "s1.3",
            "target": "s1.2",
        },
        "hardware": {"simd": [3, 3, 4], "pe": [3, 5, 1]},
    },
    "leaky": {
        "network": {
            "layers": [3, 5, 4, 2],
            "time_steps": 3,
            "threshold": [0.5, 0.75],
            "leak": 0.75,
            "coding": "rate",
            "surrogate": {"kind": "rectangle", "sigma": 0.5, "entries": 8, "span": 1},
        },
        "learning": {"batch": 2, "scope": "global", "directions": 2, "rate": 1},
        "formats": {
            "weight": "s1.3",
            "membrane": "s1.3",
            "tangent": "s2.2",
            "surrogate": "u1.4",
            "input": "s1.3",
            "target": "s1.2",
        },
        "hardware": {"simd": [2, 1, 2], "pe": [5, 2, 2]},
    },
    "attached": {
        "network": {
            "layers": [3, 6, 3, 1],
            "time_steps": 4,
            "threshold": [0.7, 1.9],
            "leak": 0.5,
            "reset": "attached",
            "coding": "bernoulli",
            "surrogate": {"kind": "triangle", "sigma": 0.75, "entries": 32, "span": 1},
        },
        "learning": {"batch": 3, "structure": "factored", "rate": 4},
        "formats": {
            "membrane": "s2.9",
            "tangent": "s3.2",
            "surrogate": "u1.5",
            "input": "s1.7",
            "target": "s1.8",
        },
        "hardware": {"simd": [2, 1, 1], "pe": [3, 3, 1]},
    },
    "event": {
        "network": {"layers": [3, 7, 5, 3], "time_steps": 4},
        "learning": {"batch": 2, "rate": 3},
        "hardware": {"simd": [1, 2, 2], "pe": [2, 2, 2], "skip": True, "lanes": 2},
    },
    "sparse": {
        "network": {"layers": [2, 9, 4, 2], "time_steps": 3},
        "learning": {"batch": 3, "structure": "factored", "scope": "global", "rate": 3},
        "formats": {"weight": "s1.6", "membrane": "s2.6", "tangent": "s5.1", "target": "s1.5"},
        "hardware": {"simd": [1, 3, 2], "pe": [3, 2, 1], "skip": True},
    },
    "gliding": {
        "network": {"layers": [3, 4, 3, 2], "time_steps": 4},
        "learning": {
            "batch": 2,
            "masks": [[0, 1], [1], [0, 1, 2]],
            "rate": 3,
            "mantissa": [8, 11, 14],
            "rounding": "stochastic",
            "schedule": "chip",
            "stages": 2,
            "updates": 3,
            "momentum": 2,
        },
        "formats": {"weight": "s1.8", "tangent": "s6.3"},
        "hardware": {"simd": [2, 2, 1], "pe": [2, 3, 1], "lanes": 2, "protection": "ecc"},
    },
    "local": {
        "network": {"layers": [3, 4, 5, 3, 2], "time_steps": 3},
        "learning": {
            "batch": 3,
            "local": True,
            "masks": [[0, 5], [1, 2, 4], [0, 1, 2, 3], [3, 6]],
            "rate": 2,
            "mantissa": [8, 10, 12, 9, 15, 11, 13],
        },
        "formats": {"weight": "s1.7", "membrane": "s1.9", "tangent": "s5.3", "target": "s1.8"},
        "hardware": {"simd": [2, 2, 1, 2], "pe": [2, 2, 3, 1]},
    },
    "near": {
        "network": {"layers": [2, 5, 4], "time_steps": 2},
        "learning": {
            "batch": 4,
            "local": True,
            "structure": "factored",
            "rate": 3,
            "rounding": "stochastic",
            "momentum": 2,
        },
        "formats": {"weight": "s1.8", "membrane": "s2.8", "tangent": "s6.3", "target": "s1.7"},
        "hardware": {"simd": [1, 2], "pe": [4, 2], "lanes": 2},
    },
    "single": {
        "network": {"layers": [1, 1, 1], "time_steps": 2},
        "learning": {
            "batch": 1,
            "structure": "factored",
            "rate": 3,
            "mantissa": [10, 13],
            "rounding": "stochastic",
        },
    },
    "still": {
        "network": {"layers": [5, 6, 5, 3], "time_steps": 6, "threshold": 0.75},
        "learning": {"rule": "none"},
        "formats": {"weight": "s1.6", "membrane": "s1.8", "input": "s1.5", "target": "s1.6"},
        "hardware": {"simd": [2, 3, 2], "pe": [3, 4, 2], "protection": "parity"},
    },
}


def described(name: str) -> Description:
    """One of the descriptions."""
    return describe(SHAPES[name], name)


def shape(name: str, layer: int) -> tuple[Description, Geometry, Layer]:
    """One of the descriptions with its sizes, and one of its layers."""
    d = described(name)
    g = geometry(d)
    return d, g, g.layers[layer]
