"""The hat as a problem: the chip's own data, its formula, further points for validation."""

import tomllib

import numpy as np

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import build
from dualspike.golden.data.problems.hat import HatSettings, hat
from dualspike.model.description.load import describe, preset_text
from tests.refusals import refusal


def test_hat() -> None:
    problem = build(HatSettings())
    assert (problem.name, problem.kind, problem.n_in, problem.n_out) == ("hat", "mlp", (2,), 1)
    assert problem.batch_sizes == (256,)
    chip = load_problem(describe(tomllib.loads(preset_text("hat")), "here"))
    for samples, own in ((problem.train, chip.train), (problem.test, chip.test)):
        (x,) = samples.inputs
        assert (own.inputs[0] == x).all()
        assert (own.target == samples.target).all()
        assert np.abs(samples.target - hat(x)).max() <= 2**-31
    (x,) = problem.validation.inputs
    assert x.shape == (2000, 2)
    assert np.abs(problem.validation.target - hat(x)).max() <= 2**-31
    assert not set(x[:, 0].tolist()) & set(chip.train.inputs[0][:, 0].tolist())
    # Uniform on [-1, 1)^2: mean 0, variance 1/3, each coordinate's second moment by z-score.
    z = ((x**2).mean(axis=0) - 1 / 3) / np.sqrt(4 / 45 / 2000)
    assert np.abs(z).max() < 4


def test_bad_input() -> None:
    line = "validation must be an integer in [1, 100000], not 0"
    assert refusal(HatSettings, validation=0) == line
