"""Operator chips that learn online: the float engine takes the steps of the integer model."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.numeric import Doubles
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.online_engine import float_engine
from dualspike.golden.training.train import FloatEngine
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe

FINE = {"weight": "s1.20", "membrane": "s3.20", "factor": "s2.21", "error": "s2.20"}


def described(*, layers: list[list[int]], steps: list[int], **learning: Any) -> Description:
    """An operator network of formats so fine that rounding hardly counts."""
    parts = [
        {"layers": one, "time_steps": t, "surrogate": {"sigma": 1.0}}
        for one, t in zip(layers, steps, strict=True)
    ]
    kind = "deeponet" if len(parts) == 2 else "seponet"
    given = {"rule": "online", "every": "sample", "rate": 1} | learning
    formats = FINE | {"cotangent": "s3.20", "tangent": "s8.15"}
    tables = {"operator": {"kind": kind, "parts": parts}, "learning": given, "formats": formats}
    return describe(tables, "test")


def moved(d: Description) -> tuple[list[Doubles], list[Doubles]]:
    """What a batch changes of all weights: in integers, in floating point."""
    rng = np.random.default_rng(1)
    inputs = [
        rng.uniform(-1, 1, (rows, network.layers[0]))
        for rows, network in zip(d.batch, d.networks, strict=True)
    ]
    target = rng.uniform(-1, 1, d.batch)
    engines = (FixedEngine(d), float_engine(d))
    assert isinstance(engines[1], FloatEngine)
    found: list[list[Doubles]] = []
    for engine in engines:
        before = engine.weights()
        engine.update(inputs, target, 0)
        after = engine.weights()
        pairs = zip((*before.weights, *before.biases), (*after.weights, *after.biases), strict=True)
        found.append([b - a for a, b in pairs])
    return found[0], found[1]


@pytest.mark.parametrize(
    ("layers", "steps", "learning"),
    [
        ([[3, 5, 2], [2, 4, 2]], [8, 4], {"batch": [3, 5], "layer_shift": [0, 1, 0, -1]}),
        ([[3, 5, 4, 2], [2, 4, 2]], [6, 3], {"batch": [4, 2], "directions": 3}),
        ([[3, 5, 2], [1, 4, 2], [1, 3, 2]], [5, 8, 2], {"batch": [2, 3, 5], "floor": 0.5}),
    ],
)
def test_readouts_take_the_same_step(
    layers: list[list[int]], steps: list[int], learning: dict[str, Any]
) -> None:
    """Their gradients are exact, whatever the signs; a change is a last bit off for every row."""
    d = described(layers=layers, steps=steps, **learning)
    stored, real = moved(d)
    readouts = [d.layers_of(n)[-1] for n in range(len(d.parts))]
    for n, layer in enumerate(readouts):
        near = (d.batch[n] + 2) * 2.0**-20
        for at in (layer, d.n_layers + layer):
            assert np.abs(real[at]).max() > 20 * near
            np.testing.assert_allclose(stored[at], real[at], rtol=0.002, atol=near)


def test_hidden_layers_take_the_same_step_in_the_mean() -> None:
    """Over many signs, which the engines draw each in its own way: z-scores of the difference."""
    shape: dict[str, Any] = {"layers": [[2, 3, 2], [1, 4, 2]], "steps": [4, 8], "batch": [2, 3]}
    start = FixedEngine(described(**shape)).weights()
    runs: list[list[list[Doubles]]] = [[], []]
    rng = np.random.default_rng(2)
    inputs, target = [rng.uniform(-1, 1, (2, 2)), rng.uniform(-1, 1, (3, 1))], np.ones((2, 3))
    for seed in range(1, 151):
        d = described(**shape, seed=seed)
        for kind, run in zip((FixedEngine, FloatEngine), runs, strict=True):
            engine = kind(d, start)
            engine.update(inputs, target, 0)
            pairs = zip(start.weights, engine.weights().weights, strict=True)
            run.append([b - a for a, b in pairs])
    for layer in (0, 2):
        stored, real = (np.array([one[layer] for one in run]) for run in runs)
        spread = np.sqrt((stored.var(axis=0) + real.var(axis=0)) / len(stored)) + 2.0**-20
        assert np.abs(stored.mean(axis=0) - real.mean(axis=0)).max() > 0
        assert (np.abs(stored.mean(axis=0) - real.mean(axis=0)) / spread).max() < 4
        assert np.abs(real.mean(axis=0) / spread).max() > 8
