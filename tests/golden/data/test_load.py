"""Training data: the hat against its formula, files, and every complaint word for word."""

import math
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.accuracy import relative_l2
from dualspike.golden.data.load import fitted, load_problem
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.problems.hat import hat
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset, preset_text
from dualspike.model.errors import BadInput
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def described(source: str = "hat", **changes: dict[str, Any]) -> Description:
    """The hat preset with another source and some keys changed."""
    tables = tomllib.loads(preset_text("hat"))
    tables["data"]["source"] = source
    for section, keys in changes.items():
        tables[section].update(keys)
    return describe(tables, "here")


def complaint(description: Description) -> str:
    return refusal(load_problem, description)


def complaint_about(x: object, y: object) -> str:
    """The complaint about a file with these arrays, for a network of 2 inputs and 1 output."""
    np.savez("data.npz", x=np.asarray(x), y=np.asarray(y))
    return complaint(described("data.npz"))


def test_hat_formula() -> None:
    points = np.array([[0.0, 0.0], [0.8, 0.8], [0.8, 0.0], [0.0, -0.8]])
    peak = 1 / (math.pi * 0.8**4)
    expected = [peak, 0, 0.5 * math.exp(-0.5) * peak, 0.5 * math.exp(-0.5) * peak]
    np.testing.assert_allclose(hat(points)[:, 0], expected, rtol=1e-14, atol=1e-15)
    assert peak == pytest.approx(0.77713, abs=1e-5)


def test_hat_dataset() -> None:
    data = load_problem(described())
    (x,), (test_x,) = data.train.inputs, data.test.inputs
    assert x.shape == (10_000, 2)
    assert data.train.target.shape == (10_000, 1)
    assert data.grid == (65, 65)
    assert test_x.shape == (65 * 65, 2)
    assert test_x[[0, 1, 64, 65, -1]].tolist() == [
        [-1, -1],
        [-0.96875, -1],
        [1, -1],
        [-1, -0.96875],
        [1, 1],
    ]
    # Targets are rounded to 2^-30; in the preset's format that changes none of them.
    for rows, target in ((x, data.train.target), (test_x, data.test.target)):
        assert np.abs(target - hat(rows)).max() <= 2**-31
        assert (np.floor(target * 2**16 + 0.5) == np.floor(hat(rows) * 2**16 + 0.5)).all()
    assert -1 <= x.min() < -0.999
    assert 0.999 < x.max() < 1
    # First value of default_rng(0).random(), as printed all over NumPy's documentation.
    assert x[0, 0] == pytest.approx(2 * 0.6369616873214543 - 1, rel=1e-14)


def test_hat_does_not_depend_on_the_seed() -> None:
    one, other = load_problem(described()), load_problem(described(learning={"seed": 9}))
    assert (one.train.inputs[0] == other.train.inputs[0]).all()
    assert (one.train.target == other.train.target).all()


@pytest.mark.parametrize("kind", ["<f8", ">f4", "i2"])
def test_file(kind: str) -> None:
    x = np.array([[1, -1], [0, 1], [-2, 1], [1, 0], [0, -1], [-2, -2]], kind)
    y = np.array([[0], [1], [-1], [1], [1], [-2]], kind)
    np.savez_compressed("data.npz", x=x, y=y, more=x)
    data = load_problem(described("data.npz"))
    assert data.train.inputs[0].dtype == data.train.target.dtype == np.float64
    order = np.random.default_rng(0).permutation(6)
    for part, rows in ((data.train, np.sort(order[1:])), (data.test, order[:1])):
        assert part.inputs[0].tolist() == x[rows].tolist()
        assert part.target.tolist() == y[rows].tolist()
        assert part.rows is not None and part.rows.tolist() == rows.tolist()
    assert data.where == ", held-out part"
    assert data.parts == ("trained on 5; tested on 1 held out: one sample in 5, drawn with seed 0")
    assert data.grid is None


def test_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez("data.npz", x=np.ones((5, 2)), y=np.ones((5, 1)))
    monkeypatch.chdir("/")
    assert load_problem(described(str(tmp_path / "data.npz"))).n_in == (2,)


def test_hat_needs_its_widths() -> None:
    message = "network.layers must be [2, ..., 1] for data hat, not [3, 4, 4, 1]"
    assert complaint(described(network={"layers": [3, 4, 4, 1]})) == message


def test_what_is_no_file() -> None:
    Path("folder.npz").mkdir()
    for name, reason in (
        ("data.npz", "No such file or directory"),
        ("folder.npz", "Is a directory"),
        ("a\0b", "unreadable"),
        ("digitz", "No such file or directory; did you mean digits?"),
        ("spoken-digit", "No such file or directory; did you mean spoken-digits?"),
    ):
        line = (
            "data.source must be hat, the name of a data set or a readable .npz or .csv file,"
            f" not {name}: {reason}"
        )
        assert complaint(described(name)) == line


@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"PK\x03\x04 and nothing more"])
def test_not_an_archive(content: bytes) -> None:
    Path("data.npz").write_bytes(content)
    line = "data.npz must be an .npz archive with arrays x and y, it is damaged or something else"
    assert complaint(described("data.npz")) == line


def test_single_array() -> None:
    np.save("data.npy", np.ones((3, 2)))
    assert complaint(described("data.npy")) == (
        "data.npy must be an .npz archive with arrays x and y, not a single array"
    )


@pytest.mark.parametrize(
    ("arrays", "held"), [({"x": 1, "z": 1}, "x, z"), ({"y": 1}, "y"), ({}, "nothing")]
)
def test_missing_array(arrays: dict[str, Any], held: str) -> None:
    np.savez("data.npz", **arrays)
    assert complaint(described("data.npz")) == (
        f"data.npz must hold x, and y or labels, it holds {held}"
    )


DAMAGED = "must be numbers, not objects or a damaged array"


def test_objects_are_never_unpickled() -> None:
    found = complaint_about(np.array([[None, 1]], object), np.ones((1, 1)))
    assert found == f"data.npz: x {DAMAGED}"


def test_damaged_array() -> None:
    np.savez("data.npz", x=np.ones((1, 2)), y=np.full((1, 1), 0.5))
    content = bytearray(Path("data.npz").read_bytes())
    content[content.rindex(np.float64(0.5).tobytes())] ^= 1
    Path("data.npz").write_bytes(content)
    assert complaint(described("data.npz")) == f"data.npz: y {DAMAGED}"


def test_member_that_is_no_array() -> None:
    with zipfile.ZipFile("data.npz", "w") as archive:
        archive.writestr("x", "1, 2")
        archive.writestr("y", "1")
    assert complaint(described("data.npz")) == f"data.npz: x {DAMAGED}"


@pytest.mark.parametrize(
    ("values", "name"),
    [([["a", "b"]], "<U1"), ([[1j, 0]], "complex128"), ([[True, False]], "bool")],
)
def test_not_numeric(values: object, name: str) -> None:
    message = f"data.npz: x must be integers or real numbers, not {name}"
    assert complaint_about(values, [[1.0]]) == message


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0, 2.0], [[1.0]], "x must have shape [N, 2], not [2]"),
        ([[1.0, 2.0, 3.0]], [[1.0]], "x must have shape [N, 2], not [1, 3]"),
        (1.0, [[1.0]], "x must have shape [N, 2], not []"),
        ([[1.0, 1.0]], [1.0], "y must have shape [1, 1], not [1]"),
        ([[1.0, 1.0]], [[1.0], [1.0]], "y must have shape [1, 1], not [2, 1]"),
        ([[1.0, 1.0]], [[1.0, 1.0]], "y must have shape [1, 1], not [1, 2]"),
        (np.ones((0, 2)), np.ones((0, 1)), "x must have at least one row, not 0"),
        ([[1.0, 1.0]], [[0.0]], "y must not be 0 everywhere, the relative error would be x / 0"),
    ],
)
def test_wrong_shape_or_content(x: object, y: object, message: str) -> None:
    assert complaint_about(x, y) == f"data.npz: {message}"


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_not_finite(value: float, shown: str) -> None:
    x = np.ones((4, 2))
    x[2, 1] = x[3, 0] = value
    message = f"data.npz: x must be finite, x[2, 1] is {shown}"
    assert complaint_about(x, np.ones((4, 1))) == message
    message = f"data.npz: y must be finite, y[1, 0] is {shown}"
    assert complaint_about(np.ones((2, 2)), [[1.0], [value]]) == message


def test_outside_the_formats() -> None:
    x, y = np.zeros((5, 2)), np.ones((5, 1))
    x[1] = [-2, 1 + 16383 / 16384]  # the ends of s1.14 themselves
    y[:3, 0] = [-2, 1 + 65535 / 65536, 1]
    np.savez("data.npz", x=x, y=y)
    load_problem(described("data.npz"))

    x[2, 1] = 2
    assert complaint_about(x, y) == (
        "data.npz: x must be in [-2.0, 1.99993896484375] (formats.input s1.14), x[2, 1] is 2.0"
        ": train --scale brings inputs there"
    )
    x[2, 1] = 0
    y[1, 0] = -2.25
    assert complaint_about(x, y) == (
        "data.npz: y must be in [-2.0, 1.9999847412109375] (formats.target s1.16), y[1, 0] is -2.25"
        ": data.target_offset and target_scale bring them there"
    )


def test_hat_outside_the_formats() -> None:
    x = float(load_problem(described()).train.inputs[0][265, 0])
    assert complaint(described(formats={"input": "s0.8"})) == (
        f"hat: x must be in [-1.0, 0.99609375] (formats.input s0.8), x[265, 0] is {x}"
    )
    # Holds every training point, but not the edge of the test grid.
    assert complaint(described(formats={"input": "s0.18"})) == (
        "hat: test x must be in [-1.0, 0.9999961853027344] (formats.input s0.18),"
        " test x[64, 0] is 1.0"
    )


def test_inputs_that_no_spikes_stand_for() -> None:
    x, y = np.zeros((5, 2)), np.ones((5, 1))
    x[2, 1] = -1.25
    np.savez("data.npz", x=x, y=y)
    tables = {"network": {"layers": [2, 3, 1], "coding": "rate"}, "data": {"source": "data.npz"}}
    assert complaint(describe(tables, "test")) == (
        "data.npz: x must be in [-1, 1] (network.coding rate), x[2, 1] is -1.25"
        ": train --scale brings inputs there"
    )


def test_batches_are_stateless() -> None:
    numbers = np.arange(10.0)[:, None]
    all_rows = Samples((numbers,), -numbers)
    problem = Problem("rows", "mlp", all_rows, all_rows, all_rows, (64,), replace=True)

    def drawn(seed: int, update: int) -> np.ndarray:
        (x,), y = problem.training_batch(seed, update)
        assert (y == -x).all()
        return x[:, 0]

    rows = drawn(3, 7)
    assert rows.shape == (64,)
    assert set(rows.tolist()) == set(range(10))
    assert (rows == drawn(3, 7)).all()
    assert (rows == np.random.default_rng([3, 7]).integers(10, size=64)).all()
    assert (rows != drawn(3, 8)).any()
    assert (rows != drawn(4, 7)).any()


def test_relative_l2() -> None:
    assert relative_l2(np.array([[3.0], [0.0]]), np.array([[0.0], [4.0]])) == 5 / 4


DEEPONET = {
    "operator": {"kind": "deeponet", "parts": [{"layers": [3, 8, 4]}, {"layers": [1, 8, 4]}]},
    "learning": {"batch": [8, 6]},
}


def test_functions_of_another_shape_are_refused() -> None:
    problem = load_problem(load_preset("poisson"))
    assert problem.batch_sizes == (100, 26)
    line = "operator.parts[0].layers must begin with 11"
    assert refusal(fitted, describe(DEEPONET, "test"), problem).startswith(line)
    line = "operator.kind must be deeponet for poisson"
    assert refusal(fitted, load_preset("reaction_diffusion"), problem).startswith(line)


@pytest.mark.parametrize("trunks", [1, 3, 15])
def test_a_seponet_has_a_trunk_for_each_coordinate_of_its_data(trunks: int) -> None:
    ones = [{"layers": [n, 2, 2], "time_steps": 2} for n in (3, *[1] * trunks)]
    tables = {
        "operator": {"kind": "seponet", "parts": ones},
        "learning": {"batch": [2] * (trunks + 1), "stages": 1},
    }
    axes = np.zeros((4, 3)), np.zeros((4, 1)), np.zeros((4, 1))
    samples = Samples(axes, np.ones((4, 4, 4)))
    problem = Problem("own", "seponet", samples, samples, samples, (2, 2, 2))
    line = f"operator.parts must be 3 for own (branch and 2 trunks), not {trunks + 1}"
    with pytest.raises(BadInput, match=f"^{re.escape(line)}$"):
        fitted(describe(tables, "test"), problem)
