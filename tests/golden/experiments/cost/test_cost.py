"""The formulas against loops that count what they do, and these against the golden model."""

from dataclasses import asdict
from typing import Literal

import numpy as np
import pytest

from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.cost.gradient import (
    backpropagation,
    forward,
    forward_gradient,
    neuron_gradient,
)
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient, along
from dualspike.golden.float.model import Model
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

from .loops import execute

Rule = Literal["forward", "bp", "layer", "global", "neurons"]


def operator(kind: Literal["mlp", "deeponet", "seponet"], *layers: list[int]) -> Operator:
    parts = [Network(layers=each, time_steps=3 + n, threshold=0.4) for n, each in enumerate(layers)]
    return Operator(kind=kind, parts=parts)


NETWORKS = {
    "one hidden layer": operator("mlp", [2, 3, 2]),
    "three hidden layers": operator("mlp", [2, 3, 4, 2, 1]),
    "deeponet": operator("deeponet", [3, 2, 3, 2], [1, 4, 2]),
    "seponet": operator("seponet", [2, 3, 2], [1, 2, 2], [1, 2, 3, 2]),
    "four coordinates": operator("seponet", [2, 2, 1], *([1, 2, 1] for _ in range(3))),
}
ROWS = [3, 2, 4, 2]


def formula(o: Operator, rule: Rule, k: int, constant: bool, weighted: bool) -> Count:
    batch = ROWS[: len(o.parts)]
    match rule:
        case "forward":
            return forward(o, batch, constant=constant)
        case "bp":
            return backpropagation(o, batch, constant=constant, weighted=weighted)
        case "neurons":
            return neuron_gradient(o, batch, k, constant=constant, weighted=weighted)
        case _:
            how = {"constant": constant, "weighted": weighted}
            return forward_gradient(o, batch, rule, k, **how)


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize(
    ("rule", "k"),
    [
        ("forward", 0),
        ("bp", 0),
        ("global", 1),
        ("global", 3),
        ("layer", 1),
        ("layer", 2),
        ("neurons", 1),
        ("neurons", 3),
    ],
)
@pytest.mark.parametrize("name", NETWORKS)
def test_formulas_count_what_loops_do(name: str, rule: Rule, k: int, constant: bool) -> None:
    """The same counts, exactly, from loops whose results are those of the golden model."""
    o = NETWORKS[name]
    weighted = name == "deeponet"
    model = Model(o, floor=0.2 if weighted else None)
    rng = np.random.default_rng(1)
    rows = ROWS[: len(o.parts)]
    inputs = tuple(rng.uniform(-1, 1, (n, p.layers[0])) for n, p in zip(rows, o.parts, strict=True))
    shape = (rows[0], o.parts[0].layers[-1]) if o.kind == "mlp" else tuple(rows)
    theta, target = 3 * model.start(2), rng.uniform(-1, 1, shape)
    scope = "layer" if rule == "layer" else "global"
    estimator = ForwardGradient(scope, max(k, 1))
    neurons = NeuronGradient(max(k, 1)).draw(model, inputs, (1,))
    v = neurons if rule == "neurons" else estimator.draw(model, (1,))[:k]
    meter, found = execute(model, theta, inputs, target, v, rule, constant)
    if rule == "forward":
        expected = model.predict(theta, inputs)
    elif rule == "bp":
        expected = model.gradient(theta, inputs, target)[1]
    elif rule == "neurons":
        expected = along(model, theta, inputs, target, neurons, (0,))[1]
    else:
        expected = estimator.gradient(model, theta, inputs, target, (1,))[1]
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    counted = Count(**meter.counts, **({} if rule == "forward" else meter.kept))
    assert asdict(counted) == asdict(formula(o, rule, k, constant, weighted))


def test_what_is_not_counted_is_one_line() -> None:
    for change, line in (
        ({"leak": 0.9}, "leak must be 1 to be counted, not 0.9"),
        ({"reset": "attached"}, "reset must be detached to be counted, not attached"),
        ({"coding": "rate"}, "coding must be direct to be counted, not rate"),
    ):
        network = Network(layers=[1, 2, 1]).model_copy(update=change)
        with pytest.raises(BadInput) as caught:
            forward(Operator(parts=[network]), [4])
        assert str(caught.value) == line


def test_readings_of_a_count() -> None:
    count = Count(1, 2, 4, 8, 16, 32, 64, 128, 256)
    assert (count.dense, count.sparse, count.traffic) == (11, 7, 96)
    assert count.kept_bytes == 4 * 128 + 256 / 8
    assert count + count == count * 2
