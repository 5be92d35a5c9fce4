"""The quick integer network for one hidden layer against the one that walks through the steps."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.part import IntegerNetwork
from dualspike.golden.integer.rfg.shallow import ShallowNetwork
from dualspike.golden.integer.rfg.signs import SignDrawer
from dualspike.model.description.load import describe
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.geometry import geometry

WIDE = {"tangent": "s12.5", "membrane": "s3.16", "surrogate": "u1.8"}
NARROW = {"tangent": "s2.3", "membrane": "s1.12", "surrogate": "u2.4", "target": "s1.12"}
# Only the early sums fit: some neurons saturate at some steps.
BETWEEN = {"tangent": "s5.3", "membrane": "s2.16", "surrogate": "u1.12"}


@pytest.mark.parametrize("formats", [WIDE, NARROW, BETWEEN])
@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize(
    ("steps", "neurons"),
    [
        (32, {}),
        (27, {"threshold": [0.75]}),
        (27, {"leak": 0.875}),
        (32, {"reset": "attached"}),
        (27, {"leak": 0.5, "reset": "attached", "threshold": 0.3}),
    ],
)
def test_it_gives_the_same_bits(
    formats: dict[str, str], scope: str, steps: int, neurons: dict[str, Any]
) -> None:
    network = {"layers": [5, 20, 6], "time_steps": steps, "surrogate": {"sigma": 0.3}}
    tables: dict[str, Any] = {
        "network": network | neurons,
        "learning": {"scope": scope, "directions": 3},
        "formats": formats,
    }
    d = describe(tables, "test")
    part, rng, form = d.parts[0], np.random.default_rng(steps), d.formats.weight
    weights = [rng.integers(form.lowest, form.highest, s[::-1]) for s in d.shapes]
    biases = [rng.integers(form.lowest, form.highest, s[1]) for s in d.shapes]
    x = rng.integers(d.formats.input.lowest, d.formats.input.highest, (40, 5))
    g, signs = geometry(part), SignDrawer(d, 0x1234567).draw()[0]
    for perturbation in (signs, None):
        slow = IntegerNetwork(part, g).forward(weights, biases, x, perturbation)
        quick = ShallowNetwork(part, g).forward(weights, biases, x, perturbation)
        np.testing.assert_array_equal(quick.y, slow.y)
        np.testing.assert_array_equal(quick.dy, slow.dy)
        assert quick.y.dtype == quick.dy.dtype == np.int64
        assert quick.flags == slow.flags
    clipped = IntegerNetwork(part, g).forward(weights, biases, x, signs).flags
    clips = bool(clipped >> Flag.TANGENT & 1)
    assert clips == (formats is not WIDE) or (neurons and formats is BETWEEN)
