"""The float model of the online learner: next to the chip's integers, and to the online rules."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.online.model import OnlineModel
from dualspike.golden.integer.online.feedback import fixed_signs
from dualspike.golden.numeric import Doubles
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import ChipLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.neuron import GatedNeuron
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.direct_feedback import DirectFeedback
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.traces import repeated, train_pass
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.online_engine import OnlineFloatEngine
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from tests.golden.chance import bound, z_scores

LEAKS = {1.0: 4, 0.5: 7, 0.75: 4, 1 - 2**-4: 2}
"""Leaks, and the steps in which traces of 6 fraction bits hold them without loss."""


def described(
    layers: list[int], leak: float, bits: int = 19, coding: str = "direct", **learning: Any
) -> Description:
    """A network whose formats have so many fraction bits, and hold all that comes.

    The coding may be "frames s2.0".
    """
    coding, _, given = coding.partition(" ")
    given = given or ("s1.0" if coding == "frames" else "s1.8")
    wide = dict.fromkeys(("weight", "membrane", "tangent", "error", "cotangent"), f"s4.{bits}")
    tables = {
        "network": {
            "layers": layers,
            "time_steps": LEAKS[leak],
            "leak": leak,
            "coding": coding,
            "surrogate": {"sigma": 0.75},
        },
        "learning": {"rule": "online", "batch": 4, "rate": 4, "stages": 1, **learning},
        "formats": {**wide, "input": given},
    }
    return describe(tables, "test")


def start_of(d: Description, seed: int) -> Parameters:
    """Start weights that every format of these tests holds, large enough to fire."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Doubles:
        return np.round(rng.uniform(-1, 1, shape) * 2**8) / 2**8

    return Parameters(
        tuple(drawn(n_out, n_in) for n_in, n_out in d.shapes),
        tuple(drawn(n_out) for _, n_out in d.shapes),
    )


def samples(d: Description, seed: int) -> tuple[Doubles, Doubles]:
    """A batch of inputs that the format holds, and targets of either sign."""
    rng, count = np.random.default_rng(seed), d.batch[0]
    if d.network.coding == "frames":
        most, shape = d.formats.input.highest, (count, d.network.time_steps, d.network.layers[0])
        x = rng.integers(-most, most + 1, shape).astype(float)
    else:
        x = np.round(rng.uniform(-1, 1, (count, d.network.layers[0])) * 2**8) / 2**8
    return x, np.eye(d.basis)[rng.integers(0, d.basis, count)]


CASES: list[tuple[list[int], float, str, dict[str, Any]]] = [
    ([5, 7, 3], 1.0, "direct", {"feedback": "forward"}),
    (
        [5, 7, 6, 3],
        0.5,
        "direct",
        {"feedback": "forward", "directions": 3, "loss": "margin", "rate": 7},
    ),
    ([5, 7, 6, 3], 0.75, "frames", {"feedback": "forward", "layer_shift": [1, 0, 2]}),
    ([5, 4, 4, 4, 2], 0.75, "rate", {"feedback": "signs", "loss": "margin"}),
    ([5, 7, 6, 3], 1 - 2**-4, "bernoulli", {"feedback": "signs"}),
    ([5, 9, 4], 0.5, "frames s2.0", {"feedback": "signs", "layer_shift": [2, -1]}),
    ([5, 7, 3], 0.5, "bernoulli", {"feedback": "forward", "directions": 2}),
    ([5, 7, 6, 3], 0.75, "direct", {"feedback": "forward-dfa", "feedback_momentum": 3}),
    ([5, 7, 6, 3], 0.5, "frames", {"feedback": "forward-dfa", "directions": 3, "loss": "margin"}),
    ([5, 7, 6, 3], 0.5, "frames", {"feedback": "kolen-pollack"}),
]


@pytest.mark.parametrize("bits", [14, 19])
@pytest.mark.parametrize("case", CASES)
def test_fine_integers_come_near(case: Any, bits: int) -> None:
    """A change differs by less than the weight's last bit, and by the errors of what it is made of.

    Those are a few last bits, times a trace of at most 8 and a rate of at most 2^-3: less than
    three more. What two chips see of each other's weights is less again.
    """
    layers, leak, coding, learning = case
    d = described(layers, leak, bits, coding, **learning)
    first = start_of(d, 1)
    chip, model = FixedEngine(d, first), OnlineFloatEngine(d, first)
    changes = 0
    for update in range(3):
        x, target = samples(d, update)
        losses = [engine.update((x,), target, update) for engine in (chip, model)]
        assert losses[0] == pytest.approx(losses[1], abs=2.0 ** (6 - bits), rel=0)
        changes += d.batch[0] * d.network.time_steps
    assert chip.chip.flags == 0
    near = 4 * changes * 2.0**-bits
    pairs = zip(
        (*chip.weights().weights, *chip.weights().biases),
        (*model.weights().weights, *model.weights().biases),
        (*first.weights, *first.biases),
        strict=True,
    )
    for found, wanted, before in pairs:
        assert np.abs(found - wanted).max() < near
        assert np.abs(wanted - before).max() > 10 * near * (bits > 14)
    x, _ = samples(d, 9)
    assert np.abs(chip.predict((x,)) - model.predict((x,))).max() < 64 * near


def frozen(d: Description, first: Parameters) -> OnlineModel:
    """A model in which every change lands at the end of its batch."""
    model = OnlineModel(d, first)
    late = d.batch[0] * d.network.time_steps
    model.setup = model.setup._replace(lags=np.full(d.n_layers, late))
    return model


def changed(d: Description, first: Parameters, x: Doubles, target: Doubles) -> list[Doubles]:
    """The gradient in the changes of one batch: weights of every layer, then its biases."""
    return moved(frozen(d, first), first, x, target)


def moved(model: OnlineModel, first: Parameters, x: Doubles, target: Doubles) -> list[Doubles]:
    """The same of a model whose weights are the first ones, of its next batch."""
    model.update(x, target)
    return [
        (before - after) / rate
        for rate, *pairs in zip(
            model.setup.rates,
            zip(first.weights, model.weights, strict=True),
            zip(first.biases, model.biases, strict=True),
            strict=True,
        )
        for before, after in pairs
    ]


def ottt(d: Description, first: Parameters) -> OnlineNetwork:
    """The same network as the online rules have it."""
    neuron = GatedNeuron(d.network.leak, d.network.thresholds[0], d.network.surrogate.sigma)
    network = perceptron(d.network.layers, np.random.default_rng(0), neuron)
    for places, values in ((network.weights, first.weights), (network.biases, first.biases)):
        for place, value in zip(places, values, strict=True):
            place[:] = value
    return network


def gradient(
    d: Description, network: OnlineNetwork, rule: Rule, x: Doubles, target: Doubles
) -> list[Any]:
    """The sum over samples and steps, in the same order."""
    steps = d.network.time_steps
    frames = repeated(x, steps) if x.ndim == 2 else np.ascontiguousarray(x.swapaxes(0, 1))
    found = train_pass(network, rule, ChipLoss(d.learning.loss == "margin"), frames, target)
    views = network.views(found.gradient * steps * len(x))
    return [one for pair in zip(*views, strict=True) for one in pair]


def compared(d: Description, arrays: list[Doubles]) -> Doubles:
    """All but the biases that see no trace on the chip: those of layers that are sent spikes.

    The online rules give them the trace of 1.
    """
    still = d.network.coding == "direct"
    last = d.n_layers - 1
    kept = [
        one
        for n, one in enumerate(arrays)
        if n % 2 == 0 or n // 2 == last or (n // 2 == 0 and still)
    ]
    return np.concatenate([one.ravel() for one in kept])


@pytest.mark.parametrize("coding", ["direct", "frames"])
@pytest.mark.parametrize("loss", ["squared", "margin"])
def test_with_signs_its_changes_are_the_gradient_of_direct_feedback(coding: str, loss: str) -> None:
    """Traces, gates and errors of `golden.online`, while no change is in the way."""
    d = described([5, 7, 6, 3], 0.75, coding=coding, feedback="signs", loss=loss)
    first, (x, target) = start_of(d, 3), samples(d, 4)
    network = ottt(d, first)
    rule = DirectFeedback(network, np.random.default_rng(0))
    fixed = fixed_signs(d).astype(float)
    rule.matrices = [B[:n] for B, n in zip(fixed, network.hidden, strict=True)]
    found = compared(d, changed(d, first, x, target))
    wanted = compared(d, gradient(d, network, rule, x, target))
    assert np.count_nonzero(wanted) > wanted.size / 3
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("coding", ["direct", "frames"])
@pytest.mark.parametrize("lanes", [1, 3])
def test_forward_is_the_spatial_gradient_in_the_mean(coding: str, lanes: int) -> None:
    """Over the signs of the chip's own registers, every weight of every layer.

    Three lanes are added up and shifted by two: three quarters of a mean.
    """
    d = described([4, 6, 5, 3], 0.75, coding=coding, feedback="forward", directions=lanes)
    first, (x, target) = start_of(d, 5), samples(d, 6)
    wanted = compared(d, gradient(d, ottt(d, first), SpatialBackpropagation(), x, target))
    readout = 3 * 5 + 3
    wanted[:-readout] *= lanes / 2 ** (lanes - 1).bit_length()
    model, draws = frozen(d, first), []
    for _ in range(3000):
        model.weights = [w.copy() for w in first.weights]
        model.biases = [b.copy() for b in first.biases]
        model.update(x, target)
        moved = [
            (before - after) / rate
            for n, rate in enumerate(model.setup.rates)
            for before, after in (
                (first.weights[n], model.weights[n]),
                (first.biases[n], model.biases[n]),
            )
        ]
        draws.append(compared(d, moved))
    found = np.array(draws)
    np.testing.assert_allclose(found[0, -readout:], wanted[-readout:], rtol=1e-9, atol=1e-9)
    drawn = found.std(axis=0) > 1e-9
    assert drawn[:-readout].mean() > 0.5
    np.testing.assert_allclose(found[0, ~drawn], wanted[~drawn], rtol=1e-9, atol=1e-9)
    z = z_scores(found[:, drawn], wanted[drawn])
    assert np.abs(z).max() < bound(wanted.size)
    wrong = z_scores(found[:, drawn], 1.5 * wanted[drawn])
    assert np.abs(wrong).max() > 2 * bound(wanted.size)


def test_a_change_lands_late_by_the_lag_of_its_layer() -> None:
    """One sample of a readout alone can show it: the output moves two steps after the error."""
    d = described([1, 1, 1], 1.0, batch=1, rate=2)
    first = Parameters((np.array([[1.0]]), np.array([[0.5]])), (np.array([0.5]), np.array([0.0])))
    model = OnlineModel(d, first)
    # A spike in every step; o = 0.5 moves by 2^-2 (o - 1) for the weight and as much for the bias.
    out: list[float] = []
    for t in range(LEAKS[1.0]):
        moved = sum((one - 1.0) / 2 for one in out[: max(0, t - 1)])
        out.append(0.5 - moved)
    loss = model.update(np.array([[1.0]]), np.array([[1.0]]))
    assert loss == pytest.approx(sum((one - 1) ** 2 for one in out), rel=1e-12)
