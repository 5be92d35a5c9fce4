"""Small descriptions of either kind, and data for them."""

from pathlib import Path
from typing import Any

import numpy as np

from dualspike.model.description.load import describe, load
from dualspike.model.interface.identity import config_hash
from dualspike.model.system.seal import sealed

PERCEPTRON = """\
name = "tiny"
[network]
layers = [2, 3, 1]
time_steps = 4
[learning]
batch = 4
updates = 6
rate = 4
"""

OWN_DATA = """\
[data]
source = "data.npz"
"""

OPERATOR = f"""\
name = "tiny"
[operator]
kind = "deeponet"
[[operator.parts]]
layers = [2, 3, 2]
time_steps = 2
[[operator.parts]]
layers = [1, 3, 2]
time_steps = 2
[learning]
batch = [4, 3]
updates = 6
{OWN_DATA}"""

INFERRING = describe(
    {
        "name": "tiny",
        "network": {"layers": [1, 2, 1], "time_steps": 2},
        "learning": {"rule": "none"},
        "formats": {"weight": "s1.4", "membrane": "s2.6", "input": "s1.4", "target": "s1.4"},
    },
    "test",
)
"""The least core for synthesis and place and route."""


def points() -> dict[str, Any]:
    """20 points of x y."""
    x = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    return {"x": x, "y": x[:, :1] * x[:, 1:]}


def functions() -> dict[str, Any]:
    """12 straight lines at 5 points."""
    u = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    points = np.linspace(-1, 1, 5)[:, None]
    return {"u": u, "points": points, "y": u[:, :1] + u[:, 1:] * points.T}


def synthesis(net: Path) -> str:
    """What ``dualspike synth`` writes about a description."""
    found = {
        "name": "tiny",
        "config_hash": config_hash(load(net)),
        "target": "ecp5",
        "tool": "Yosys 0.70",
        "actual": {"lut4": 1000, "ff": 800, "lutram": 4},
        "estimate": {"lut4": 1250, "ff": 800},
        "fmax_mhz": 80.5,
        "seed": 1,
    }
    return sealed(found)
