"""The integer operator chip against the float model, within bounds that follow from its roundings.

`Near` is a float value with a bound on how far the chip's may be from it; the bounds go through
the product unit as the values do: |a'b' - ab| <= |a| Eb + |b| Ea + Ea Eb, sums add them up, and a
rounding adds half a last bit. Rounding of float64 itself is far below.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.model import Model
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.golden.integer.product import IntegerProduct
from dualspike.golden.integer.rfg.chip import Chip
from dualspike.golden.integer.rounding import real
from dualspike.golden.training.fixed_engine import stored_scale
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.load import describe
from dualspike.model.description.operator import Operator
from tests.golden.bounds import FINE, flat, slope_error

SURROGATE = {"sigma": 0.5, "entries": 4096, "span": 2}
FORMATS = FINE | {
    "factor": "s2.12",
    "error": "s4.14",
    "cotangent": "s4.18",
    "scale": "s4.12",
}
PARTS = {
    "deeponet": [[3, 6, 4], [2, 5, 4]],
    "seponet": [[3, 6, 4], [1, 5, 4], [1, 6, 4]],
}
BATCH = {"deeponet": [6, 5], "seponet": [5, 4, 6]}


@dataclass(frozen=True)
class Near:
    """Values, and how far the chip may be from them."""

    value: np.ndarray
    error: np.ndarray

    def __mul__(self, other: "Near") -> "Near":
        size = np.abs(self.value) * other.error + np.abs(other.value) * self.error
        return Near(self.value * other.value, size + self.error * other.error)

    def sum(self, *axes: int) -> "Near":
        return Near(self.value.sum(axis=axes), self.error.sum(axis=axes))

    def rounded(self, form: Format) -> "Near":
        return Near(self.value, self.error + 0.5 * float(form.lsb))

    def times(self, factor: float) -> "Near":
        return Near(self.value * factor, self.error * factor)

    def at(self, *index: Any) -> "Near":
        return Near(self.value[index], self.error[index])


def description(kind: str, floor: float | None, structure: str) -> Description:
    parts = [{"layers": n, "time_steps": 8, "surrogate": SURROGATE} for n in PARTS[kind]]
    learning = {"directions": 2, "batch": BATCH[kind], "structure": structure}
    tables = {"operator": {"kind": kind, "parts": parts}, "formats": FORMATS}
    return describe({**tables, "learning": learning | ({"floor": floor} if floor else {})}, "test")


def tangent_error(d: Description, part: int, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A bound on |dA' - dA| for one hidden layer, as derived in test_integer."""
    half = 0.5 * float(d.formats.tangent.lsb)
    s, steps = d.networks[part].surrogate, np.arange(1, d.networks[part].time_steps + 1)
    peak = s.peak + 0.5 * float(d.formats.surrogate.lsb)
    size = np.abs(x).sum(axis=1).max() + 1
    spike = peak * half * steps + slope_error(d, part) * size * steps + half
    return spike.mean() * np.abs(w).sum(axis=1) + half


@pytest.mark.parametrize("structure", ["independent", "factored"])
@pytest.mark.parametrize("floor", [None, 0.125])
@pytest.mark.parametrize("kind", ["deeponet", "seponet"])
@pytest.mark.parametrize("seed", range(3))
def test_outputs_and_slopes_are_those_of_the_float_model(
    kind: str, floor: float | None, structure: str, seed: int
) -> None:
    """The membrane holds weight times input exactly, so all spikes agree; the rest is rounded."""
    d, rng = description(kind, floor, structure), np.random.default_rng(seed)
    f, n_parts, shifts = d.formats, len(d.parts), [(rows - 1).bit_length() for rows in d.batch]
    stored = [rng.integers(-256, 257, shape[::-1]) for shape in d.shapes]
    biases = [rng.integers(-256, 257, shape[1]) for shape in d.shapes]
    inputs = [
        rng.integers(-64, 65, (rows, part.layers[0]))
        for rows, part in zip(d.batch, d.networks, strict=True)
    ]
    target = rng.integers(-(2**14), 2**14, d.batch)
    chip = Chip(d, stored, biases)
    signs = chip.signs.draw()
    passes = chip.forward(inputs, signs)
    unit = IntegerProduct(d, passes)
    found = unit.errors(target, stored_scale(d, target))
    assert unit.flags == 0
    assert all(one.flags == 0 for one in passes)

    x = [real(rows, f.input) for rows in inputs]
    thetas, factors, tangents = [], [], []
    for part, network in enumerate(d.networks):
        layers = d.layers_of(part)
        own = slice(layers.start, layers.stop)
        thetas.append(flat(stored[own], biases[own]) / 2.0**f.weight.fraction)
        v = flat(signs[part].weights, signs[part].biases, len(d.lanes_of(part)))
        y, dy = Model(Operator(parts=[network])).jvp(thetas[-1], (x[part],), v)
        off = tangent_error(d, part, real(stored[layers[-1]], f.weight), x[part])
        tangents.append(Near(dy, np.broadcast_to(off, dy.shape)))
        exact = Near(y, np.zeros_like(y)).rounded(f.membrane)
        assert_near(real(passes[part].y, f.membrane), exact)
        assert_near(real(passes[part].dy, f.tangent), tangents[-1])
        factors.append(exact.rounded(f.factor))

    chain = [factors[0]]
    for trunk in factors[1:-1]:
        chain.append((chain[-1].at(..., None, slice(None)) * trunk).rounded(f.factor))
    terms = chain[-1].at(..., None, slice(None)) * factors[-1]
    y = terms.sum(-1).rounded(f.membrane)
    model = Model(d.operator, floor=floor)
    theta = np.concatenate(thetas)
    np.testing.assert_allclose(model.predict(theta, tuple(x)), y.value, atol=1e-12)
    assert_near(real(unit.y, f.membrane), y)
    assert (y.error < 0.01 * np.abs(y.value).max()).all(), "the bound would let anything pass"

    goal = real(target, f.target)
    error = Near(y.value - goal, y.error).rounded(f.error)
    weighted = weighed(d, error, goal) if floor else error
    mean = [0.5**shift for shift in shifts]
    assert_near(
        np.array(found.loss / 4.0**f.error.fraction), (error * weighted).sum(*range(n_parts))
    )
    own = mean_errors(d, weighted, chain, factors)
    for part, cotangent in own.items():
        assert_near(real(found.of_outputs[part].values, f.cotangent), cotangent)

    v = directions(model, signs)
    _, slopes = model.slopes(theta, tuple(x), goal, v, "layer")
    cells = math.prod(d.batch) * math.prod(mean)
    jvp = np.empty(d.lanes)
    bound = np.empty(d.lanes)
    for part in range(n_parts):
        near = (tangents[part] * own[part]).sum(1, 2).times(mean[part])
        jvp[d.lanes_of(part)], bound[d.lanes_of(part)] = near.value, near.error
    np.testing.assert_allclose(jvp, slopes.ravel() * cells, atol=1e-12)
    found_jvp = np.array(
        Chip(d, stored, biases).update(inputs, target, scale=stored_scale(d, target)).jvp
    )
    scale = 2.0 ** (f.cotangent.fraction + f.tangent.fraction + max(shifts))
    assert_near(found_jvp / scale, Near(jvp, bound))
    assert (bound < 0.05 * np.abs(jvp).max()).all(), "the bound would let anything pass"


def weighed(d: Description, error: Near, goal: np.ndarray) -> Near:
    """Errors of each function in the measure of its target's size, with the description's floor."""
    floor = d.learning.floor or 0
    squares = np.square(goal).reshape(len(goal), -1).mean(axis=1)
    share = squares.mean() / (squares + floor * squares.mean())
    spread = share.reshape(-1, *[1] * (goal.ndim - 1))
    exact = Near(spread, np.zeros_like(spread)).rounded(d.formats.scale)
    return (error * exact).rounded(d.formats.error)


def mean_errors(
    d: Description, weighted: Near, chain: list[Near], factors: list[Near]
) -> dict[int, Near]:
    """Mean error of every output of every part, by part: the last axis first."""
    n_parts, mean = len(factors), [0.5 ** (rows - 1).bit_length() for rows in d.batch]
    form, own = d.formats.cotangent, dict[int, Near]()
    back = (weighted.at(..., None) * factors[-1]).sum(-2)
    rows = (weighted.at(..., None) * chain[-1].at(..., None, slice(None))).sum(*range(n_parts - 1))
    own[n_parts - 1] = rows.times(math.prod(mean[:-1])).rounded(form)
    for n in range(n_parts - 1, 0, -1):
        carried = back.times(mean[n]).rounded(form)
        if n == 1:
            own[0] = carried
            break
        rows = (carried * chain[n - 2].at(..., None, slice(None))).sum(*range(n - 1))
        own[n - 1] = rows.times(math.prod(mean[: n - 1])).rounded(form)
        back = (carried * factors[n - 1]).sum(-2)
    return own


def directions(model: Model, signs: list[Perturbation]) -> np.ndarray:
    """The two directions of a batch: lane direction * layers + l is one with only layer l left."""
    v = np.zeros((2, model.layout.size))
    for part, perturbation in enumerate(signs):
        for depth, slot in enumerate(model.layout.of_part(part)):
            some = zip(perturbation.weights[depth], perturbation.biases[depth], strict=True)
            moved = np.array([np.concatenate((w.ravel(), b)) for w, b in some])
            v[:, slot.slice] = moved[np.abs(moved).any(axis=1)]
    return v


def assert_near(found: np.ndarray, near: Near) -> None:
    assert (np.abs(found - near.value) <= near.error + 1e-12).all()
