"""The float model of the online learner with one change a sample."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.estimators.neuron_gradient import along
from dualspike.golden.float.model import Model
from dualspike.golden.float.online import kernels
from dualspike.golden.float.online.model import OnlineModel
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.integer.lfsr import RandomWords, bits
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.online_engine import OnlineFloatEngine
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.lfsr import SIGNS, online_draws, seed_state
from tests.golden.float.test_online import start_of

KINDS = ("gaussian", "fast_sigmoid", "triangle", "rectangle", "stein")


def described(layers: list[int], fraction: int, **changed: Any) -> Description:
    """A network whose formats have so many fraction bits, and hold all that comes."""
    wide = dict.fromkeys(("weight", "membrane", "tangent", "error", "cotangent"), f"s4.{fraction}")
    tables = {
        "network": {
            "layers": layers,
            "time_steps": 4,
            "surrogate": {"kind": "rectangle", "sigma": 1.0, "span": 2},
            **changed.pop("network", {}),
        },
        "learning": {"rule": "online", "every": "sample", "batch": 4, "rate": 5, "stages": 1}
        | changed,
        "formats": {**wide, "input": "s1.8", "target": "s1.8", "surrogate": "u1.8"},
    }
    return describe(tables, "test")


def samples(d: Description, seed: int) -> tuple[Doubles, Doubles]:
    """Inputs that the format holds, and real targets, or one-hot ones where classes are learned."""
    rng, count = np.random.default_rng(seed), d.batch[0]
    x = np.round(rng.uniform(-1, 1, (count, d.network.layers[0])) * 2**8) / 2**8
    if d.classes:
        return x, np.eye(d.basis)[rng.integers(d.basis, size=count)]
    return x, np.round(rng.uniform(-1, 1, (count, d.basis)) * 2**8) / 2**8


@pytest.mark.parametrize("fraction", [16, 18])
@pytest.mark.parametrize(
    "changed",
    [
        {"network": {"time_steps": 2}},
        {"directions": 3, "loss": "margin", "network": {"leak": 0.75}},
        {"network": {"coding": "rate", "time_steps": 8, "leak": 0.5}},
        {"layer_shift": [1, 0, 2], "network": {"coding": "bernoulli", "leak": 0.5}},
    ],
)
def test_fine_integers_come_near(changed: dict[str, Any], fraction: int) -> None:
    """As where every step has a change, see `test_online`; a rectangle's table is exact."""
    d = described([5, 7, 6, 3], fraction, **changed)
    first = start_of(d, 1)
    chip, model = FixedEngine(d, first), OnlineFloatEngine(d, first)
    for update in range(4):
        x, target = samples(d, update)
        losses = [engine.update((x,), target, update) for engine in (chip, model)]
        assert losses[0] == pytest.approx(losses[1], abs=2.0 ** (6 - fraction), rel=0)
    assert chip.chip.flags == 0
    near = 8 * 4 * d.batch[0] * 2.0**-fraction
    pairs = zip(
        (*chip.weights().weights, *chip.weights().biases),
        (*model.weights().weights, *model.weights().biases),
        (*first.weights, *first.biases),
        strict=True,
    )
    for found, wanted, before in pairs:
        assert np.abs(found - wanted).max() < near
        assert np.abs(wanted - before).max() > 10 * near * (fraction > 16)
    x, _ = samples(d, 9)
    assert np.abs(chip.predict((x,)) - model.predict((x,))).max() < 64 * near


def signs(d: Description) -> list[Any]:
    """What the neurons of every hidden layer are perturbed by in the first batch, [1, B, n]."""
    draws = online_draws([d.n_layers], 1)
    words = RandomWords(seed_state(d.learning.seed)).words(len(draws))
    starts = [word for word, one in zip(words, draws, strict=True) if one.kind == "lane"]
    count = d.batch[0]
    return [
        1.0 - 2.0 * bits(SIGNS, [start], count * n)[0].reshape(1, count, n)
        for start, n in zip(starts, d.network.layers[1:-1], strict=True)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_its_changes_are_the_gradient_along_neurons(kind: str) -> None:
    """That of `golden.float.estimators`, for the signs of the chip's own registers."""
    network = {"surrogate": {"kind": kind, "sigma": 1.0, "draws": "fixed"}, "leak": 0.75}
    d = described([4, 6, 5, 3], 18, network=network)
    first, (x, target) = start_of(d, 5), samples(d, 6)
    model = OnlineModel(d, first)
    model.setup = model.setup._replace(lags=np.full(d.n_layers, d.batch[0]))
    model.update(x, target)
    spatial = Model(d.operator)
    theta = spatial.layout.flat([first])
    _, g = along(spatial, theta, (x,), target, signs(d), (d.learning.seed,))
    wanted = spatial.layout.whole(g * d.batch[0])
    rates = model.setup.rates
    for before, after, rate, one in (
        *zip(first.weights, model.weights, rates, wanted.weights, strict=True),
        *zip(first.biases, model.biases, rates, wanted.biases, strict=True),
    ):
        assert np.count_nonzero(one) > one.size / 3
        np.testing.assert_allclose((before - after) / rate, one, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_surrogates_are_those_of_the_other_models(kind: str) -> None:
    network = {"surrogate": {"kind": kind, "sigma": 0.7, "draws": "fixed"}}
    d = described([1, 1, 1], 14, network=network)
    x = np.linspace(-3, 3, 601)
    wanted = slopes_of(d.networks, (d.learning.seed,))[0](x)
    found = [kernels.surrogate(OnlineModel(d).setup, one) for one in x]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
