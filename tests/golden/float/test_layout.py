"""Where layers lie in the flat array of parameters, and their start values."""

import numpy as np
import pytest

from dualspike.golden.float.layout import Layout, start
from dualspike.model.description.description import Description
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from tests.refusals import refusal

# First output of default_rng(12345).random() as printed in NumPy's documentation.
PUBLISHED = 0.22733602246716966

DEEPONET = Operator(
    kind="deeponet", parts=[Network(layers=[3, 4, 5, 2]), Network(layers=[1, 6, 3, 2])]
)


def test_start_is_documented() -> None:
    params = start(
        Description(name="net", operator=Operator(parts=[Network(layers=[4, 3, 2])])), 12345
    )
    assert params.weights[0][0, 0] == pytest.approx((2 * PUBLISHED - 1) / 2, rel=1e-15)

    flat = 2 * np.random.default_rng(12345).random(3 * 4 + 3 + 2 * 3 + 2) - 1
    expected = [
        flat[:12].reshape(3, 4) / np.sqrt(4),
        flat[12:15] / np.sqrt(4),
        flat[15:21].reshape(2, 3) / np.sqrt(3),
        flat[21:] / np.sqrt(3),
    ]
    got = [params.weights[0], params.biases[0], params.weights[1], params.biases[1]]
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


def test_start_of_several_parts() -> None:
    """Each layer's entries are uniform in [-a, a), a = 1 / sqrt(n_in), one draw after the other."""
    layout = Layout(DEEPONET, local=True)
    theta = layout.start(12345)
    fan_in = np.concatenate([np.full(s.end - s.begin, s.n_in) for s in layout.layers])
    flat = 2 * np.random.default_rng(12345).random(layout.size) - 1
    np.testing.assert_allclose(theta, flat / np.sqrt(fan_in), rtol=1e-13, atol=1e-15)


def test_order_of_layers() -> None:
    layout = Layout(DEEPONET, local=True)
    expected = [
        (0, 0, False, 3, 4),
        (0, 1, False, 4, 5),
        (0, 2, False, 5, 2),
        (1, 0, False, 1, 6),
        (1, 1, False, 6, 3),
        (1, 2, False, 3, 2),
        (0, 0, True, 4, 2),
        (0, 1, True, 5, 2),
        (1, 0, True, 6, 2),
        (1, 1, True, 3, 2),
    ]
    got = [(s.part, s.depth, s.auxiliary, s.n_in, s.n_out) for s in layout.layers]
    assert got == expected
    begin = 0
    for slot, (_, _, _, n_in, n_out) in zip(layout.layers, expected, strict=True):
        assert (slot.begin, slot.biases) == (begin, begin + n_in * n_out)
        begin += (n_in + 1) * n_out
        assert slot.end == begin
        assert slot.slice == slice(slot.begin, slot.end)
    assert layout.size == begin
    assert Layout(DEEPONET).size == layout.layers[5].end


def test_split_gives_views() -> None:
    """The numbers 0, 1, 2 ... end up row by row, weights before biases, part after part."""
    layout = Layout(Operator(parts=[Network(layers=[2, 3, 1])]))
    flat = np.arange(2.0 * layout.size).reshape(2, layout.size)
    (params,) = layout.split(flat)
    assert params.weights[0][0].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert params.biases[0][1].tolist() == [19, 20, 21]
    assert params.weights[1][1].tolist() == [[22, 23, 24]]
    assert params.biases[1][0].tolist() == [12]
    params.biases[1][0] = -1
    assert flat[0, 12] == -1
    copy = params.copy()
    copy.weights[0][:] = 7
    copy.biases[1][:] = 7
    assert flat[0, 0] == 0
    assert flat[0, 12] == -1


def test_local_losses_need_parts_of_one_depth() -> None:
    operator = Operator(
        kind="deeponet", parts=[Network(layers=[3, 4, 5, 2]), Network(layers=[1, 6, 2])]
    )
    assert Layout(operator).size > 0
    assert refusal(Layout, operator, local=True) == (
        "parts must have the same number of hidden layers for local losses, not 2, 1"
    )
