"""Where derivatives end: spikes that appear or vanish, grazing, spikes that pass one another."""

import numpy as np
import pytest

from dualspike.golden.exact.circuit import Circuit, layered
from dualspike.golden.exact.forward import directional, jacobian
from dualspike.golden.exact.reverse import vjp
from dualspike.golden.exact.spikes import Spikes, simulate
from tests.refusals import refusal


def single(w: float, until: float = 9.0) -> Spikes:
    """V = w (exp(-t) - exp(-2 t)), whose summit w / 4 is at ln 2: one spike if w > 4, else none."""
    circuit = Circuit(1, 1, [0], [1], synapse=1.0, membrane=2.0)
    return simulate(circuit, [w], [0.0], [0], until=until)


@pytest.mark.parametrize("distance", [1e-2, 1e-5, 1e-8, 1e-11])
def test_a_spike_appears_at_the_summit(distance: float) -> None:
    assert len(single(4 - distance).times) == 1
    spikes = single(4 + distance)
    assert spikes.units.tolist() == [0, 1]
    x = (1 + np.sqrt(distance / (4 + distance))) / 2
    assert spikes.times[1] == pytest.approx(-np.log(x), abs=4e-16 / np.sqrt(distance) + 1e-15)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
def test_its_derivative_grows_like_one_over_the_root_of_the_distance(distance: float) -> None:
    w = 4 + distance
    root = np.sqrt(distance / w)
    expected = -1 / (w * w * root * (1 + root) / 2)
    spikes = single(w)
    # The distance is known to 1e-15 / distance, the slope therefore too.
    close = 1e-15 / distance + 1e-13
    assert jacobian(spikes).weights[1, 0] == pytest.approx(expected, rel=close)
    assert vjp(spikes, [0, 1]).weights[0] == pytest.approx(expected, rel=close)


def grazing() -> Spikes:
    for ulps in range(1, 50):
        spikes = single(4 + ulps * 8.9e-16)
        if len(spikes.times) == 2:
            return spikes
    raise AssertionError


def test_grazing_is_one_clear_error_both_ways() -> None:
    spikes = grazing()
    for work in (
        lambda: directional(spikes, [1.0]),
        lambda: jacobian(spikes),
        lambda: vjp(spikes, [0.0, 1.0]),
    ):
        message = refusal(work)
        begin = "slope at the spike of unit 1 at time 0.693147 must be at least 2e-07, not "
        assert message.startswith(begin)
        assert message.endswith(": it grazes")
        assert "\n" not in message


def test_a_floor_gives_grazing_spikes_a_limited_derivative_both_ways() -> None:
    spikes = grazing()
    # h(ln 2) = 1 / 4 and the slope counts as 0.1 beta theta = 0.2.
    assert directional(spikes, [1.0], floor=0.1)[1] == pytest.approx(-1.25, rel=1e-6)
    assert vjp(spikes, [0.0, 1.0], floor=0.1).weights[0] == pytest.approx(-1.25, rel=1e-6)


def test_a_floor_does_not_touch_steeper_spikes() -> None:
    spikes = single(30.0)
    assert len(spikes.times) > 3
    lowest = spikes.slopes[1:].min() / 2
    exact = jacobian(spikes).weights
    np.testing.assert_array_equal(jacobian(spikes, floor=0.999 * lowest).weights, exact)
    assert not np.array_equal(jacobian(spikes, floor=1.001 * lowest).weights, exact)


def test_a_spike_may_vanish_beyond_the_end_of_the_run() -> None:
    at = single(5.0).times[1]
    assert len(single(5.0, at * (1 - 1e-12)).times) == 1
    assert len(single(5.0, at * (1 + 1e-12)).times) == 2


def test_silent_neurons_have_no_rows_and_give_no_gradient() -> None:
    spikes = simulate(layered([1, 2]), [9.0, 0.1], [0.0], [0], until=3.0)
    silent = spikes.first()
    assert silent[1] > 0
    assert silent[2] == -1
    found = vjp(spikes, np.ones(len(spikes.times)))
    assert found.weights[0] < 0
    assert found.weights[1] == 0
    assert np.all(jacobian(spikes).weights[:, 1] == 0)


def passing(g: float) -> Spikes:
    """A second input that comes at g, around the firing time that the first one alone causes."""
    circuit = Circuit(2, 1, [0, 1], [2, 2], synapse=1.0, membrane=2.0)
    return simulate(circuit, [5.0, 3.0], [0.0, g], [0, 1], until=single(5.0).times[1] + 1e-3)


def test_derivatives_jump_where_a_cause_passes_the_spike_but_times_do_not() -> None:
    f = single(5.0).times[1]
    before, after = passing(f - 1e-9), passing(f + 1e-9)
    first = [spikes.nth(2, 0) for spikes in (before, after)]
    assert before.times[first[0]] == pytest.approx(f, abs=1e-8)
    assert after.times[first[1]] == f
    slope = single(5.0).slopes[1]
    # Before: df / dg = w h'(0) / V' with V' = slope + w h'(0), h'(0) = 1.
    assert jacobian(before).inputs[first[0], 1] == pytest.approx(3 / (slope + 3), rel=1e-7)
    assert jacobian(after).inputs[first[1], 1] == 0
    tie = passing(float(f))
    assert tie.times[tie.nth(2, 0)] == f
    assert jacobian(tie).inputs[tie.nth(2, 0), 1] == 0
    assert vjp(tie, tie.units == 2).inputs[1] == 0


def test_inhibition_that_arrives_at_the_spike_makes_it_vanish_at_a_finite_slope() -> None:
    f = single(5.0).times[1]
    circuit = Circuit(2, 1, [0, 1], [2, 2], synapse=1.0, membrane=2.0)
    found = [
        simulate(circuit, [5.0, -9.0], [0.0, g], [0, 1], until=9.0) for g in (f - 1e-9, f + 1e-9)
    ]
    assert [len(spikes.of(2)) for spikes in found] == [0, 1]
    assert found[1].slopes.max() == pytest.approx(single(5.0).slopes[1], rel=1e-6)
