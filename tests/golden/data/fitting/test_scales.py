"""Offsets and scales of inputs: what comes out of them, for any ranges."""

import numpy as np
import pytest

from dualspike.golden.data.fitting.scales import SPREAD, applied, spread, to_ones

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_inputs_of_their_own_sizes_come_to_one_spread(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    sizes, middle = 10.0 ** rng.uniform(-3, 5, n), rng.normal(0, 1e3, n)
    x = middle + sizes * rng.normal(0, 1, (200, n))
    x[:, 0] = 7000.25  # the same in every sample
    z = applied(x, spread(x))
    assert np.abs(z.mean(axis=0)).max() < 0.5 and np.ptp(z[:, 0]) == 0
    np.testing.assert_allclose(z[:, 1:].std(axis=0), SPREAD, rtol=1e-3)
    assert np.abs(applied(x, to_ones(x, x))).max() <= 1.001


@pytest.mark.parametrize("largest", [2, 16, 255, 256, 65535])
def test_whole_numbers_of_like_size_keep_their_zero(largest: int) -> None:
    x = np.random.default_rng(largest).integers(0, largest + 1, (50, 6)).astype(float)
    x[:, 0], x[0, 1] = 0, largest  # a corner without ink
    for keys in (spread(x), to_ones(x, x)):
        assert list(keys) == ["scale"] and 0.5 < keys["scale"] * largest <= 1
        assert np.log2(keys["scale"]).is_integer()


def test_whole_numbers_of_their_own_sizes_are_spread() -> None:
    """Years, prices, a switch: one power of two would make nothing of the last."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, top, 100) for top in (3, 20, 90, 50000)]).astype(float)
    np.testing.assert_allclose(applied(x, spread(x)).std(axis=0), SPREAD, rtol=1e-3)


def test_what_is_there_stays_and_what_is_faint_does_not() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (100, 3))
    assert spread(x) == to_ones(x, x) == {}
    np.testing.assert_allclose(applied(x / 100, spread(x / 100)).std(axis=0), SPREAD, rtol=1e-2)
    still = np.full((9, 2), 5000.5)
    assert applied(still, spread(still)).tolist() == np.zeros((9, 2)).tolist()
