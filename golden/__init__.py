"""What the chip must compute: float reference, bit-exact integers, estimators, data, training.

For research: `Model` is the float network of an operator or perceptron, `estimators` its gradients,
`problems` data, `online` rules that learn in time, `exact` gradients of firing times. Each is
imported when it is first used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "estimators": "float.estimators",
    "exact": "exact",
    "online": "online",
    "problems": "data.problems",
}


def __getattr__(name: str) -> Any:
    if name == "Model":
        return import_module("dualspike.golden.float.model").Model
    if name in _HOMES:
        return import_module(f"dualspike.golden.{_HOMES[name]}")
    raise AttributeError(f"module 'dualspike.golden' has no attribute {name!r}")
