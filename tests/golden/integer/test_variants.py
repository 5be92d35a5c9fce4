"""Leak, attached reset, every surrogate and coding: integers in fine formats against the floats.

Roundings of a leaking membrane can move a spike, so values are compared where nothing moved and
samples are counted; `test_chip` has every bit, `test_integer` bounds for integrate and fire.
"""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.model import Model
from dualspike.golden.integer.coding import Coder
from dualspike.golden.integer.rfg.chip import Chip
from dualspike.golden.integer.rounding import quantise, real
from dualspike.model.description.load import describe
from dualspike.model.description.operator import Operator
from tests.golden.bounds import flat
from tests.refusals import refusal

FORMATS = {
    "weight": "s1.12",
    "input": "s1.12",
    "membrane": "s6.17",
    "tangent": "s11.12",
    "surrogate": "u2.16",
    "target": "s1.12",
}
SURROGATE = {"sigma": 0.6, "entries": 4096, "span": 4}


@pytest.mark.parametrize(
    "neurons",
    [
        {"leak": 0.75},
        {"reset": "attached"},
        {"leak": 0.984375, "reset": "attached", "threshold": [0.7, 0.5]},
        {"threshold": [0.4, 1.1], "surrogate": SURROGATE | {"kind": "triangle"}},
        {"leak": 0.5, "surrogate": SURROGATE | {"kind": "rectangle"}},
        {"surrogate": SURROGATE | {"kind": "fast_sigmoid", "span": 32}},
        {"surrogate": SURROGATE | {"kind": "stein"}},
        {"coding": "rate"},
        {"coding": "rate", "leak": 0.875, "reset": "attached"},
    ],
)
def test_the_float_network_is_near(neurons: dict[str, Any]) -> None:
    network = {"layers": [3, 6, 5, 2], "time_steps": 16, "surrogate": SURROGATE} | neurons
    learning = {"scope": "global", "directions": 3, "batch": 64, "seed": 9}
    d = describe({"network": network, "learning": learning, "formats": FORMATS}, "test")
    f, rng = d.formats, np.random.default_rng(3)
    weights = [rng.integers(-3000, 3000, s[::-1]) for s in d.shapes]
    biases = [rng.integers(-1000, 1000, s[1]) for s in d.shapes]
    x = rng.integers(-(2**12), 2**12, (64, 3))
    chip = Chip(d, weights, biases)
    (signs,) = chip.perturb()
    (result,) = chip.forward([x], [signs])
    assert result.flags == 0
    theta, v = flat(weights, biases) / 2**12, flat(signs.weights, signs.biases, 3)
    y, dy = Model(Operator(parts=[d.network])).jvp(theta, (real(x, f.input),), v, (9, 0))
    same = np.abs(real(result.y, f.membrane) - y).max(axis=1) < 1e-4
    assert same.mean() > 0.9, "spikes are moved by roundings, but not many"
    off = np.abs(real(result.dy, f.tangent) - dy)[:, same]
    assert np.median(off) < 5e-3 * np.abs(dy).mean()
    assert np.quantile(off, 0.9) < 2e-2 * np.abs(dy).mean()


def test_drawn_spikes_have_the_mean_of_the_input() -> None:
    """The mean of N draws has variance |x| (1 - |x|) / N: 5 standard deviations for each input."""
    network = {"layers": [5, 2, 1], "time_steps": 64, "coding": "bernoulli"}
    d = describe({"network": network, "formats": {"input": "s1.10"}}, "test")
    x = np.array([-1.0, -0.3, 0.0, 0.125, 0.9])
    stored = np.tile(quantise(x, d.formats.input, "x"), (500, 1))
    frames = Coder(d.parts[0]).frames(stored)
    size = np.abs(real(stored[0], d.formats.input))
    spread = np.sqrt(size * (1 - size) / (500 * 64))
    assert (np.abs(frames.mean(axis=(0, 1)) - np.sign(x) * size) <= 5 * spread).all()
    assert set(np.unique(frames)) == {-1, 0, 1}


def test_the_register_goes_on_from_sample_to_sample() -> None:
    network = {"layers": [3, 2, 1], "time_steps": 5, "coding": "bernoulli"}
    d = describe({"network": network}, "test")
    x = np.random.default_rng(1).integers(-(2**14), 2**14, (6, 3))
    whole, parts = Coder(d.parts[0]), Coder(d.parts[0])
    frames = whole.frames(x)
    pieces = [parts.frames(x[:2]), parts.frames(x[2:])]
    np.testing.assert_array_equal(frames, np.concatenate(pieces, axis=1))
    assert whole.state == parts.state != Coder(d.parts[0]).state


def test_drawn_spikes_are_not_drawn_again_for_another_pass() -> None:
    tables = {"network": {"layers": [3, 2, 1], "coding": "bernoulli"}, "hardware": {"lanes": 1}}
    line = "hardware.lanes must be at least 2 with coding bernoulli, not 1"
    assert refusal(describe, tables, "test") == f"test: {line}"


@pytest.mark.parametrize("coding", ["rate", "bernoulli"])
def test_a_coding_needs_a_fraction(coding: str) -> None:
    network = {"layers": [3, 2, 1], "coding": coding}
    line = f"formats.input must have at least 1 fraction bit with coding {coding}, not s4.0"
    whole = f"test: {line}"
    assert refusal(describe, {"network": network, "formats": {"input": "s4.0"}}, "test") == whole
