"""Small operator chips for the benches: every kind of walk, folding and format that matters."""

from typing import Any

from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_load import describe_operator


def _part(*layers: int, time_steps: int = 3) -> dict[str, Any]:
    return {"layers": list(layers), "time_steps": time_steps}


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

OPERATOR_SHAPES: dict[str, dict[str, Any]] = {
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
    "single": {
        "operator": {"kind": "deeponet", "parts": [_part(1, 1, 1), _part(1, 1, 1, time_steps=1)]},
        "learning": {"batch": [1, 1], "rate": 4},
    },
}


def operator_described(name: str) -> OperatorDescription:
    """One of the descriptions."""
    return describe_operator(OPERATOR_SHAPES[name], name)
