"""Convolutions and pooling: transposes, standardised kernels, fan-out, what is refused."""

import re

import numpy as np
import pytest

from dualspike.golden.online.convolution import (
    Convolution,
    Pooled,
    Shape,
    convolutional,
    standardised,
)
from dualspike.golden.online.dense import DenseSynapses
from dualspike.golden.online.synapses import Synapses
from dualspike.model.errors import BadInput
from tests.refusals import refusal

SHAPE = Shape(4, 6, 3)


def kinds() -> list[Synapses]:
    pooled = Shape(2, 3, 3)
    return [
        DenseSynapses(72, 5),
        Convolution(SHAPE, 2),
        Convolution(SHAPE, 4, 1),
        Convolution(SHAPE, 2, 5),
        Pooled(SHAPE, 2, Convolution(pooled, 4)),
        Pooled(SHAPE, 2, DenseSynapses(pooled.size, 5)),
    ]


@pytest.mark.parametrize("one", kinds())
def test_back_is_the_transpose_and_spikes_fan_out(one: Synapses) -> None:
    rng = np.random.default_rng(2)
    own = rng.standard_normal(one.size)
    biases = one.currents(own, np.zeros((1, one.n_in)))
    matrix = one.currents(own, np.eye(one.n_in)) - biases
    delta = rng.standard_normal((4, one.n_out))
    np.testing.assert_allclose(one.back(own, delta), delta @ matrix.T, rtol=1e-12, atol=1e-14)
    # A spike meets a weight that is not 0 wherever it arrives.
    assert one.fan_out == pytest.approx((np.abs(matrix) > 1e-12).sum(axis=1).mean())


def test_kernels_have_no_mean_and_the_norm_of_their_gain() -> None:
    rng = np.random.default_rng(3)
    gain = np.array([1, 0.5])
    V = standardised(7 + rng.standard_normal((2, 90)), gain)[0]
    np.testing.assert_allclose(V.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(V, axis=1), 2.74 * gain, rtol=1e-5)


def test_spikes_make_currents_of_variance_one() -> None:
    """At the firing rate 0.16, where the variance of a spike times 2.74^2 is about 1."""
    rng = np.random.default_rng(5)
    one = Convolution(Shape(20, 20, 8), 32)
    own = np.empty(one.size)
    one.start(own, rng)
    spikes = (rng.random((20, one.n_in)) < 0.16).astype(float)
    inner = one.shape.unfold(one.currents(own, spikes))[:, 1:-1, 1:-1]
    assert inner.var() == pytest.approx(2.74**2 * 0.16 * 0.84, rel=0.05)


def test_bad_shapes() -> None:
    rng = np.random.default_rng(0)
    assert refusal(Convolution, SHAPE, 2, 2) == "kernel must be odd and from 1 up, not 2"
    assert refusal(Pooled, SHAPE, 4, DenseSynapses(1, 1)) == "window must divide 4 x 6, not 4"
    with pytest.raises(BadInput, match=r"^height, .* must be from 1 up, not 0 x 2 x 1$"):
        Shape(0, 2, 1)
    with pytest.raises(BadInput, match=r"^channels must be .* or more, not \[\]$"):
        convolutional(SHAPE, [], 2, rng)
    with pytest.raises(BadInput, match=re.escape("window must divide 2 x 3, not 2")):
        convolutional(SHAPE, [2, 2], 2, rng)
