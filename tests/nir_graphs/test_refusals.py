"""What cannot be built, or read, is one line that names it."""

import re
from pathlib import Path
from typing import Any

import h5py  # pyright: ignore[reportMissingTypeStubs]
import nir
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dualspike.model.errors import BadInput
from dualspike.nir.chain import Named
from dualspike.nir.importing import Options, import_network
from dualspike.nir.neurons import neurons

from .graphs import SOFT, affine, graph, integrate, leaky, refusal


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
    "no weight": (
        lambda: chain(fc1=nir.Linear(np.ones((5, 0)))),
        "fc1 (Linear): weight must be real numbers, not none at all",
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
        "fc2 (Scale): scale must be real numbers, not |S1",
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
        " 0.875 (dt is 1; --dt 1.25 makes it exact)",
    ),
    "dt of another": (
        lambda: chain(if1=leaky(5, 0.5)),
        "if1 (LIF): leak 1 - dt / tau must be 1 or 1 - 2^-k with k in [1, 8], not -4999: nearest"
        " is 0.5 (dt is 1; --dt 0.0001 makes it exact)",
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


def outcome(path: Path, **options: Any) -> str:
    """The line with which a file is refused."""
    with pytest.raises(BadInput) as caught:
        import_network(path, Options(**options))
    return str(caught.value)


def parameters() -> list[tuple[str, str]]:
    """Every parameter of numbers in a graph with every kind of node."""
    kinds = {"fc": "weight bias", "lin": "weight", "s": "scale", "if1": "r v_threshold v_reset"}
    kinds["lif1"] = "tau r v_leak v_threshold v_reset"
    return [(key, field) for key, names in kinds.items() for field in names.split()]


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "bool", "S3", "O", "nan"])
def test_parameters_must_be_real_numbers(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    for key, field in parameters():
        nodes: dict[str, nir.NIRNode] = {
            "s": nir.Scale(np.full(3, 0.5)),
            "fc": affine(0, 3, 5),
            "if1": integrate(5),
            "lin": nir.Linear(affine(1, 5, 4).weight),
            "lif1": leaky(4, 0.5, 1.0),
            "fc2": affine(2, 4, 2),
        }
        if key == "if1":
            del nodes["lin"], nodes["lif1"]
            nodes["fc2"] = affine(2, 5, 2)
        nir.write(path, graph(nodes, metadata=SOFT))
        with h5py.File(path, "a") as file:
            values = np.asarray(file[f"node/nodes/{key}/{field}"])
            del file[f"node/nodes/{key}/{field}"]
            changed = {
                "nan": lambda v: np.full(v.shape, np.nan),
                "O": lambda v: np.full(v.shape, b"1", object),
            }.get(dtype, lambda v: (v * (1j if dtype[0] == "c" else 1)).astype(dtype))
            file[f"node/nodes/{key}/{field}"] = changed(values)
        line = outcome(path)
        assert line.startswith(f"{path}: {key} ("), line
        assert f"{field} must be " in line and "numbers, not " in line and "\n" not in line


HALVES = [
    *["version", "node/type", "node/nodes", "node/edges", "node", "node/nodes/fc1/type"],
    *["node/nodes/fc1/weight", "node/nodes/fc1/bias", "node/nodes/if1/r", "node/nodes/input/shape"],
    *["node/nodes/if1/v_threshold", "node/nodes/output/shape", "node/nodes/fc2"],
]


@pytest.mark.parametrize("gone", HALVES)
def test_what_is_missing_of_a_half_written_file_is_named(gone: str, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    nir.write(path, chain())
    with h5py.File(path, "a") as file:
        del file[gone]
    if gone == "version":
        import_network(path, Options())
    elif gone == "node/nodes/fc2":
        assert outcome(path) == f"{path}: edges must join nodes of the graph, not 'fc2'"
    else:
        assert outcome(path) == f"{path} must be a whole NIR file: {gone} is missing"


@pytest.mark.parametrize("place", ["metadata", "nodes/if1/metadata", "nodes", "edges", "nodes/fc1"])
@pytest.mark.parametrize("value", [3.0, np.ones((2, 3)), "text", np.array([[1j, 2]])])
def test_other_things_where_groups_should_be(place: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    g = chain(if1=integrate(5, metadata=SOFT))
    nir.write(path, g)
    with h5py.File(path, "a") as file:
        del file[f"node/{place}"]
        file[f"node/{place}"] = value
    try:
        import_network(path, Options(assume_soft_reset=True))
    except BadInput as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
    else:
        assert place == "metadata"


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("shape", [[64, 3], [1000, 3], [2, 5, 3], [7, 3, 1]])
def test_dimensions_of_a_batch_are_named(shape: list[int], scaled: bool, tmp_path: Path) -> None:
    first: dict[str, nir.NIRNode] = {"s": nir.Scale(np.ones(3))} if scaled else {}
    nodes = first | {"fc1": affine(0, 3, 5), "if1": integrate(5), "fc2": affine(2, 5, 2)}
    own = shape[1:] if np.prod(shape[1:]) == 3 else shape[2:]
    taking = "s (Scale)" if scaled else "fc1 (Affine)"
    assert refusal(graph(nodes, shape, SOFT), tmp_path) == (
        f"net.nir: input (Input): shape must be that of one sample, {own}, as {taking} takes 3"
        f" inputs, not {shape} with dimensions of a batch"
    )


@pytest.mark.parametrize("shape", [[0], [-3], [2.5], [1j], [[3]], [True]])
def test_shapes_of_inputs_are_whole_numbers(shape: Any, tmp_path: Path) -> None:
    g = graph({"fc1": affine(0, 3, 5), "if1": integrate(5), "fc2": affine(2, 5, 2)}, shape, SOFT)
    line = f"net.nir: input (Input): shape must be whole numbers from 1 on, not {shape}"
    assert refusal(g, tmp_path) == line


@pytest.mark.parametrize("threshold", [70000.0, 65536.25, 1e-5, 1e300, 5e-324])
def test_thresholds_are_told_in_the_users_numbers(threshold: float, tmp_path: Path) -> None:
    g = chain(if1=integrate(5, v_threshold=np.full(5, threshold)))
    line = "net.nir: if1 (IF): v_threshold must be in [1.52587890625e-05, 65536], not "
    assert refusal(g, tmp_path) == f"{line}{threshold:.12g}"


@given(leak=st.floats(-1e4, 0.999), dt=st.floats(1e-9, 1e3))
@example(leak=0.9, dt=1e-4)
def test_the_dt_that_is_named_makes_the_leak_exact(leak: float, dt: float) -> None:
    tau = dt / (1 - leak)
    node = leaky(2, 0.5, tau=np.full(2, tau), r=np.ones(2))
    named = Named("lif", node)
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
    assert outcome(path) == (
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
    changed: dict[str, nir.NIRNode] = {
        "fc1": nir.Linear(np.full((5, 3), big)),
        "if1": integrate(5, big),
        "dt": integrate(5, 1e10),
        "scale": nir.Scale(np.full(3, big)),
        "bias": nir.Affine(np.ones((5, 3)), np.full(5, big)),
    }
    nodes = {"fc1": affine(0, 3, 5), "if1": integrate(5), "fc2": affine(2, 5, 2)}
    key = {"dt": "if1", "bias": "fc1"}.get(place, place)
    nodes = {key: changed[place]} | nodes if place == "scale" else nodes | {key: changed[place]}
    refused = refusal(graph(nodes, metadata=SOFT), tmp_path, dt=abs(big) if place == "dt" else 1e9)
    assert refused.startswith("net.nir: ") and "\n" not in refused


@pytest.mark.parametrize("dt", [1j, np.array([1.0, 2.0]), True, "soon", np.array([])])
def test_numbers_of_the_metadata_are_real(dt: Any, tmp_path: Path) -> None:
    g = chain()
    g.metadata = g.metadata | {"dt": dt}
    assert refusal(g, tmp_path).startswith("net.nir: metadata dt must be a number, not ")


def test_weights_must_fit_the_formats_that_came_along(tmp_path: Path) -> None:
    g = chain(fc1=nir.Linear(np.full((5, 3), 2.5)))
    g.metadata = g.metadata | {"dualspike": "name = 'mine'"}
    line = "net.nir: weights of layer 0 must be in [-2, 1.99998] (s1.16), not 2.5"
    assert refusal(g, tmp_path) == line
