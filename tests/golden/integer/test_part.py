"""The integer network against the float one, within bounds that follow from its roundings."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.hidden import ReferenceHidden
from dualspike.golden.float.model import Model
from dualspike.golden.float.surrogate import gaussian, slopes_of
from dualspike.golden.integer.rfg.chip import Chip
from dualspike.golden.integer.rounding import Ints, real
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.description.network import SURROGATES
from dualspike.model.description.operator import Operator
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.geometry import geometry
from tests.golden.bounds import FINE, flat, slope_error

SLACK = 1e-12  # float64 rounding of sums of some tens of terms below 2^10


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0])
@pytest.mark.parametrize(("entries", "span", "text"), [(128, 2, "u1.8"), (1024, 4, "u1.15")])
def test_the_table_is_as_near_the_surrogate_as_it_can_be(
    sigma: float, entries: int, span: int, text: str
) -> None:
    surrogate = {"sigma": sigma, "entries": entries, "span": span}
    tables = {
        "network": {"layers": [1, 1, 1], "surrogate": surrogate},
        "formats": {"surrogate": text},
    }
    d = describe(tables, "test")
    table = surrogate_table(d.parts[0]) / 2**d.formats.surrogate.fraction
    x = np.linspace(-span - 1, span + 1, 100_001)
    place = np.floor((x + span) * entries / (2 * span)).astype(int)
    error = np.abs(table[np.clip(place + 1, 0, entries + 1)] - gaussian(x, sigma)).max()
    # The bound adds up two errors that need not meet: most of it must be used all the same.
    assert 0.8 * slope_error(d) <= error <= slope_error(d)


@pytest.mark.parametrize("kind", SURROGATES)
@pytest.mark.parametrize("sigma", [0.3, 0.7, 1.0])
def test_every_kind_is_rounded_at_the_bin_centres(kind: str, sigma: float) -> None:
    surrogate = {"kind": kind, "sigma": sigma, "entries": 256, "span": 4, "samples": 50}
    tables = {
        "network": {"layers": [1, 1, 1], "surrogate": surrogate},
        "learning": {"seed": 7},
        "formats": {"surrogate": "u2.10"},
    }
    d = describe(tables, "test")
    table = surrogate_table(d.parts[0])
    assert table[0] == table[-1] == 0
    x = (np.arange(256) + 0.5) / 32 - 4
    (slope,) = slopes_of([d.network], (7,))
    assert np.abs(table[1:-1] - slope(x) * 2**10).max() <= 0.5 + 1e-9


def test_stein_saturates_where_its_draws_are_above_the_gaussian() -> None:
    surrogate = {"kind": "stein", "sigma": 0.5, "samples": 1}
    tables = {"network": {"layers": [1, 1, 1], "surrogate": surrogate}}
    tables["learning"] = {"seed": 8}
    d = describe(tables, "test")
    (slope,) = slopes_of([d.network], (8,))
    assert float(slope(np.zeros(1))[0]) > 1
    assert surrogate_table(d.parts[0]).max() == 255


TABLES: dict[str, Any] = {
    "network": {
        "layers": [3, 5, 4, 2],
        "time_steps": 4,
        "surrogate": {"sigma": 0.5, "entries": 4096, "span": 2},
    },
    "learning": {"scope": "global", "directions": 3, "batch": 16},
    "formats": FINE,
}


def fine(seed: int, **learning: Any) -> tuple[Description, list[Ints], list[Ints], Ints]:
    """A description in fine formats, stored weights and biases up to a half, and inputs."""
    d = describe({**TABLES, "learning": {**TABLES["learning"], **learning}}, "test")
    f, rng = d.formats, np.random.default_rng(seed)
    half = 1 << (f.weight.fraction - 1)
    weights = [rng.integers(-half, half + 1, s[::-1]) for s in d.shapes]
    biases = [rng.integers(-half, half + 1, s[1]) for s in d.shapes]
    return d, weights, biases, rng.integers(f.input.lowest, f.input.highest + 1, (d.batch[0], 3))


@pytest.mark.parametrize("structure", ["independent", "factored"])
@pytest.mark.parametrize("seed", range(5))
def test_the_float_network_agrees(structure: str, seed: int) -> None:
    """The float network gets the values of the stored weights and inputs, so only roundings differ.

    Values. The membrane has as many fraction bits as weight and input together, so z, U and the
    threshold are exact in both and all spikes agree. T is a power of two: the mean is exact and
    y is rounded once, |y - y_float| <= LSB / 2 of the membrane.

    Tangents. Let h be half an LSB of the tangent, e = `slope_error` and f <= p = f(0) + LSB / 2 the
    surrogate. Each bound M on a float tangent's size gives one E on its error, if nothing clips:

    - direct, |dz| <= sum |x_j| + 1 = M, and one rounding: E[dz] = h;
    - dU[t] sums dz: M and E sum over the steps up to t;
    - dS = f dU, rounded: |f' dU' - f dU| <= f' |dU' - dU| + |f' - f| |dU|, so
      E[dS] = p E[dU] + e M[dU] + h, and M[dS] = f(0) M[dU];
    - spiking, dz = W dS + V S + C with S in {0, 1} exact: M = |W| M[dS] + n_in + 1,
      E = |W| E[dS] + h;
    - readout: E[dy] = |W| (mean over t of E[dS]) + h.
    """
    d, stored, biases, x = fine(seed, structure=structure)
    f = d.formats
    chip = Chip(d, stored, biases, traces=True)
    (signs,) = chip.perturb()
    (result,) = chip.forward([x], [signs])
    assert result.flags == 0

    weights = [real(w, f.weight) for w in stored]
    model = Model(Operator(parts=[d.network]))
    theta = flat(stored, biases) * float(f.weight.lsb)
    v = flat(signs.weights, signs.biases, d.lanes)
    inputs = real(x, f.input)
    y, dy = model.jvp(theta, (inputs,), v)
    hidden = ReferenceHidden(d.network, np.dtype(np.float64))
    spikes = [layer.spikes for layer in hidden.trace(model.layout.split(theta)[0], inputs[None])]
    for layer, expected in zip(result.layers, spikes, strict=False):
        np.testing.assert_array_equal(layer.spikes, expected)
    assert 0.1 < np.mean([layer.mean() for layer in spikes]) < 0.9
    assert np.abs(real(result.y, f.membrane) - y).max() <= 0.5 * float(f.membrane.lsb) + SLACK

    error = np.abs(real(result.dy, f.tangent) - dy).max(axis=(0, 1))
    (bound,) = readout_bounds(d, weights, inputs, weights[-1:])
    assert (error <= bound + SLACK).all()
    assert (bound < 0.03 * np.abs(dy).max()).all(), "the bound would let anything pass"


def readout_bounds(
    d: Description, weights: list[np.ndarray], inputs: np.ndarray, readouts: list[np.ndarray]
) -> list[np.ndarray]:
    """E[dy] of the outputs of ``readouts``, as derived above; they read the deepest layers."""
    spike_errors: list[np.ndarray] = []
    s, steps = d.network.surrogate, d.network.time_steps
    half = 0.5 * float(d.formats.tangent.lsb)
    peak = s.peak + 0.5 * float(d.formats.surrogate.lsb)
    size = np.full((steps, d.shapes[0][1]), np.abs(inputs).sum(axis=1).max() + 1)
    error = np.full((steps, d.shapes[0][1]), half)
    for w in weights[1:]:
        charge, charge_error = size.cumsum(axis=0), error.cumsum(axis=0)
        spike_errors.append(peak * charge_error + slope_error(d) * charge + half)
        size = s.peak * charge @ np.abs(w).T + w.shape[1] + 1
        error = spike_errors[-1] @ np.abs(w).T + half
    return [
        one.mean(axis=0) @ np.abs(w).T + half
        for one, w in zip(spike_errors[-len(readouts) :], readouts, strict=True)
    ]


def test_slopes_with_local_losses_are_those_of_the_float_model() -> None:
    """jvp / (N B) against <dL/dtheta, v> of L = L_global + 1/N sum over n of L_n, lane by lane.

    An output adds |e| E[dy] + |dy| E[y] + E[dy] E[y] to the error of its e dy at most, with E[dy]
    as derived above and half a last bit of the membrane for E[y].
    """
    d, stored, biases, x = fine(3, local=True)
    f, rng = d.formats, np.random.default_rng(4)
    target = rng.integers(f.target.lowest, f.target.highest + 1, (d.batch[0], 2))
    chip = Chip(d, stored, biases)
    (signs,) = chip.copy().perturb()
    traces = chip.forward([x], [signs])[0].layers
    record = chip.update([x], target)
    assert record.flags == 0

    model = Model(Operator(parts=[d.network]), local=True)

    theta = flat(stored, biases) * float(f.weight.lsb)
    v = flat(signs.weights, signs.biases, d.lanes)
    inputs, wanted = real(x, f.input), real(target, f.target)
    loss, slopes = model.slopes(theta, (inputs,), wanted, v, "global")
    hidden = len(d.network.layers) - 2
    scale = hidden * d.batch[0]
    found = np.array(record.jvp) / 2.0 ** (f.membrane.fraction + f.tangent.fraction) / scale
    assert record.loss / 4.0**f.membrane.fraction / scale / 2 == pytest.approx(loss, rel=1e-3)

    weights = [real(w, f.weight) for w in stored]
    chain, readouts = weights[: hidden + 1], weights[hidden + 1 :]
    main = readout_bounds(d, chain, inputs, [chain[-1]])
    bounds = zip([*main, *readout_bounds(d, chain, inputs, readouts)], traces[hidden:], strict=True)
    bound, off = np.zeros(d.lanes), 0.5 * float(f.membrane.lsb)
    for n, (moved, trace) in enumerate(bounds):
        e, dy = real(trace.z, f.membrane) - wanted, real(trace.dz, f.tangent)
        error = np.abs(e) * moved + np.abs(dy) * off + 2 * moved * off
        bound += (1 if n else hidden) * error.sum(axis=(1, 2)) / scale
    error = np.abs(found - slopes[:, 0])
    assert (error <= bound + SLACK).all()
    assert (bound < 0.15 * np.abs(slopes).max()).all(), "the bound would let anything pass"


def test_the_mean_is_near_a_division() -> None:
    """The factor R / 2^s for 1 / T: R >= 2^11, rounded by 1/2 at most, so 2^-12 of its value."""
    for steps in range(1, 1025):
        d = describe({"network": {"layers": [1, 1, 1], "time_steps": steps}}, "test")
        g = geometry(d.parts[0])
        off = Fraction(g.reciprocal * steps, 1 << g.reciprocal_shift) - 1
        assert abs(off) <= Fraction(1, 1 << 12)
        assert off == 0 or g.reciprocal.bit_length() <= 12
        assert (off == 0) == (steps & (steps - 1) == 0)


def test_a_direct_layer_takes_its_sums_once() -> None:
    """The layer's z stays the same over T: one sum for a sample, T of them in the membrane."""
    d = describe({"network": {"layers": [1, 1, 1], "time_steps": 4}}, "test")
    f = d.formats
    one = 1 << f.weight.fraction
    weights = [np.array([[one // 2]]), np.array([[one]])]
    chip = Chip(d, weights, [np.array([0])] * 2, traces=True)
    x = np.array([[1 << f.input.fraction]])
    (result,) = chip.forward([x], chip.perturb())
    # U: 1/2, 1, 3/2 > 1 spikes and leaves 1/2, 1. One spike in four steps: y = 1/4.
    assert result.layers[0].spikes[:, 0, 0].tolist() == [0, 0, 1, 0]
    assert real(result.y, f.membrane).tolist() == [[0.25]]


def test_inference_raises_no_tangent_flag() -> None:
    tables = {"network": {"layers": [2, 3, 1]}, "formats": {"tangent": "s1.0"}}
    d = describe(tables, "test")
    weights = [np.full(s[::-1], d.formats.weight.highest) for s in d.shapes]
    biases = [np.zeros(s[1], np.int64) for s in d.shapes]
    chip = Chip(d, weights, biases)
    x = np.full((2, 2), d.formats.input.highest)
    chip.infer([x])
    assert not chip.flags >> Flag.TANGENT & 1
    chip.forward([x], chip.perturb())
    assert chip.forward([x], chip.perturb())[0].flags >> Flag.TANGENT & 1
