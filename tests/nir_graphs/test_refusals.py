"""What cannot be built is one line that names it."""

import re
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dualspike.model.errors import BadInput
from dualspike.nir.chain import Named
from dualspike.nir.importing import Options, import_network
from dualspike.nir.neurons import neurons
from tests.refusals import refusal

from .graphs import SOFT, affine, chain, graph, integrate, leaky, refused

ALL = "Affine, Linear, Scale, Flatten, IF, LIF"
FULL = np.full(5, 1.0)


def ones(n: int, *names: str) -> dict[str, Any]:
    return {name: np.ones(n) for name in names}


@pytest.mark.parametrize(
    ("key", "node"),
    [
        # As conversion from lava-dl writes it.
        ("if1", nir.CubaLIF(**ones(5, "tau_mem", "tau_syn", "r", "v_leak", "v_threshold"))),
        ("fc1", nir.Conv2d((4, 4), np.ones((1, 1, 2, 2)), 1, 0, 1, 1, np.ones(1))),
        ("if1", nir.Threshold(FULL)),
        ("li", nir.LI(**ones(2, "tau", "r", "v_leak"))),
        ("if1", graph({"if": integrate(5)}, 5)),
    ],
)
def test_kinds_of_nodes_that_cannot_be_built(key: str, node: nir.NIRNode, tmp_path: Path) -> None:
    line = f"{key} ({type(node).__name__}) cannot be built: nodes must be {ALL}"
    assert refused(chain(**{key: node}), tmp_path) == line


RESET = "the reset must subtract the threshold (metadata reset_mechanism = 'subtract',"
LEAK = "leak 1 - dt / tau must be 1 or 1 - 2^-k with k in [1, 8]"
SCALED = {"fc": affine(0, 3, 5), "if": integrate(5), "s": nir.Scale(np.full(5, 2.0))}
TWO_LEAKS = {
    **{"fc1": affine(0, 3, 5), "a": leaky(5, 0.5, 1.0), "fc2": affine(2, 5, 4)},
    **{"b": leaky(4, 0.75, 1.0), "fc3": affine(3, 4, 2)},
}


@pytest.mark.parametrize(
    ("g", "line"),
    [
        (
            chain(if1=affine(1, 5, 5)),
            "if1 (Affine) must have neurons before it, not fc1 (Affine)",
        ),
        (chain(fc2=integrate(5)), "fc2 (IF) must have Affine or Linear before it"),
        (graph(SCALED, metadata=SOFT), "s (Scale) must have Affine or Linear behind it"),
        (
            graph({"flat": nir.Flatten({"input": np.array([3])}, 0, -1)}),
            "the graph must have Affine or Linear nodes, not none",
        ),
        (
            graph({"fc": affine(0, 3, 5)}),
            "as a description: network.layers must have 3 to 16 entries, not 2",
        ),
        (chain(fc2=affine(2, 4, 2)), "fc2 (Affine): weight must take 5 inputs, not 4"),
        (chain(if1=integrate(4)), "if1 (IF): v_threshold must be one number or 5, not 4"),
        (
            chain(fc1=nir.Linear(np.ones((1, 5, 3)))),
            "fc1 (Linear): weight must be [n_out, n_in], not of shape [1, 5, 3]",
        ),
        (
            chain(fc1=nir.Linear(np.ones((5, 0)))),
            "fc1 (Linear): weight must be real numbers, not none at all",
        ),
        (chain(fc1=nir.Linear(np.full((5, 3), np.inf))), "fc1 (Linear): weight must be finite"),
        (chain(if1=integrate(5, r=np.nan)), "if1 (IF): r must be numbers, not nan"),
        (
            chain(fc2=nir.Scale(np.array([b"a", b"b"]))),
            "fc2 (Scale): scale must be real numbers, not |S1",
        ),
        (
            chain(fc2=nir.Scale(np.ones(3))),
            "fc2 (Scale): scale must be one number or 5, not 3",
        ),
        (
            chain(if1=integrate(5, v_threshold=np.arange(1.0, 6.0))),
            "if1 (IF): v_threshold must be the same for all neurons of the layer, not 1 to 5",
        ),
        (
            chain(if1=integrate(5, v_threshold=np.zeros(5))),
            "if1 (IF): v_threshold must be above 0 and finite, not 0",
        ),
        (
            chain(if1=integrate(5, v_reset=np.full(5, -0.5))),
            f"if1 (IF): {RESET} or --assume-soft-reset), not v_reset -0.5",
        ),
        (
            chain(if1=leaky(5, 0.9, dt=1.0)),
            f"if1 (LIF): {LEAK}, not 0.9: nearest is 0.875 (dt is 1; --dt 1.25 makes it exact)",
        ),
        (
            chain(if1=leaky(5, 0.5)),
            f"if1 (LIF): {LEAK}, not -4999: nearest is 0.5 (dt is 1; --dt 0.0001 makes it exact)",
        ),
        (chain(if1=leaky(5, 0.5, tau=-FULL)), "if1 (LIF): tau must be above 0, not -1"),
        (
            chain(if1=leaky(5, 1.0, r=FULL * 2)),
            "if1 (LIF): r must be 1 or infinite where tau is, not 2",
        ),
        (chain(if1=integrate(5, np.inf)), "if1 (IF): r must be finite, not inf"),
        (
            graph(TWO_LEAKS, metadata=SOFT),
            "the leak must be the same in all layers, not 0.5, 0.75",
        ),
        (
            chain(fc1=nir.Linear(np.full((5, 3), 1e6))),
            "weights must fit 18 bits, up to 131071, not 1e+06",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(
    g: nir.NIRGraph, line: str, tmp_path: Path
) -> None:
    assert refused(g, tmp_path) == line


@pytest.mark.parametrize(
    ("edges", "line"),
    [
        (
            [("input", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("c", "output")],
            "b (IF) must have one input, not a and c",
        ),
        (
            [("input", "a"), ("a", "b"), ("a", "c"), ("b", "output")],
            "a (Affine) must lead to one node, not b and c",
        ),
        ([("input", "a"), ("a", "b")], "b (IF) must lead to another node, not to nothing"),
        (
            [("input", "a"), ("a", "b"), ("b", "output")],
            "c (Affine) must lie between input and output, not apart from them",
        ),
        (
            [("input", "a"), ("a", "output"), ("b", "c"), ("c", "b")],
            "b (IF) must lie between input and output, not apart from them",
        ),
        ([("input", "z")], "edges must join nodes of the graph, not 'z'"),
    ],
)
def test_a_graph_must_be_one_chain(edges: list[tuple[str, str]], line: str, tmp_path: Path) -> None:
    nodes = {"a": affine(0, 3, 5), "b": integrate(5), "c": affine(2, 5, 5)}
    assert refused(graph(nodes, edges=edges), tmp_path) == line


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    g = chain()
    g.nodes["second"] = nir.Input({"input": np.array([3])})
    line = "the graph must have one Input, not input, second"
    assert refused(g, tmp_path) == line


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
    found = refused(g, tmp_path, **options)
    assert line in (None, found)


def with_scale(factor: float, n_in: Any = 3) -> nir.NIRGraph:
    """The chain behind a scale."""
    nodes = {"s": nir.Scale(np.full(3, factor)), "fc1": affine(0, 3, 5), "if1": integrate(5)}
    return graph({**nodes, "fc2": affine(2, 5, 2)}, n_in, SOFT)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("shape", [[64, 3], [1000, 3], [2, 5, 3], [7, 3, 1]])
def test_dimensions_of_a_batch_are_named(shape: list[int], scaled: bool, tmp_path: Path) -> None:
    g = with_scale(1.0, shape) if scaled else chain(shape)
    own = shape[1:] if np.prod(shape[1:]) == 3 else shape[2:]
    taking = "s (Scale)" if scaled else "fc1 (Affine)"
    assert refused(g, tmp_path) == (
        f"input (Input): shape must be that of one sample, {own}, as {taking} takes 3"
        f" inputs, not {shape} with dimensions of a batch"
    )


@pytest.mark.parametrize("shape", [[0], [-3], [2.5], [1j], [[3]], [True]])
def test_shapes_of_inputs_are_whole_numbers(shape: Any, tmp_path: Path) -> None:
    line = f"input (Input): shape must be whole numbers from 1 on, not {shape}"
    assert refused(chain(shape), tmp_path) == line


@pytest.mark.parametrize("threshold", [70000.0, 65536.25, 1e-5, 1e300, 5e-324])
def test_thresholds_are_told_in_the_users_numbers(threshold: float, tmp_path: Path) -> None:
    g = chain(if1=integrate(5, v_threshold=np.full(5, threshold)))
    line = "if1 (IF): v_threshold must be in [1.52587890625e-05, 65536], not "
    assert refused(g, tmp_path) == f"{line}{threshold:.12g}"


@given(leak=st.floats(-1e4, 0.999), dt=st.floats(1e-9, 1e3))
@example(leak=0.9, dt=1e-4)
def test_the_dt_that_is_named_makes_the_leak_exact(leak: float, dt: float) -> None:
    named = Named("lif", leaky(2, 0.5, tau=np.full(2, dt / (1 - leak)), r=np.ones(2)))
    try:
        neurons(named, 2, dt, SOFT, False)
    except BadInput as error:
        found = re.search(r"nearest is (\S+) \(dt is \S+; --dt (\S+) makes it exact\)", str(error))
        assert found
        again = neurons(named, 2, float(found[2]), SOFT, False)
        assert again.leak == pytest.approx(float(found[1]), rel=1e-5)


@pytest.mark.parametrize("stem", ["final", "module", "wire", "always"])
def test_a_name_from_the_file_that_is_unfit_names_the_option(stem: str, tmp_path: Path) -> None:
    path = tmp_path / f"{stem}.nir"
    nir.write(path, chain())
    assert refusal(import_network, path, Options()) == (
        f"{path}: as a description: name must not be a word of Verilog, as '{stem}' is;"
        " --name gives another"
    )
    assert import_network(path, Options(name="other")).description.name == "other"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("big", [1e200, 1e308, -1e308])
@pytest.mark.parametrize("place", ["fc1", "if1", "dt", "scale", "bias"])
def test_numbers_that_overflow_are_one_line_without_warnings(
    place: str, big: float, tmp_path: Path
) -> None:
    graphs = {
        "fc1": chain(fc1=nir.Linear(np.full((5, 3), big))),
        "if1": chain(if1=integrate(5, big)),
        "dt": chain(if1=integrate(5, 1e10)),
        "scale": with_scale(big),
        "bias": chain(fc1=nir.Affine(np.ones((5, 3)), np.full(5, big))),
    }
    assert refused(graphs[place], tmp_path, dt=abs(big) if place == "dt" else 1e9)


@pytest.mark.parametrize("dt", [1j, np.array([1.0, 2.0]), True, "soon", np.array([])])
def test_numbers_of_the_metadata_are_real(dt: Any, tmp_path: Path) -> None:
    g = chain()
    g.metadata = g.metadata | {"dt": dt}
    assert refused(g, tmp_path).startswith("metadata dt must be a number, not ")


def test_weights_must_fit_the_formats_that_came_along(tmp_path: Path) -> None:
    g = chain(fc1=nir.Linear(np.full((5, 3), 2.5)))
    g.metadata = g.metadata | {"dualspike": "name = 'mine'"}
    line = "weights of layer 0 must be in [-2, 1.99998] (s1.16), not 2.5"
    assert refused(g, tmp_path) == line
