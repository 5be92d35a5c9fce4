"""Derivatives of firing times: by finite differences, by a closed form, forward against reverse.

Finite differences are central, of fourth order: (8 [f(h) - f(-h)] - [f(2h) - f(-2h)]) / 12 h. A
spike is known by its unit and its number among that unit's spikes, not by its place in time. Steps
are so small that hardly ever a spike passes one that it causes, where derivatives jump.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.exact.causality import causes, slopes
from dualspike.golden.exact.circuit import Circuit, layered
from dualspike.golden.exact.forward import directional, jacobian
from dualspike.golden.exact.reverse import vjp
from dualspike.golden.exact.spikes import Spikes, simulate
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal

Run = Callable[[Doubles, Doubles], Spikes]
UNTIL = 20.0
STEP = 5e-6


def random_inputs(circuit: Circuit, rng: np.random.Generator, n: int = 60) -> tuple[Doubles, Run]:
    times = rng.uniform(0, UNTIL * 0.9, n)
    sources = rng.integers(0, circuit.n_in, n)
    return times, lambda w, t: simulate(circuit, w, t, sources, until=UNTIL)


def recurrent(seed: int) -> tuple[Doubles, Doubles, Run]:
    """20 neurons, inhibition and excitation in loops, all constants different."""
    rng = np.random.default_rng(seed)
    joined = rng.random((26, 20)) < 0.22
    joined[np.arange(6, 26), np.arange(20)] = False
    source, target = np.nonzero(joined)
    circuit = Circuit(
        6,
        20,
        source,
        target + 6,
        synapse=rng.choice([0.8, 1.0, 2.5], 26),
        membrane=rng.uniform(0.3, 1.0, 20),
        threshold=rng.uniform(0.8, 1.2, 20),
    )
    weights = rng.normal(0.05, 0.3, len(source))
    weights[source < 6] = np.abs(weights[source < 6]) + 0.8
    return weights, *random_inputs(circuit, rng)


def feed_forward(seed: int) -> tuple[Doubles, Doubles, Run]:
    rng = np.random.default_rng(seed)
    circuit = layered([5, 10, 8, 4], synapse=1.0, membrane=rng.uniform(0.3, 1.0, 22))
    return rng.normal(0.3, 0.35, circuit.n_edges), *random_inputs(circuit, rng, 40)


NETS = [feed_forward(0), feed_forward(1), recurrent(0), recurrent(1)]
IDS = ["feed-forward 0", "feed-forward 1", "recurrent 0", "recurrent 1"]


def by_name(spikes: Spikes) -> NDArray[np.int64]:
    """Spikes sorted by unit, then time."""
    return np.lexsort((spikes.times, spikes.units))


def differences(run: Run, w: Doubles, t: Doubles, dw: Doubles, dt: Doubles) -> Doubles:
    """Derivatives of all firing times along (dw, dt), in the order of the spikes of run(w, t)."""
    centre = run(w, t)
    names = by_name(centre)

    def moved(steps: int) -> Doubles:
        spikes = run(w + steps * STEP * dw, t + steps * STEP * dt)
        order = by_name(spikes)
        assert np.array_equal(spikes.units[order], centre.units[names])
        return spikes.times[order]

    result = np.empty(len(names))
    result[names] = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * STEP)
    return result


def assert_close(found: Doubles, expected: Doubles) -> None:
    """To 1e-6 of every entry; entries below a hundredth of their row's largest, to 1e-8 of that.

    Rounding of firing times, over the step, is all that these tiny ones can be compared by.
    """
    size = np.maximum(np.abs(expected), np.abs(expected).max(axis=1, keepdims=True) / 100)
    np.testing.assert_array_less(np.abs(found - expected), 1e-6 * size + 1e-300)


@pytest.mark.parametrize("net", [NETS[1], NETS[2]], ids=[IDS[1], IDS[2]])
def test_whole_jacobian_is_that_of_finite_differences(net: tuple[Doubles, Doubles, Run]) -> None:
    w, t, run = net
    spikes = run(w, t)
    assert np.count_nonzero(spikes.given < 0) > 150
    found = jacobian(spikes)
    columns: list[Doubles] = []
    for direction in np.eye(len(w) + len(t)):
        columns.append(differences(run, w, t, direction[: len(w)], direction[len(w) :]))
    assert_close(np.hstack([found.weights, found.inputs]), np.stack(columns, axis=1))


@pytest.mark.parametrize("net", NETS, ids=IDS)
def test_directional_is_that_of_finite_differences(net: tuple[Doubles, Doubles, Run]) -> None:
    w, t, run = net
    rng = np.random.default_rng(3)
    dw, dt = rng.normal(0, 0.05, (6, len(w))), rng.normal(0, 0.05, (6, len(t)))
    expected = [differences(run, w, t, *pair) for pair in zip(dw, dt, strict=True)]
    found = directional(run(w, t), dw, dt)
    assert_close(found.T, np.stack(expected, axis=1))


def test_directional_is_jacobian_times_direction_for_one_and_many() -> None:
    w, t, run = recurrent(1)
    spikes, rng = run(w, t), np.random.default_rng(5)
    dw, dt = rng.standard_normal((3, len(w))), rng.standard_normal((3, len(t)))
    whole = jacobian(spikes)
    many = directional(spikes, dw, dt)
    assert many.shape == (3, len(spikes.times))
    np.testing.assert_allclose(many, dw @ whole.weights.T + dt @ whole.inputs.T, atol=1e-10)
    np.testing.assert_array_equal(directional(spikes, dw[1], dt[1]), many[1])
    np.testing.assert_array_equal(directional(spikes, dw[1]), directional(spikes, dw[1], 0 * t))


@pytest.mark.parametrize("net", NETS, ids=IDS)
def test_reverse_is_forward_transposed_to_rounding(net: tuple[Doubles, Doubles, Run]) -> None:
    w, t, run = net
    spikes = run(w, t)
    whole = jacobian(spikes)
    for seed in range(3):
        bar = np.random.default_rng(seed).standard_normal(len(spikes.times))
        found = vjp(spikes, bar)
        for back, forward in ((found.weights, whole.weights), (found.inputs, whole.inputs)):
            size = np.abs(bar) @ np.abs(forward)
            np.testing.assert_array_less(np.abs(back - bar @ forward), 1e-12 * size + 1e-300)


@pytest.mark.parametrize("net", NETS, ids=IDS)
def test_inputs_that_come_later_together_shift_everything(
    net: tuple[Doubles, Doubles, Run],
) -> None:
    w, t, run = net
    np.testing.assert_allclose(jacobian(run(w, t)).inputs.sum(axis=1), 1, atol=1e-11)


@pytest.mark.parametrize("net", NETS, ids=IDS)
def test_causes_make_up_threshold_and_slope(net: tuple[Doubles, Doubles, Run]) -> None:
    w, t, run = net
    spikes = run(w, t)
    circuit, record = spikes.circuit, causes(spikes)
    fired = spikes.given < 0
    height = np.bincount(record.spike, weights=record.height, minlength=len(spikes.times))
    theta = circuit.threshold[spikes.units[fired] - circuit.n_in]
    np.testing.assert_allclose(height[fired], theta, rtol=1e-12)
    np.testing.assert_allclose(slopes(spikes, record)[fired], spikes.slopes[fired], rtol=1e-12)


def test_causes_are_all_earlier_spikes_of_feeding_units_and_own_ones() -> None:
    w, t, run = recurrent(0)
    spikes = run(w, t)
    circuit, record = spikes.circuit, causes(spikes)
    edges = dict(zip(zip(circuit.source, circuit.target, strict=True), range(len(w)), strict=True))
    units = spikes.units.tolist()
    expected = [
        (s, g, edges.get((units[g], units[s]), -1))
        for s in range(len(units))
        for g in range(s)
        if spikes.times[g] < spikes.times[s]
        and spikes.given[s] < 0
        and (units[g] == units[s] or (units[g], units[s]) in edges)
    ]
    found = list(zip(record.spike, record.cause, record.edge, strict=True))
    assert found == expected
    np.testing.assert_array_equal(
        np.diff(record.begin), np.bincount(record.spike, minlength=len(units))
    )


def one(w: float, alpha: float, beta: float) -> Spikes:
    circuit = Circuit(1, 1, [0], [1], synapse=alpha, membrane=beta)
    return simulate(circuit, [w], [0.25], [0], until=4.0)


def test_first_spike_of_one_neuron_in_closed_form() -> None:
    # w (x - x^2) = 1 with x = exp(-s): x = (1 + sqrt(1 - 4 / w)) / 2, ds = -dx / x.
    w = 5.0
    root = np.sqrt(1 - 4 / w)
    x = (1 + root) / 2
    found = jacobian(one(w, 1.0, 2.0))
    np.testing.assert_allclose(found.weights[1, 0], -1 / (w * w * root * x), rtol=1e-14)
    np.testing.assert_allclose(found.inputs[:, 0], 1, rtol=1e-14)


def test_no_spikes_have_no_derivatives() -> None:
    spikes = simulate(layered([2, 3]), np.ones(6), [], [], until=1.0)
    assert jacobian(spikes).weights.shape == (0, 6)
    assert directional(spikes, np.ones((4, 6))).shape == (4, 0)
    np.testing.assert_array_equal(vjp(spikes, []).weights, np.zeros(6))


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda s: directional(s, [1, 2]), "dweights must be [..., E] with E = 1, not (1, 2)"),
        (lambda s: directional(s, [np.nan]), "dweights must be finite, not nan"),
        (lambda s: directional(s, [1], [1, 2]), "dinputs must be (1,) as dweights, not (2,)"),
        (lambda s: directional(s, [[1]], [1]), "dinputs must be (1, 1) as dweights, not (1,)"),
        (lambda s: jacobian(s, floor=-1), "floor must be finite and >= 0, not -1"),
        (lambda s: vjp(s, [1]), "adjoint must be [S] with S = 2, not (1,)"),
        (lambda s: vjp(s, [1, np.inf]), "adjoint must be finite, not inf"),
    ],
)
def test_bad_input(work: Callable[[Spikes], object], message: str) -> None:
    assert refusal(work, one(5.0, 1.0, 2.0)) == message
