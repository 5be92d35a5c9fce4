"""Layers of a batch against the simulation of circuits and its derivatives, and their borders."""

import numpy as np
import pytest

from dualspike.golden.exact.circuit import layered
from dualspike.golden.exact.forward import directional
from dualspike.golden.exact.layers import ExactLayer, SpikeTrains, followed, given
from dualspike.golden.exact.reverse import vjp
from dualspike.golden.exact.spikes import Spikes, simulate
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal

UNTIL = 12.0
SIZES = (4, 30, 5)
# Rates, and a scale of the weights that gives every neuron a few spikes.
RATES = [(1.0, 1.0, 4.0), (1.0, 0.25, 1.5), (0.5, 2.0, 2.5), (1.0, 1.0 + 1e-9, 4.0)]


def weights(rng: np.random.Generator, scale: float) -> tuple[Doubles, Doubles]:
    """Excitation with some inhibition, some neurons silent."""
    first = rng.normal(0.6 * scale, 0.6 * scale, (SIZES[1], SIZES[0]))
    first[:3] = -1.0
    return first, rng.normal(0.1 * scale, 0.15 * scale, (SIZES[2], SIZES[1]))


def of_layer(spikes: Spikes, layer: int) -> np.ndarray:
    low = sum(SIZES[:layer])
    return np.flatnonzero((spikes.units >= low) & (spikes.units < low + SIZES[layer]))


@pytest.mark.parametrize(("alpha", "beta", "scale"), RATES)
def test_layers_are_layered_circuits(alpha: float, beta: float, scale: float) -> None:
    """Spikes, slopes, tangents along 6 directions and the gradient of a random loss."""
    rng = np.random.default_rng(4)
    first, second = weights(rng, scale)
    times = rng.uniform(0, 6, (8, SIZES[0]))
    layers = [ExactLayer(w, alpha, beta, 1.0, UNTIL) for w in (first, second)]
    inputs = given(times)
    hidden = layers[0].fire(inputs)
    outputs = layers[1].fire(hidden)
    fired = np.isfinite(outputs.times)
    assert fired.sum() > 60
    assert np.isfinite(hidden.times).sum() > 300
    dfirst, dsecond = (
        rng.standard_normal((*first.shape, 6)),
        rng.standard_normal((*second.shape, 6)),
    )
    dinputs = rng.standard_normal((*times.shape, 6))
    dhidden = layers[0].tangents(inputs, hidden, dfirst, dinputs)
    doutputs = layers[1].tangents(hidden, outputs, dsecond, dhidden)
    bar = np.where(fired, rng.standard_normal(fired.shape), 0.0)
    found_second, hidden_bar = layers[1].vjp(hidden, outputs, bar)
    found_first, input_bar = layers[0].vjp(inputs, hidden, hidden_bar)

    circuit = layered(SIZES, synapse=alpha, membrane=beta)
    w = np.concatenate([first.ravel(), second.ravel()])
    dw = np.concatenate([dfirst.reshape(-1, 6), dsecond.reshape(-1, 6)]).T
    gradient = np.zeros_like(w)
    for b, row in enumerate(times):
        spikes = simulate(circuit, w, row, np.arange(SIZES[0]), until=UNTIL)
        for layer, batch in ((1, hidden), (2, outputs)):
            own = of_layer(spikes, layer)
            n = len(own)
            assert np.isinf(batch.times[b, n:]).all()
            assert (spikes.units[own] - sum(SIZES[:layer]) == batch.units[b, :n]).all()
            np.testing.assert_allclose(batch.times[b, :n], spikes.times[own], rtol=0, atol=1e-12)
            np.testing.assert_allclose(batch.slopes[b, :n], spikes.slopes[own], atol=1e-10)
        by_input = np.empty((SIZES[0], 6))
        by_input[inputs.units[b]] = dinputs[b]
        tangents = directional(spikes, dw, by_input.T)
        own = of_layer(spikes, 2)
        size = np.abs(tangents).max()
        np.testing.assert_allclose(doutputs[b, : len(own)].T, tangents[:, own], atol=1e-11 * size)
        adjoint = np.zeros(len(spikes.times))
        adjoint[own] = bar[b, : len(own)]
        back = vjp(spikes, adjoint)
        gradient += back.weights
        size = np.abs(back.inputs).max()
        np.testing.assert_allclose(
            input_bar[b], back.inputs[inputs.units[b]], atol=1e-11 * max(size, 1.0)
        )
    found = np.concatenate([found_first.ravel(), found_second.ravel()])
    np.testing.assert_allclose(found, gradient, atol=1e-11 * np.abs(gradient).max())


def test_once_is_the_first_spikes_of_a_layer() -> None:
    rng = np.random.default_rng(5)
    w, _ = weights(rng, 3.0)
    inputs = given(rng.uniform(0, 6, (20, SIZES[0])))
    every = ExactLayer(w, 1.0, 0.5, 1.0, UNTIL).fire(inputs)
    once = ExactLayer(w, 1.0, 0.5, 1.0, UNTIL, once=True).fire(inputs)
    assert (every.silent == once.silent).all()
    assert 0 < every.silent.mean() < 0.5
    assert every.begin[:, -1].sum() > 1.5 * once.begin[:, -1].sum()
    place, other = every.first(), once.first()
    for b, j in zip(*np.nonzero(~every.silent), strict=True):
        assert every.times[b, place[b, j]] == once.times[b, other[b, j]]
        assert every.units[b, place[b, j]] == j
    assert (np.sort(other, axis=1)[:, -1] == once.begin[:, -1] - 1).all()


def test_a_horizon_leaves_later_tangents_out_and_earlier_ones_alone() -> None:
    rng = np.random.default_rng(6)
    w, _ = weights(rng, 2.0)
    inputs = given(rng.uniform(0, 6, (5, SIZES[0])))
    layer = ExactLayer(w, 1.0, 0.5, 1.0, UNTIL)
    batch = layer.fire(inputs)
    dw = rng.standard_normal((*w.shape, 3))
    horizon = np.linspace(0, 8, 5)
    whole, part = (
        layer.tangents(inputs, batch, dw),
        layer.tangents(inputs, batch, dw, None, horizon),
    )
    early = batch.times <= horizon[:, None]
    assert 0.1 < early.mean() < 0.9
    np.testing.assert_array_equal(part, np.where(early[:, :, None], whole, 0))


def test_one_more_spike_follows_all_others() -> None:
    batch = ExactLayer(np.array([[3.0], [9.0]]), 1.0, 1.0, 1.0, 4.0).fire(
        given(np.array([[0.5], [5.0]]))
    )
    assert batch.begin.tolist() == [[0, 1, 7], [0, 0, 0]]
    heard = followed(batch, 4.5, 2)
    assert (heard.times[0, :7] == batch.times[0, :7]).all()
    assert heard.times[:, -1].tolist() == [4.5, np.inf]
    assert heard.times[1, 0] == 4.5
    assert (heard.units[0, -1], heard.units[1, 0]) == (2, 2)


@pytest.mark.parametrize("distance", [1e-3, 1e-7, 1e-10])
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_spikes_at_a_summit_appear_where_it_reaches_the_threshold(
    beta: float, distance: float
) -> None:
    # w h has its summit at ln(beta) / (beta - 1), at 1 for equal rates.
    at = np.log(beta) / (beta - 1) if beta != 1 else 1.0
    height = (np.exp(-at) - np.exp(-beta * at)) / (beta - 1) if beta != 1 else np.exp(-1)
    inputs = given(np.array([[0.25]]))
    none, one = (
        ExactLayer(np.array([[w / height]]), 1.0, beta, 1.0, 9.0, once=True).fire(inputs)
        for w in (1 - distance, 1 + distance)
    )
    assert none.silent.all()
    assert 0 < 0.25 + at - one.times[0, 0] < 3 * np.sqrt(distance)
    s = one.times[0, 0] - 0.25
    h = (np.exp(-s) - np.exp(-beta * s)) / (beta - 1) if beta != 1 else s * np.exp(-s)
    assert (1 + distance) / height * h == pytest.approx(1, abs=1e-14)


def test_inhibition_right_before_a_spike_takes_it_away_and_right_behind_does_not() -> None:
    layer = ExactLayer(np.array([[5.0, -90.0]]), 1.0, 2.0, 1.0, 9.0, once=True)
    alone = (
        ExactLayer(np.array([[5.0]]), 1.0, 2.0, 1.0, 9.0).fire(given(np.zeros((1, 1)))).times[0, 0]
    )
    for at, fires in ((alone * (1 - 1e-9), False), (alone * (1 + 1e-9), True)):
        inputs = given(np.array([[0.0, at]]))
        batch = layer.fire(inputs)
        assert batch.silent.all() == (not fires)
    assert batch.times[0, 0] == alone
    assert layer.vjp(inputs, batch, np.array([[1.0, 0.0]]))[1][0, 1] == 0


def test_a_layer_without_inputs_is_silent() -> None:
    empty = SpikeTrains(np.zeros((3, 0)), np.zeros((3, 0), np.int64))
    layer = ExactLayer(np.ones((2, 1)), 1.0, 1.0, 1.0, 5.0)
    batch = layer.fire(empty)
    assert batch.silent.all()
    assert (batch.first() == -1).all()
    assert layer.tangents(empty, batch, np.ones((2, 1, 4))).shape == (3, 1, 4)


def test_bad_runs() -> None:
    inputs = given(np.zeros((1, 1)))
    busy = ExactLayer(np.array([[90.0]]), 1.0, 1.0, 1.0, 9.0)
    assert (
        refusal(busy.fire, inputs, limit=3)
        == "spikes of a layer must be at most 3 in a sample, not more"
    )
    for ulps in range(1, 50):
        grazing = ExactLayer(np.array([[4 + ulps * 8.9e-16]]), 1.0, 2.0, 1.0, 9.0, once=True)
        batch = grazing.fire(inputs)
        if not batch.silent.any():
            break
    for work in (
        lambda: grazing.tangents(inputs, batch, np.ones((1, 1, 1))),
        lambda: grazing.vjp(inputs, batch, np.array([[1.0, 0.0]])),
    ):
        message = refusal(work)
        assert message.startswith("slopes must be at least 2e-07, not ")
        assert message.endswith(": a spike grazes")


def test_a_floor_limits_derivatives_of_grazing_spikes() -> None:
    inputs = given(np.zeros((1, 1)))
    layer = ExactLayer(np.array([[4 + 1e-13]]), 1.0, 2.0, 1.0, 9.0, once=True, floor=0.1)
    batch = layer.fire(inputs)
    # h(ln 2) = 1 / 4 and the slope counts as 0.1 beta theta = 0.2.
    assert layer.tangents(inputs, batch, np.ones((1, 1, 1)))[0, 0] == pytest.approx(-1.25, rel=1e-6)
    adjoint = np.array([[1.0, 0.0]])
    assert layer.vjp(inputs, batch, adjoint)[0][0, 0] == pytest.approx(-1.25, rel=1e-6)
