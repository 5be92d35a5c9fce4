"""Small descriptions on which the benches run: between them every folding, structure and width.

| name     | what is special                                                                    |
|----------|------------------------------------------------------------------------------------|
| plain    | nothing folded, default formats, power-of-two T                                    |
| folded   | pe and simd that do not divide, factored signs, T = 5, a lane without a layer      |
| twisted  | several groups everywhere, T = 1, results finer than sums, 3 lanes in 2 passes     |
| odd      | four mixed lanes, narrow formats that saturate often, last group shorter than rest |
| gliding  | momentum, with every other way to learn: masks, passes, mantissas, stages; ecc     |
| deep     | weights of the middle layer in block RAMs, where a device has any                  |
| wide     | a fast chip whose memories are block RAMs with registers, wherever it can be; ecc  |
| single   | one neuron in each layer                                                           |
| still    | folded as well, narrow membranes, inference only, parity                           |
| leaky    | a leak, a threshold for each layer, a rectangle, coding rate, five bits of state   |
| event    | silent chunks skipped in layers 1 and 2, independent signs in a memory, 2 passes   |
| sparse   | the same with factored signs, which need none, and wide chunks                     |
| attached | reset attached, few rows and many, a triangle, a leak, coding bernoulli            |
| local    | local losses of three hidden layers, so weights of 1/3, lanes of every kind        |
| near     | the same of one layer, whose readout shares the counter; 3 lanes in 2 passes, T = 2 |

and operator networks, between them every kind of walk, folding and format that matters:

| name     | what is special                                                                    |
|----------|------------------------------------------------------------------------------------|
| pair     | a DeepONet with a floor, terms that do not divide the basis, other T in its parts  |
| triple   | two trunks, all terms at once, factored signs, scope global                        |
| tight    | three trunks, narrow formats that saturate often, one term at a time               |
| sliding  | momentum, with every other way to learn: masks, mantissas, stages; ecc             |
| point    | one neuron in each layer, one function at one point                                |
| rest     | inference only, ends of formats, all else as in tight; parity                      |
| apart    | the same of a DeepONet whose walks are shorter than its basis, folded              |
"""

from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import Geometry, geometry
from dualspike.model.sizes.layers import Layer


def _part(*layers: int, time_steps: int = 3) -> dict[str, Any]:
    return {"layers": list(layers), "time_steps": time_steps}


SLIDES = {"rounding": "stochastic", "momentum": 2}
TIGHT = {
    "weight": "s1.5",
    "membrane": "s3.6",
    "tangent": "s5.2",
    "surrogate": "u0.6",
    "input": "s1.4",
    "target": "s1.5",
    "factor": "s1.4",
    "error": "s0.5",
    "cotangent": "s0.4",
    "scale": "s2.3",
}

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
        "learning": {"batch": 4, "local": True, "structure": "factored", "rate": 3, **SLIDES},
        "formats": {"weight": "s1.8", "membrane": "s2.8", "tangent": "s6.3", "target": "s1.7"},
        "hardware": {"simd": [1, 2], "pe": [4, 2], "lanes": 2},
    },
    "fast": {
        "network": {"layers": [3, 6, 5, 2], "time_steps": 4},
        "learning": {"batch": 3, "rate": 3},
        "hardware": {"simd": [1, 2, 1], "pe": [2, 3, 1], "clock": 125},
    },
    "deep": {
        "network": {"layers": [1, 16, 8, 1], "time_steps": 1},
        "hardware": {"pe": [1, 1, 1]},
    },
    "wide": {
        "network": {"layers": [1, 86, 2, 86, 1], "time_steps": 2},
        "learning": {"batch": 2, "directions": 2},
        "hardware": {"pe": [1, 1, 1, 1], "clock": 125, "protection": "ecc"},
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
    "pair": {
        "operator": {"kind": "deeponet", "parts": [_part(3, 4, 3), _part(2, 3, 3, time_steps=4)]},
        "learning": {"batch": [3, 5], "floor": 0.25, "rate": 2, "directions": 2},
        "hardware": {"terms": 2, "pe": [2, 1, 3, 2], "simd": [2, 1, 1, 2]},
    },
    "triple": {
        "operator": {"kind": "seponet", "parts": [_part(2, 3, 4), _part(1, 4, 4), _part(1, 2, 4)]},
        "learning": {"batch": [3, 2, 6], "scope": "global", "rate": 3, "structure": "factored"},
        "hardware": {"terms": 4},
    },
    "tight": {
        "operator": {
            "kind": "seponet",
            "parts": [_part(2, 2, 2, 2), _part(1, 3, 2), _part(1, 2, 2), _part(1, 2, 2)],
        },
        "learning": {"batch": [2, 3, 2, 4], "floor": 0.5, "rate": -1},
        "formats": TIGHT,
        "hardware": {"terms": 1},
    },
    "sliding": {
        "operator": {"kind": "deeponet", "parts": [_part(2, 3, 2), _part(1, 3, 2)]},
        "learning": {
            "batch": [4, 3],
            "rate": 3,
            "updates": 230,
            "stages": 3,
            "masks": [[0, 1], [1, 2], [3, 0]],
            "mantissa": [8, 11, 15, 9],
            "rounding": "stochastic",
            "momentum": 2,
            "schedule": "chip",
        },
        "hardware": {"protection": "ecc"},
    },
    "point": {
        "operator": {"kind": "deeponet", "parts": [_part(1, 1, 1), _part(1, 1, 1, time_steps=1)]},
        "learning": {"batch": [1, 1], "rate": 4},
    },
    "rest": {
        "operator": {
            "kind": "seponet",
            "parts": [_part(2, 2, 2, 2), _part(1, 3, 2), _part(1, 2, 2), _part(1, 2, 2)],
        },
        "learning": {"batch": [2, 3, 2, 4], "rule": "none", "floor": 0.5, "momentum": 3},
        "formats": TIGHT,
        "hardware": {"terms": 1, "protection": "parity"},
    },
    "apart": {
        "operator": {"kind": "deeponet", "parts": [_part(3, 4, 3), _part(2, 3, 3, time_steps=4)]},
        "learning": {"batch": [3, 2], "rule": "none"},
        "hardware": {"terms": 2, "pe": [2, 1, 3, 2], "simd": [2, 1, 1, 2]},
    },
}


OPERATORS = [name for name, tables in SHAPES.items() if "operator" in tables]


def described(name: str) -> Description:
    """One of the descriptions."""
    return describe(SHAPES[name], name)


def shape(name: str, layer: int) -> tuple[Description, Geometry, Layer]:
    """A perceptron with its sizes, and one of its layers."""
    d = described(name)
    g = geometry(d.parts[0])
    return d, g, g.layers[layer]
