"""The compiled hidden layers against the readable ones."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float import compiled
from dualspike.golden.float.compiled import CompiledHidden
from dualspike.golden.float.hidden import Hidden, ReferenceHidden, Scope
from dualspike.golden.float.layout import Layout, Parameters
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import RESETS, SURROGATES, Network, Surrogate
from dualspike.model.description.operator import Operator

Found = list[Floats]

SHAPES = [[2, 16, 16, 1], [3, 5, 2], [1, 3, 7, 4, 2], [4, 600, 1]]
SCOPES: list[Scope] = ["layer", "global"]


def setting(
    network: Network, rows: int, coded: bool, dtype: Any
) -> tuple[Parameters, Floats, Parameters]:
    """Parameters, encoded inputs and three directions."""
    rng = np.random.default_rng(rows)
    layout = Layout(Operator(parts=[network]))
    theta = (2 * layout.start(4)).astype(dtype)
    v = rng.standard_normal((3, layout.size)).astype(dtype)
    shape = (network.time_steps if coded else 1, rows, network.layers[0])
    x = rng.integers(-1, 2, shape) if coded else rng.uniform(-1, 1, shape)
    return layout.split(theta)[0], x.astype(dtype), layout.split(v)[0]


def everything(
    hidden: Hidden, params: Parameters, x: Floats, v: Parameters, network: Network
) -> dict[str, Found]:
    """All that the hidden layers can be asked for."""
    (slope,) = slopes_of([network], (1, 2))
    found = {"rates": hidden.rates(params, x)}
    for scope in SCOPES:
        rates, found[scope] = hidden.tangents(params, x, v, scope, slope)
        assert all((a == b).all() for a, b in zip(rates, found["rates"], strict=True))
    rng = np.random.default_rng(9)
    signs = [rng.choice([-1, 1], (2, *r.shape)).astype(r.dtype) for r in found["rates"]]
    rates, found["neurons"] = hidden.neuron_tangents(params, x, signs, slope)
    assert all((a == b).all() for a, b in zip(rates, found["rates"], strict=True))
    rates, pull = hidden.reverse(params, x, slope)
    assert all((a == b).all() for a, b in zip(rates, found["rates"], strict=True))
    rng = np.random.default_rng(8)
    g = pull([rng.standard_normal(rate.shape).astype(rate.dtype) for rate in rates])
    return found | {"weights": list(g.weights), "biases": list(g.biases)}


def compare(network: Network, rows: int, coded: bool, dtype: Any, tolerance: float) -> None:
    params, x, v = setting(network, rows, coded, dtype)
    kinds = (CompiledHidden, ReferenceHidden)
    got, expected = (
        everything(kind(network, np.dtype(dtype)), params, x, v, network) for kind in kinds
    )
    assert all(0.02 < rate.mean() < 0.98 for rate in expected["rates"])
    for name, arrays in expected.items():
        for a, b in zip(got[name], arrays, strict=True):
            assert a.dtype == dtype
            scale = np.abs(b).max()
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("layers", SHAPES)
@pytest.mark.parametrize("kind", SURROGATES)
@pytest.mark.parametrize("coded", [False, True])
def test_float64(layers: list[int], kind: Any, coded: bool) -> None:
    for leak, reset in product((1.0, 0.9), RESETS):
        network = Network(
            layers=layers,
            time_steps=10,
            threshold=0.6,
            leak=leak,
            reset=reset,
            surrogate=Surrogate(kind=kind, sigma=0.4, samples=20),
        )
        compare(network, 37, coded, np.float64, 1e-12)


@pytest.mark.parametrize("layers", SHAPES)
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("coded", [False, True])
def test_few_steps(layers: list[int], steps: int, coded: bool) -> None:
    """With one step spikes are as many as constant inputs, and yet none."""
    for leak, reset in product((1.0, 0.9), RESETS):
        network = Network(layers=layers, time_steps=steps, threshold=0.05, leak=leak, reset=reset)
        compare(network, 37, coded, np.float64, 1e-12)


@pytest.mark.parametrize("kind", ["gaussian", "stein"])
@pytest.mark.parametrize("coded", [False, True])
def test_float32(kind: Any, coded: bool) -> None:
    """Float32 has spikes that turn on rounding; this setting has none."""
    surrogate = Surrogate(kind=kind, sigma=0.4, samples=20)
    for leak, reset in product((1.0, 0.9), RESETS):
        network = Network(
            layers=[3, 6, 5, 2], time_steps=10, leak=leak, reset=reset, surrogate=surrogate
        )
        compare(network, 11, coded, np.float32, 1e-5)


@pytest.mark.parametrize("coded", [False, True])
def test_groups_of_samples_join(coded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same whatever the size of a group: 1 sample, some, all."""
    network = Network(layers=[2, 7, 5, 1], time_steps=6, threshold=0.6)
    params, x, v = setting(network, 29, coded, np.float64)
    hidden = CompiledHidden(network, np.dtype(np.float64))
    whole = everything(hidden, params, x, v, network)
    for group in (1, 2000):
        monkeypatch.setattr(compiled, "GROUP", group)
        parts = everything(hidden, params, x, v, network)
        for name, arrays in whole.items():
            for a, b in zip(parts[name], arrays, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scope", SCOPES)
def test_no_directions(scope: Scope) -> None:
    network = Network(layers=[2, 7, 5, 1])
    params, x, v = setting(network, 4, False, np.float64)
    none = Parameters(tuple(w[:0] for w in v.weights), tuple(b[:0] for b in v.biases))
    (slope,) = slopes_of([network], (1,))
    hidden = CompiledHidden(network, np.dtype(np.float64))
    rates, tangents = hidden.tangents(params, x, none, scope, slope)
    assert [t.shape for t in tangents] == [(0, 4, 7), (0, 4, 5)]
    assert all((a == b).all() for a, b in zip(rates, hidden.rates(params, x), strict=True))
