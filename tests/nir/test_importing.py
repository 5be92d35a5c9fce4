"""Graphs as other frameworks write them, against the equations of NIR run step by step.

What the frameworks write is taken from their exporters: snntorch/export_nir.py (1.0.0),
norse/torch/utils/export_nir.py, spyx/nir.py, spikingjelly/activation_based/nir_exchange, and
nir's own conversion scripts for lava-dl.
"""

import itertools
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from dualspike.golden.fixed import FixedEngine
from dualspike.golden.model import Model
from dualspike.model.errors import BadInput
from dualspike.model.network import Network
from dualspike.model.operator import Operator
from dualspike.nir.chain import chain_of
from dualspike.nir.importing import Imported, Options, import_network, stages_of

SOFT = {"reset_mechanism": "subtract"}


def graph(
    nodes: dict[str, nir.NIRNode],
    n_in: Any = 3,
    metadata: dict[str, Any] | None = None,
    edges: list[tuple[str, str]] | None = None,
) -> nir.NIRGraph:
    """A chain of nodes between input and output; edges are written last one first."""
    last = list(nodes.values())[-1].output_type["output"]
    nodes = {
        "input": nir.Input({"input": np.atleast_1d(n_in)}),
        **nodes,
        "output": nir.Output({"output": np.asarray(last)}),
    }
    keys = list(nodes)
    edges = edges or list(itertools.pairwise(keys))[::-1]
    return nir.NIRGraph(nodes, edges, metadata or {}, type_check=False)


def affine(seed: int, n_in: int, n_out: int, dtype: str = "f4") -> nir.Affine:
    rng = np.random.default_rng(seed)
    return nir.Affine(
        weight=rng.uniform(-1, 1, (n_out, n_in)).astype(dtype),
        bias=rng.uniform(-0.5, 0.5, n_out).astype(dtype),
    )


def imported(g: nir.NIRGraph, tmp_path: Path, **options: Any) -> Imported:
    path = tmp_path / "net.nir"
    nir.write(path, g)
    return import_network(path, Options(**options))


def refusal(g: nir.NIRGraph, tmp_path: Path, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        imported(g, tmp_path, **options)
    return str(caught.value).replace(f"{tmp_path}/", "")


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


def leaky(n: int, leak: float, dt: float = 1e-4, **other: Any) -> nir.LIF:
    """As snnTorch writes snn.Leaky: single precision, r = tau / dt."""
    with np.errstate(divide="ignore"):
        tau = np.float32(dt) / (1 - np.full(n, leak, "f4"))
        r = tau / np.float32(dt)
    ones = np.ones(n, "f4")
    fields = {"tau": tau, "r": r, "v_threshold": ones, "v_leak": 0 * ones, "v_reset": 0 * ones}
    return nir.LIF(**(fields | other))


def integrate(n: int, r: Any = 1.0, **other: Any) -> nir.IF:
    fields: dict[str, Any] = {"v_threshold": np.ones(n), "v_reset": np.zeros(n)}
    return nir.IF(r=np.full(n, r), **(fields | other))


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
        "2": nir.Linear(affine(2, 5, 4).weight),
        "half": nir.Scale(np.full(4, 0.5)),
        "3": make(4),
        "4": affine(4, 4, 2),
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
        "net.nir: 1 (LIF): the reset must subtract the threshold (metadata reset_mechanism ="
        " 'subtract', or --assume-soft-reset), not v_reset 0"
    )
    assert refusal(graph(nodes), tmp_path) == line
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
    assert np.median(np.abs(engine.predict(x) - expected)) < 1e-4
    assert np.abs(engine.predict(x) - expected).max() < 0.1


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
        assert refusal(g, tmp_path).endswith(", not reset_mechanism 'zero'")


def chain(**changed: nir.NIRNode) -> nir.NIRGraph:
    nodes = {"fc1": affine(0, 3, 5), "if1": integrate(5), "fc2": affine(2, 5, 2)}
    return graph(nodes | changed, metadata=SOFT)


def cuba(n: int) -> nir.CubaLIF:
    """As conversion from lava-dl writes it."""
    ones = np.ones(n)
    return nir.CubaLIF(
        tau_mem=ones, tau_syn=ones, r=ones, v_leak=0 * ones, v_threshold=ones, w_in=ones
    )


def conv(n_in: int) -> nir.Conv2d:
    return nir.Conv2d((4, 4), np.ones((1, n_in, 2, 2)), 1, 0, 1, 1, np.ones(1))


FULL = np.full(5, 1.0)
REFUSED: dict[str, tuple[Any, str]] = {
    "CubaLIF": (lambda: chain(if1=cuba(5)), "if1 (CubaLIF) cannot be built: nodes must be {all}"),
    "Conv2d": (lambda: chain(fc1=conv(1)), "fc1 (Conv2d) cannot be built: nodes must be {all}"),
    "Threshold": (
        lambda: chain(if1=nir.Threshold(FULL)),
        "if1 (Threshold) cannot be built: nodes must be {all}",
    ),
    "LI": (
        lambda: chain(li=nir.LI(tau=FULL[:2], r=FULL[:2], v_leak=FULL[:2])),
        "li (LI) cannot be built: nodes must be {all}",
    ),
    "a graph within": (
        lambda: chain(if1=graph({"if": integrate(5)}, 5)),
        "if1 (NIRGraph) cannot be built: nodes must be {all}",
    ),
    "no neurons between": (
        lambda: chain(if1=affine(1, 5, 5)),
        "if1 (Affine) must have neurons before it, not fc1 (Affine)",
    ),
    "neurons behind neurons": (
        lambda: chain(fc2=integrate(5)),
        "fc2 (IF) must have Affine or Linear before it",
    ),
    "scale at the end": (
        lambda: graph(
            {"fc": affine(0, 3, 5), "if": integrate(5), "s": nir.Scale(np.full(5, 2.0))},
            metadata=SOFT,
        ),
        "s (Scale) must have Affine or Linear behind it",
    ),
    "no weights": (
        lambda: graph({"flat": nir.Flatten({"input": np.array([3])}, 0, -1)}),
        "the graph must have Affine or Linear nodes, not none",
    ),
    "one layer": (
        lambda: graph({"fc": affine(0, 3, 5)}),
        "as a description: network.layers must have 3 to 16 entries, not 2",
    ),
    "widths": (
        lambda: chain(fc2=affine(2, 4, 2)),
        "fc2 (Affine): weight must take 5 inputs, not 4",
    ),
    "width of neurons": (
        lambda: chain(if1=integrate(4)),
        "if1 (IF): v_threshold must be one number or 5, not 4",
    ),
    "stacked weights": (
        lambda: chain(fc1=nir.Linear(np.ones((1, 5, 3)))),
        "fc1 (Linear): weight must be [n_out, n_in], not of shape [1, 5, 3]",
    ),
    "infinite weight": (
        lambda: chain(fc1=nir.Linear(np.full((5, 3), np.inf))),
        "fc1 (Linear): weight must be finite",
    ),
    "no number": (
        lambda: chain(if1=integrate(5, r=np.nan)),
        "if1 (IF): r must be numbers, not nan",
    ),
    "text": (
        lambda: chain(fc2=nir.Scale(np.array([b"a", b"b"]))),
        "fc2 (Scale): scale must be numbers",
    ),
    "width of a scale": (
        lambda: chain(fc2=nir.Scale(np.ones(3))),
        "fc2 (Scale): scale must be one number or 5, not 3",
    ),
    "thresholds": (
        lambda: chain(if1=integrate(5, v_threshold=np.arange(1.0, 6.0))),
        "if1 (IF): v_threshold must be the same for all neurons of the layer, not 1 to 5",
    ),
    "threshold 0": (
        lambda: chain(if1=integrate(5, v_threshold=np.zeros(5))),
        "if1 (IF): v_threshold must be above 0 and finite, not 0",
    ),
    "hard reset": (
        lambda: chain(if1=integrate(5, v_reset=np.full(5, -0.5))),
        "if1 (IF): the reset must subtract the threshold (metadata reset_mechanism = 'subtract',"
        " or --assume-soft-reset), not v_reset -0.5",
    ),
    "leak": (
        lambda: chain(if1=leaky(5, 0.9, dt=1.0)),
        "if1 (LIF): leak 1 - dt / tau must be 1 or 1 - 2^-k with k in [1, 8], not 0.9: nearest is"
        " 0.875 (dt is 1; --dt sets it)",
    ),
    "dt of another": (
        lambda: chain(if1=leaky(5, 0.5)),
        "if1 (LIF): leak 1 - dt / tau must be 1 or 1 - 2^-k with k in [1, 8], not -4999: nearest"
        " is 0.5 (dt is 1; --dt sets it)",
    ),
    "tau": (
        lambda: chain(if1=leaky(5, 0.5, tau=-FULL)),
        "if1 (LIF): tau must be above 0, not -1",
    ),
    "r of no leak": (
        lambda: chain(if1=leaky(5, 1.0, r=FULL * 2)),
        "if1 (LIF): r must be 1 or infinite where tau is, not 2",
    ),
    "infinite r": (
        lambda: chain(if1=integrate(5, np.inf)),
        "if1 (IF): r must be finite, not inf",
    ),
    "two leaks": (
        lambda: graph(
            {
                "fc1": affine(0, 3, 5),
                "a": leaky(5, 0.5, 1.0),
                "fc2": affine(2, 5, 4),
                "b": leaky(4, 0.75, 1.0),
                "fc3": affine(3, 4, 2),
            },
            metadata=SOFT,
        ),
        "the leak must be the same in all layers, not 0.5, 0.75",
    ),
    "huge weight": (
        lambda: chain(fc1=nir.Linear(np.full((5, 3), 1e6))),
        "weights must fit 18 bits, up to 131071, not 1e+06",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_is_refused_by_name(case: str, tmp_path: Path) -> None:
    make, line = REFUSED[case]
    line = line.format(all="Affine, Linear, Scale, Flatten, IF, LIF")
    assert refusal(make(), tmp_path) == f"net.nir: {line}"


EDGES: dict[str, tuple[list[tuple[str, str]], str]] = {
    "recurrent": (
        [("input", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("c", "output")],
        "b (IF) must have one input, not a and c",
    ),
    "forked": (
        [("input", "a"), ("a", "b"), ("a", "c"), ("b", "output")],
        "a (Affine) must lead to one node, not b and c",
    ),
    "open": ([("input", "a"), ("a", "b")], "b (IF) must lead to another node, not to nothing"),
    "apart": (
        [("input", "a"), ("a", "b"), ("b", "output")],
        "c (Affine) must lie between input and output, not apart from them",
    ),
    "a ring apart": (
        [("input", "a"), ("a", "output"), ("b", "c"), ("c", "b")],
        "b (IF) must lie between input and output, not apart from them",
    ),
    "nowhere": ([("input", "z")], "edges must join nodes of the graph, not 'z'"),
}


@pytest.mark.parametrize("case", EDGES)
def test_a_graph_must_be_one_chain(case: str, tmp_path: Path) -> None:
    edges, line = EDGES[case]
    nodes: dict[str, nir.NIRNode] = {
        "a": affine(0, 3, 5),
        "b": integrate(5),
        "c": affine(2, 5, 5),
    }
    assert refusal(graph(nodes, edges=edges), tmp_path) == f"net.nir: {line}"


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    g = chain()
    g.nodes["second"] = nir.Input({"input": np.array([3])})
    line = "net.nir: the graph must have one Input, not input, second"
    assert refusal(g, tmp_path) == line


def test_files_of_other_kinds_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    with pytest.raises(BadInput) as caught:
        import_network(path, Options())
    assert str(caught.value) == f"cannot read {path}: No such file or directory"
    for content in (b"", b"\x89HDF\r\n\x1a\nand nothing more", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(BadInput) as caught:
            import_network(path, Options())
        assert str(caught.value).startswith(f"{path} must be a NIR file, nir cannot read it: ")


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    path, damaged = tmp_path / "net.nir", tmp_path / "damaged.nir"
    nir.write(path, chain())
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for size in rng.integers(1, len(content), 12):
        damaged.write_bytes(content[:size])
        with pytest.raises(BadInput):
            import_network(damaged, Options())
        flipped = bytearray(content)
        for place in rng.integers(0, len(content), 40):
            flipped[place] ^= 1 << int(rng.integers(8))
        damaged.write_bytes(flipped)
        try:
            import_network(damaged, Options())
        except BadInput as error:
            refused += 1
            assert str(error).startswith(str(damaged))
    assert refused


@pytest.mark.parametrize(
    ("metadata", "options", "line"),
    [
        ({"dt": "soon"}, {}, "metadata dt must be a number, not 'soon'"),
        ({"dt": 0.0}, {}, "dt must be above 0 and finite, not 0"),
        ({}, {"dt": float("inf")}, "dt must be above 0 and finite, not inf"),
        (
            {"time_steps": 0},
            {},
            "as a description: network.time_steps must be in [1, 1024], not 0",
        ),
        (
            {"time_steps": 2.5},
            {},
            "as a description: network.time_steps must be a whole number, not 2.5",
        ),
        ({"time_steps": float("inf")}, {}, None),
        ({}, {"data": "\udcff.npz"}, "data must have a name in UTF-8, not '\\udcff.npz'"),
        ({"dualspike": "name ="}, {}, None),
        (
            {"dualspike": "[formats]\nweight = 's1.4'\n[hardware]\npe = [1]"},
            {},
            "as a description: hardware.pe must have 2 entries, not 1",
        ),
        (
            {"dualspike": "network = 3"},
            {},
            "metadata dualspike: network must be a table, not 3",
        ),
        (
            {},
            {"name": "Net"},
            "as a description: name must match ^[a-z][a-z0-9_]{0,62}$, not 'Net'",
        ),
    ],
)
def test_metadata_and_options_are_checked(
    metadata: dict[str, Any], options: dict[str, Any], line: str | None, tmp_path: Path
) -> None:
    g = chain()
    g.metadata = g.metadata | metadata
    found = refusal(g, tmp_path, **options)
    assert found.startswith("net.nir: ") and "\n" not in found
    if line:
        assert found == f"net.nir: {line}"


def test_weights_must_fit_the_formats_that_came_along(tmp_path: Path) -> None:
    g = chain(fc1=nir.Linear(np.full((5, 3), 2.5)))
    g.metadata = g.metadata | {"dualspike": "name = 'mine'"}
    line = "net.nir: weights of layer 0 must be in [-2, 1.99998] (s1.16), not 2.5"
    assert refusal(g, tmp_path) == line
