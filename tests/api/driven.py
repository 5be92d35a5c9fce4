"""Small cores of every kind, whose drivers are run against their simulation."""

from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from tests.api.test_golden_vectors import KINDS as MORE

KINDS: dict[str, dict[str, Any]] = {
    "infers": {
        "network": {"layers": [3, 4, 2], "time_steps": 3},
        "learning": {"rule": "none"},
        "hardware": {"simd": [2, 2]},
    },
    "classes": {
        "network": {"layers": [5, 4, 3], "time_steps": 2, "coding": "frames", "leak": 0.5},
        "learning": {"rule": "online", "loss": "margin", "batch": 3},
        "hardware": {"simd": [2, 1]},
    },
    "operator": MORE["operator"] | {"learning": {"batch": [2, 3], "floor": 0.1}},
}


def described(kind: str) -> Description:
    """A core of that kind, named tiny."""
    return describe({"name": "tiny", **KINDS[kind]}, "test")
