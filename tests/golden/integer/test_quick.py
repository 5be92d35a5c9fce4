"""The quick integer networks against the one that walks through the steps."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.part import IntegerNetwork
from dualspike.golden.integer.rfg.deep import EXACT_BITS, DeepNetwork
from dualspike.golden.integer.rfg.shallow import ShallowNetwork
from dualspike.golden.integer.rfg.signs import SignDrawer
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.geometry import geometry

WIDE = {"tangent": "s12.5", "membrane": "s3.16", "surrogate": "u1.8"}
NARROW = {"tangent": "s2.3", "membrane": "s1.12", "surrogate": "u2.4", "target": "s1.12"}
# Only the early sums fit: some neurons saturate at some steps.
BETWEEN = {"tangent": "s5.3", "membrane": "s2.16", "surrogate": "u1.12"}
SHALLOW, DEEP = [5, 20, 6], [5, 20, 11, 7, 6]


def same_bits(d: Description, steps: int, share: float = 1.0) -> int:
    """Compare them with random weights, up to a share of what is stored; flags with tangents."""
    part, rng, form = d.parts[0], np.random.default_rng(steps), d.formats.weight
    low, high = int(share * form.lowest), int(share * form.highest) + 1
    weights = [rng.integers(low, high, s[::-1]) for s in d.shapes]
    biases = [rng.integers(low, high, s[1]) for s in d.shapes]
    x = rng.integers(d.formats.input.lowest, d.formats.input.highest, (40, d.shapes[0][0]))
    g = geometry(part)
    signs = SignDrawer(d, 0x1234567).draw()[0] if d.lanes else None
    quick = ShallowNetwork if len(d.shapes) == 2 else DeepNetwork
    assert quick.serves(part)
    flags = 0
    for perturbation in (None, signs):
        slow = IntegerNetwork(part, g).forward(weights, biases, x, perturbation)
        soon = quick(part, g).forward(weights, biases, x, perturbation)
        np.testing.assert_array_equal(soon.y, slow.y)
        np.testing.assert_array_equal(soon.dy, slow.dy)
        assert soon.y.dtype == soon.dy.dtype == np.int64
        assert soon.flags == slow.flags
        flags = slow.flags
    return flags


@pytest.mark.parametrize("layers", [SHALLOW, DEEP])
@pytest.mark.parametrize("formats", [WIDE, NARROW, BETWEEN])
@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize(
    ("steps", "neurons"),
    [
        (32, {}),
        (27, {"threshold": 0.75}),
        (27, {"leak": 0.875}),
        (32, {"reset": "attached"}),
        (27, {"leak": 0.5, "reset": "attached", "threshold": 0.3}),
    ],
)
def test_it_gives_the_same_bits(
    layers: list[int], formats: dict[str, str], scope: str, steps: int, neurons: dict[str, Any]
) -> None:
    tables: dict[str, Any] = {
        "network": {"layers": layers, "time_steps": steps, "surrogate": {"sigma": 0.3}} | neurons,
        "learning": {"scope": scope, "directions": 3},
        "formats": formats,
    }
    flags = same_bits(describe(tables, "test"), steps)
    if layers is SHALLOW:
        clips = bool(flags >> Flag.TANGENT & 1)
        assert clips == (formats is not WIDE) or (neurons and formats is BETWEEN)


@pytest.mark.parametrize(
    "learning",
    [
        {"masks": [[2], [0, 3], [1, 2], [3]]},
        {"masks": [[3], [2, 3]]},
        {"frozen": [0, 2]},
        {"frozen": [0, 1, 2]},
        {"rule": "none"},
    ],
)
def test_lanes_may_start_in_any_layer(learning: dict[str, Any]) -> None:
    network = {"layers": DEEP, "time_steps": 9, "threshold": [0.5, 1.0, 0.25]}
    d = describe({"network": network, "learning": learning}, "test")
    # Small weights clip nothing, so what other lanes and layers do is seen in the results.
    assert not same_bits(d, 9, 0.1) >> Flag.TANGENT & 1


def wide(inputs: int) -> Description:
    """A layer of 24 bits times 24 bits."""
    network = {"layers": [2, inputs, 3, 1], "time_steps": 4, "threshold": 0.01}
    formats = {"weight": "s1.22", "tangent": "s1.22", "membrane": "s1.22", "target": "s1.22"}
    return describe({"network": network, "formats": formats}, "test")


def test_it_serves_while_float64_is_exact() -> None:
    served = [n for n in range(1, 200) if DeepNetwork.serves(wide(n).parts[0])]
    most = len(served)
    assert served == list(range(1, most + 1))
    sums = [geometry(wide(n).parts[0]).layers[1].tangent_sum_bits for n in (most, most + 1)]
    assert sums[0] <= EXACT_BITS < sums[1]
    same_bits(wide(most), 4)


@pytest.mark.parametrize(
    "changed", [{"learning": {"local": True}}, {"network": {"coding": "rate"}}]
)
def test_it_leaves_what_it_does_not_know(changed: dict[str, dict[str, Any]]) -> None:
    tables: dict[str, Any] = {"network": {"layers": [2, 4, 4, 1], "time_steps": 4}, "learning": {}}
    assert DeepNetwork.serves(describe(tables, "test").parts[0])
    both = {name: table | changed.get(name, {}) for name, table in tables.items()}
    assert not DeepNetwork.serves(describe(both, "test").parts[0])
