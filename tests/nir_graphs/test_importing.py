"""Graphs as other frameworks write them, against the equations of NIR run step by step.

What the frameworks write is taken from their exporters: snntorch/export_nir.py (1.0.0),
norse/torch/utils/export_nir.py, spyx/nir.py, spikingjelly/activation_based/nir_exchange, and
nir's own conversion scripts for lava-dl.
"""

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from dualspike.golden.float.model import Model
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.nir.chain import chain_of
from dualspike.nir.importing import stages_of

from .graphs import SOFT, affine, graph, imported, integrate, leaky, refused


def simulated(g: nir.NIRGraph, order: list[str], x: np.ndarray, dt: float, steps: int):
    """Mean output of the graph's own equations, Euler's method, reset by subtraction."""
    membranes: dict[str, Any] = dict.fromkeys(order, 0.0)
    total: Any = 0.0
    for _ in range(steps):
        signal = x.reshape(len(x), -1)
        for key in order:
            node = g.nodes[key]
            if isinstance(node, (nir.Affine, nir.Linear)):
                signal = signal @ np.float64(node.weight).T + getattr(node, "bias", 0.0)
            elif isinstance(node, nir.Scale):
                signal = signal * node.scale
            elif isinstance(node, (nir.IF, nir.LIF)):
                v = membranes[key]
                if isinstance(node, nir.IF):
                    v = v + node.r * signal * dt
                else:
                    v = v + dt / np.float64(node.tau) * (node.v_leak - v + node.r * signal)
                signal = np.where(v > node.v_threshold, 1.0, 0.0)
                membranes[key] = v - signal * node.v_threshold
        total = total + signal
    return total / steps


def computed(g: nir.NIRGraph, x: np.ndarray, dt: float, steps: int) -> np.ndarray:
    """Outputs of the float reference with what the import makes of the graph."""
    stages = stages_of(chain_of(g), dt, assume_soft_reset=False)
    first = stages[0].neurons
    assert first is not None and stages[-1].neurons is None
    network = Network(
        layers=[stages[0].w.shape[1], *(len(s.b) for s in stages)],
        time_steps=steps,
        threshold=first.threshold,
        leak=first.leak,
    )
    model = Model(Operator(parts=[network]))
    theta = np.concatenate([np.append(s.w, s.b) for s in stages])
    return model.predict(theta, (x.reshape(len(x), -1),))


def norse_box(n: int, tau: float) -> nir.LIF:
    """As Norse writes LIFBoxCell: r = 1, so the input shrinks with the step."""
    zeros = np.zeros(n, "f4")
    return nir.LIF(
        tau=np.full(n, tau, "f4"), r=zeros + 1, v_leak=zeros, v_reset=zeros, v_threshold=zeros + 1
    )


@pytest.mark.parametrize(
    ("dt", "make"),
    [
        (1.0, integrate),
        (1e-4, lambda n: integrate(n, 1e4)),
        (1.0, lambda n: integrate(n, 0.5, v_threshold=np.full(n, 0.75))),
        (1e-4, lambda n: leaky(n, 0.75)),
        (1e-3, lambda n: norse_box(n, 0.002)),
        (0.25, lambda n: leaky(n, 0.5, dt=0.25, v_leak=np.linspace(-1, 1, n))),
        (0.5, lambda n: integrate(n, r=np.linspace(1, 3, n))),
    ],
    ids=["norse IF", "SpikingJelly IF", "gain", "snnTorch", "norse LIF", "v_leak", "gains"],
)
def test_outputs_are_those_of_the_equations(dt: float, make: Any) -> None:
    nodes = {
        "flatten": nir.Flatten({"input": np.array([1, 3])}, 0, -1),
        "scale": nir.Scale(np.array([1.0, 0.5, -2.0])),
        "0": affine(0, 3, 5),
        "1": make(5),
        "2": nir.Affine(affine(2, 5, 4).weight, np.linspace(1, 3, 4)),
        "half": nir.Scale(np.full(4, 0.5)),
        "3": make(4),
        "4": nir.Linear(affine(4, 4, 2).weight),
    }
    g = graph(nodes, n_in=[1, 3], metadata=SOFT)
    x = np.random.default_rng(1).uniform(-1, 1, (64, 1, 3))
    expected = simulated(g, list(nodes), x, dt, 20)
    found = computed(g, x, dt, 20)
    # A sum that meets the threshold within the rounding of either side fires a step later.
    same = np.isclose(found, expected, rtol=1e-9, atol=1e-12).all(axis=1)
    assert same.sum() >= 62 and np.ptp(found) > 0.1


def test_snntorch_network_that_ends_in_neurons_gives_spike_rates(tmp_path: Path) -> None:
    nodes = {"0": affine(0, 3, 5), "1": leaky(5, 1.0), "2": affine(2, 5, 2), "3": leaky(2, 1.0)}
    assert np.isinf(nodes["1"].tau).all() and np.isinf(nodes["1"].r).all()
    line = (
        "1 (LIF): the reset must subtract the threshold (metadata reset_mechanism ="
        " 'subtract', or --assume-soft-reset), not v_reset 0"
    )
    assert refused(graph(nodes), tmp_path) == line
    found = imported(graph(nodes), tmp_path, assume_soft_reset=True, time_steps=8)
    assert found.description.network.model_dump(exclude_defaults=True) == {
        "layers": [3, 5, 2, 2],
        "time_steps": 8,
    }
    assert found.remarks == ["The graph ends in neurons: outputs are their mean spike rates."]
    np.testing.assert_array_equal(found.parameters.weights[0], nodes["0"].weight)
    np.testing.assert_array_equal(found.parameters.biases[1], nodes["2"].bias)
    np.testing.assert_array_equal(found.parameters.weights[2], np.eye(2))
    assert not found.parameters.biases[2].any()


def test_layers_that_leak_with_thresholds_of_their_own(tmp_path: Path) -> None:
    nodes = {
        "0": affine(0, 3, 5),
        "1": leaky(5, 0.75, v_threshold=np.full(5, 0.5, "f4")),
        "2": affine(2, 5, 4),
        "3": leaky(4, 0.75, v_threshold=np.full(4, 1.5, "f4")),
        "4": affine(4, 4, 2),
    }
    found = imported(graph(nodes, metadata=SOFT), tmp_path, dt=1e-4)
    assert found.description.network.model_dump(exclude_defaults=True) == {
        "layers": [3, 5, 4, 2],
        "leak": 0.75,
        "threshold": [0.5, 1.5],
    }
    np.testing.assert_array_equal(found.parameters.weights[1], nodes["2"].weight)
    engine = FixedEngine(found.description, found.parameters)
    x = np.random.default_rng(1).uniform(-1, 1, (64, 3))
    expected = simulated(graph(nodes), list(nodes), x, 1e-4, 32)
    # The integers round to 2^-16: most samples spike alike, and none is far off.
    assert np.median(np.abs(engine.predict([x]) - expected)) < 1e-4
    assert np.abs(engine.predict([x]) - expected).max() < 0.1


def test_parameters_may_be_single_numbers(tmp_path: Path) -> None:
    numbers: dict[str, Any] = {
        "r": np.float64(1),
        "v_threshold": np.float64(0.5),
        "v_reset": np.float64(0),
    }
    one = nir.IF(**numbers)
    g = graph({"0": affine(0, 3, 5), "1": one, "2": affine(2, 5, 2)}, metadata=SOFT)
    found = imported(g, tmp_path).description
    assert (found.network.layers, found.network.threshold, found.name) == ([3, 5, 2], 0.5, "net")


def test_formats_grow_with_what_they_must_hold(tmp_path: Path) -> None:
    neurons = integrate(5, v_threshold=np.full(5, 3.0))
    wide = nir.Linear(np.full((5, 3), -7.5))
    g = graph({"0": wide, "1": neurons, "2": affine(2, 5, 2)}, metadata=SOFT)
    found = imported(g, tmp_path).description
    assert found.formats.model_dump(exclude_defaults=True) == {
        "weight": "s3.14",
        "membrane": "s5.14",
        "target": "s3.14",
    }


@pytest.mark.parametrize(("key", "type_"), [("metadata", "node"), ("metadata", "graph")])
def test_the_metadata_of_a_node_comes_before_that_of_the_graph(
    tmp_path: Path, key: str, type_: str
) -> None:
    inner, outer = (SOFT, {"reset_mechanism": "zero"})
    if type_ == "graph":
        inner, outer = outer, inner
    one = integrate(5)
    one.metadata = inner
    g = graph({"0": affine(0, 3, 5), "1": one, "2": affine(2, 5, 2)}, metadata=outer)
    if type_ == "node":
        assert imported(g, tmp_path).description.network.layers == [3, 5, 2]
    else:
        assert refused(g, tmp_path).endswith(", not reset_mechanism 'zero'")
