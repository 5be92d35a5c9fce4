"""Random directions: their moments, their structure, and the chip's own bits."""

import numpy as np
import pytest

from dualspike.golden.float.estimators.directions import Distribution, Structure, draw
from dualspike.golden.float.layout import Layout
from dualspike.golden.integer.rfg.signs import SignDrawer
from dualspike.golden.numeric import Floats
from dualspike.model.description.load import describe
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.interface.memory_map import in_turn
from tests.golden.chance import bound

DISTRIBUTIONS: list[Distribution] = ["rademacher", "gaussian", "lfsr"]
STRUCTURES: list[Structure] = ["independent", "factored"]
LAYOUT = Layout(
    Operator(kind="deeponet", parts=[Network(layers=[3, 2, 2]), Network(layers=[1, 4, 2])]),
    local=True,
)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_first_and_second_moments(distribution: Distribution, structure: Structure) -> None:
    """E[v] = 0 and E[v v^T] = I over every pair of parameters, other layers' too."""
    lanes = 4000 if distribution == "lfsr" else 20_000
    v = draw(LAYOUT, lanes, distribution, structure, np.random.default_rng(3))
    assert v.shape == (lanes, LAYOUT.size)
    mean, products = v.mean(axis=0), v.T @ v / lanes
    z = mean / (v.std(axis=0) / np.sqrt(lanes))
    assert np.abs(z).max() < bound(len(z))

    squares = (v**2).T @ v**2 / lanes
    deviation = np.sqrt(np.maximum(squares - products**2, 0) / lanes)
    off = products - np.eye(LAYOUT.size)
    if distribution != "gaussian":  # squares of signs are 1, always
        assert (np.diag(products) == 1).all()
        np.fill_diagonal(deviation, 1)
    assert np.abs(off / deviation).max() < bound(LAYOUT.size**2 // 2)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_values_and_structure(distribution: Distribution, structure: Structure) -> None:
    v = draw(LAYOUT, 50, distribution, structure, np.random.default_rng(4))
    if distribution == "gaussian":
        assert len(np.unique(v)) > 0.9 * 50 * LAYOUT.size / 2
    else:
        assert set(np.unique(v)) == {-1.0, 1.0}
    ranks: list[int] = []
    for slot in LAYOUT.layers:
        w, b = slot.split(v)
        with_bias = np.concatenate([b[..., None], w], axis=2)
        ranks += np.linalg.matrix_rank(with_bias).tolist()
    assert (max(ranks) == 1) == (structure == "factored")


def test_rademacher_patterns_are_uniform() -> None:
    """A layer of 2 inputs and 2 neurons: all its patterns, and only those, equally often."""
    layout, lanes = Layout(Operator(parts=[Network(layers=[2, 2, 1])])), 20_000
    for structure, patterns in zip(STRUCTURES, (64, 16), strict=True):
        v = draw(layout, lanes, "rademacher", structure, np.random.default_rng(2))
        _, counts = np.unique(v[:, layout.layers[0].slice], axis=0, return_counts=True)
        assert len(counts) == patterns  # r, c and -r, -c give the same
        z = (counts - lanes / patterns) / np.sqrt(lanes / patterns * (1 - 1 / patterns))
        assert np.abs(z).max() < bound(patterns)


@pytest.mark.parametrize("distribution", ["rademacher", "gaussian"])
def test_drawing_order_is_documented(distribution: Distribution) -> None:
    def numbers(rng: np.random.Generator, *shape: int) -> Floats:
        if distribution == "gaussian":
            return rng.standard_normal(shape)
        return 1.0 - 2 * rng.integers(0, 2, shape, np.int8)

    v = draw(LAYOUT, 3, distribution, "independent", np.random.default_rng(9))
    assert (v == numbers(np.random.default_rng(9), 3, LAYOUT.size)).all()

    v = draw(LAYOUT, 3, distribution, "factored", np.random.default_rng(9))
    count = sum(slot.n_out + 1 + slot.n_in for slot in LAYOUT.layers)
    for lane, factors in zip(v, numbers(np.random.default_rng(9), 3, count), strict=True):
        rest = factors.tolist()
        for slot in LAYOUT.layers:
            r, rest = rest[: slot.n_out], rest[slot.n_out :]
            c, rest = rest[: 1 + slot.n_in], rest[1 + slot.n_in :]
            w, b = slot.split(lane)
            assert w.tolist() == [[i * j for j in c[1:]] for i in r]
            assert b.tolist() == [i * c[0] for i in r]
        assert not rest


@pytest.mark.parametrize("structure", STRUCTURES)
def test_registers_are_the_chip_s(structure: Structure) -> None:
    """The same signs as the integer model of the chip draws from the same state."""
    tables = {
        "network": {"layers": [40, 33, 5, 2]},
        "learning": {"scope": "global", "directions": 3, "structure": structure},
    }
    d = describe(tables, "test")
    rng = np.random.default_rng(7)
    v = draw(Layout(Operator(parts=[d.network])), 3, "lfsr", structure, rng)
    state = int(np.random.default_rng(7).integers(1, 2**64, dtype=np.uint64))
    (signs,) = SignDrawer(d, state).draw()
    expected = [array.reshape(3, -1) for array in in_turn(signs.weights, signs.biases)]
    assert (v == np.concatenate(expected, axis=1)).all()
