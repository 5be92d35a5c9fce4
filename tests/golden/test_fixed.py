import numpy as np
import pytest

from dualspike.golden.data import load_data
from dualspike.golden.fixed import FixedEngine, first_chip, real_loss
from dualspike.golden.network import start
from dualspike.golden.train import train
from dualspike.model.load import describe

TABLES = {
    "network": {"layers": [2, 12, 1], "time_steps": 16},
    "learning": {"batch": 32, "updates": 200, "rate": 4, "stages": 3},
}


def test_start_weights_are_the_float_ones_rounded():
    d = describe(TABLES, "test")
    chip = first_chip(d)
    params = start(d, 1)
    lsb = float(d.formats.weight.lsb)
    for stored, value in zip(
        [*chip.weights, *chip.biases], [*params.weights, *params.biases], strict=True
    ):
        assert stored.dtype == np.int64
        assert np.abs(stored * lsb - value).max() <= lsb / 2


def test_start_weights_saturate_in_a_narrow_format():
    d = describe(TABLES | {"formats": {"weight": "s0.4"}}, "test")
    assert max(w.max() for w in first_chip(d).weights) <= 15
    coarse = {"weight": "s0.2", "membrane": "s2.4", "target": "s1.2"}
    network = {"layers": [1, 2, 1], "surrogate": {"entries": 16}}
    for seed in range(1, 40):
        tables = {"network": network, "formats": coarse, "learning": {"seed": seed}}
        chip = first_chip(describe(tables, "test"))
        assert all(-4 <= v.min() and v.max() <= 3 for v in [*chip.weights, *chip.biases])


def test_loss_is_half_the_mean_squared_error():
    d = describe(TABLES, "test")
    data = load_data(d)
    engine = FixedEngine(d)
    x, y = data.x[:32], data.y[:32]
    expected = 0.5 * np.square(engine.predict(x) - y).sum() / 32
    loss = engine.update(x, y, 0)
    # Targets are stored with an error of at most half of their last bit, 2^-17.
    slack = 2**-17 * np.abs(engine.predict(x) - y).max() * 2 + 2**-30
    assert loss == pytest.approx(expected, abs=slack, rel=1e-3)
    assert real_loss(d, 1 << 32, 1) == 0.5


def test_training_learns_and_repeats_exactly():
    d = describe(TABLES, "test")
    data = load_data(d)
    first, second = FixedEngine(d), FixedEngine(d)
    result = train(first, d, data)
    assert result.rel_l2 < 0.5 * result.rel_l2_before
    again = train(second, d, data)
    np.testing.assert_array_equal(result.losses, again.losses)
    np.testing.assert_array_equal(first.weights().weights[1], second.weights().weights[1])
