import re
from typing import Any

import numpy as np
import pytest

from dualspike.golden.lfsr import Drawer
from dualspike.golden.model import Model
from dualspike.golden.network import Layout, Parameters
from dualspike.golden.operator_data import fitted, load_operator_data
from dualspike.golden.operator_engine import (
    FixedOperatorEngine,
    first_operator_chip,
    interleaved,
    stored_scale,
)
from dualspike.golden.operator_signs import OperatorSigns
from dualspike.golden.problems.accuracy import relative_l2
from dualspike.golden.problems.problem import Problem, Samples
from dualspike.model.errors import BadInput
from dualspike.model.lfsr import seed_state
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_load import describe_operator, load_operator_preset

PARTS = [{"layers": [3, 8, 4], "time_steps": 8}, {"layers": [1, 8, 4], "time_steps": 8}]


def chip(**learning: Any) -> OperatorDescription:
    tables = {
        "operator": {"kind": "deeponet", "parts": PARTS},
        "learning": {"batch": [8, 6], "rate": 4, "directions": 4, "updates": 200} | learning,
        "formats": {"target": "s2.15"},
    }
    return describe_operator(tables, "test")


def batch(key: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(key)
    u, x = rng.uniform(-1, 1, (8, 3)), np.linspace(-1, 1, 6)[:, None]
    return (u, x), u[:, :1] * x.T + u[:, 1:2] * (1 - x.T**2)


def pairs(params: Parameters) -> Any:
    return zip(params.weights, params.biases, strict=True)


def test_it_starts_as_the_float_model():
    d = chip(seed=5)
    theta = Layout(d.operator).start(5)
    first = first_operator_chip(d)
    flat = np.concatenate([a.ravel() for a in interleaved(first.weights, first.biases)])
    np.testing.assert_array_equal(flat, np.floor(theta * 2**16 + 0.5))
    engine = FixedOperatorEngine(chip(seed=5))
    found = [a.ravel() for p in engine.weights() for m in pairs(p) for a in m]
    np.testing.assert_array_equal(np.concatenate(found) * 2**16, flat)


@pytest.mark.parametrize("floor", [None, 0.25])
def test_the_loss_is_that_of_the_float_model(floor: float | None):
    d = chip(floor=floor)
    engine = FixedOperatorEngine(d)
    inputs, target = batch(0)
    theta = [a.ravel() for p in engine.weights() for m in pairs(p) for a in m]
    expected = Model(d.operator, floor=floor).loss(np.concatenate(theta), inputs, target)
    assert engine.update(inputs, target, 0) == pytest.approx(expected, rel=0.01)


def test_it_learns_and_repeats_exactly():
    d = chip()
    first, second = FixedOperatorEngine(d), FixedOperatorEngine(d)
    inputs, target = batch(1000)
    before = relative_l2(first.predict(inputs), target)
    losses = [[e.update(*batch(n), n) for n in range(200)] for e in (first, second)]
    assert losses[0] == losses[1]
    assert relative_l2(first.predict(inputs), target) < 0.5 * before
    for one, other in zip(first.chip.weights, second.chip.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.chip.signs.state == second.chip.signs.state


def test_rows_do_not_know_of_each_other():
    engine = FixedOperatorEngine(chip())
    (u, x), _ = batch(3)
    whole = engine.predict((u, x))
    for row in range(8):
        np.testing.assert_array_equal(engine.predict((u[row : row + 1], x)), whole[row : row + 1])


def test_scale_is_the_weight_of_the_float_loss():
    d = chip(floor=0.3)
    target = np.random.default_rng(1).integers(-500, 500, (7, 9)) * np.arange(7)[:, None]
    squares = np.square(target.astype(float)).mean(axis=1)
    wanted = squares.mean() / (squares + 0.3 * squares.mean())
    np.testing.assert_array_equal(stored_scale(d, target), np.floor(wanted * 2**8 + 0.5))
    assert stored_scale(chip(), target) is None
    np.testing.assert_array_equal(stored_scale(d, np.zeros((2, 3), np.int64)), [256, 256])
    little = chip(floor=0.0625)
    lonely = np.zeros((8, 3), np.int64)
    lonely[0] = 100
    # 1 / (8 + 1/16), and 16, which is clipped.
    np.testing.assert_array_equal(stored_scale(little, lonely), [32, *[4095] * 7])


def test_words_come_lane_by_lane_through_the_layers_of_all_parts():
    d = load_operator_preset("poisson")
    signs = OperatorSigns(d, seed_state(1))
    first = signs.draw()
    words = Drawer(seed_state(1)).words(384 + 1)
    assert signs.state & 0xFFFFFFFF == words[384]
    # Lane 0 perturbs layer 0 with words 0 (biases) and 1 (start); lane 6 = 4 + 2 layer 2, the
    # trunk's first, where it is the second lane of perturbation: behind 6 lanes of 8 words and
    # two layers of 2.
    for part, row, word in ((0, 0, 0), (1, 2, 6 * 8 + 2 * 2)):
        bits = [words[word] >> n & 1 for n in range(32)]
        assert first[part].biases[0][row].tolist() == [1 - 2 * bit for bit in bits]
        bits = [words[word + 1] >> n & 1 for n in range(32)]
        assert first[part].weights[0][row][:, 0].tolist() == [1 - 2 * bit for bit in bits]
    assert not first[1].weights[1][2].any()


def test_what_does_not_fit_is_named():
    d = chip()
    engine = FixedOperatorEngine(d)
    inputs, target = batch(0)
    with pytest.raises(BadInput, match=r"^target must have shape \[8, 6\], not \[8, 5\]$"):
        engine.update(inputs, target[:, :5], 0)
    with pytest.raises(BadInput, match=r"^inputs must have shapes .* not \[\[8, 3\]\]$"):
        engine.predict(inputs[:1])
    with pytest.raises(BadInput, match=r"^inputs must be in \[-2, .* \(s1.14\), not 4$"):
        engine.predict((inputs[0], inputs[1] * 0 + 4.0))


def test_data_of_another_shape_is_refused(tmp_path):
    problem = load_operator_data(load_operator_preset("poisson"))
    assert problem.batch_sizes == (100, 26)
    with pytest.raises(BadInput, match=r"^operator.parts\[0\].layers must begin with 11"):
        fitted(chip(), problem)
    with pytest.raises(BadInput, match=r"^operator.kind must be deeponet for poisson"):
        fitted(load_operator_preset("reaction_diffusion"), problem)


@pytest.mark.parametrize("trunks", [1, 3, 15])
def test_a_seponet_has_a_trunk_for_each_coordinate_of_its_data(trunks: int) -> None:
    ones = [{"layers": [n, 2, 2], "time_steps": 2} for n in (3, *[1] * trunks)]
    tables = {
        "operator": {"kind": "seponet", "parts": ones},
        "learning": {"batch": [2] * (trunks + 1), "stages": 1},
    }
    axes = np.zeros((4, 3)), np.zeros((4, 1)), np.zeros((4, 1))
    samples = Samples(axes, np.ones((4, 4, 4)))
    problem = Problem("own", "seponet", samples, samples, samples, (2, 2, 2))
    line = f"operator.parts must be 3 for own (branch and 2 trunks), not {trunks + 1}"
    with pytest.raises(BadInput, match=f"^{re.escape(line)}$"):
        fitted(describe_operator(tables, "test"), problem)
