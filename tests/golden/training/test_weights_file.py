from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import FloatEngine
from dualspike.golden.training.weights_file import npz_bytes, read_weights, weight_arrays
from dualspike.model.description.load import describe
from tests.refusals import refusal

D = describe({"network": {"layers": [2, 3, 1], "time_steps": 8}}, "here")


def parameters() -> Parameters:
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-(2**17), 2**17, shape) / 2**16 for shape in ((3, 2), (1, 3), 3, 1)]
    return Parameters(tuple(arrays[:2]), tuple(arrays[2:]))


def test_every_engine_starts_from_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    arrays = weight_arrays(parameters())
    path.write_bytes(npz_bytes(arrays | {"losses": np.ones(3)}))
    read = read_weights(path, D)
    for engine in (FixedEngine(D, read), FloatEngine(D, read)):
        found = weight_arrays(engine.weights())
        assert found.keys() == arrays.keys()
        for name, values in found.items():
            np.testing.assert_array_equal(values, arrays[name])
    other = weight_arrays(FixedEngine(D).weights())
    assert (other["weights_0"] != arrays["weights_0"]).any()


@pytest.mark.parametrize(
    ("name", "values", "line"),
    [
        ("weights_1", None, "must hold weights_0, biases_0, weights_1, biases_1, it holds"),
        ("weights_0", np.ones((2, 3)), ": weights_0 must have shape [3, 2], not [2, 3]"),
        ("biases_1", np.ones(()), ": biases_1 must have shape [1], not []"),
        ("biases_1", np.array([2.0]), ": biases_1 must be in [-2, 1.99998] (s1.16), not 2"),
        ("biases_1", np.array([np.nan]), ": biases_1 must be finite, biases_1[0] is nan"),
        ("biases_1", np.array(["a"]), ": biases_1 must be integers or real numbers, not <U1"),
    ],
)
def test_what_does_not_fit_is_one_line(
    name: str, values: np.ndarray | None, line: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.npz"
    arrays = weight_arrays(parameters()) | {name: values}
    path.write_bytes(npz_bytes({key: a for key, a in arrays.items() if a is not None}))
    assert (
        refusal(read_weights, path, D)
        .replace(f"{path} ", "")
        .startswith(line.replace(": ", f"{path}: ", 1) if line.startswith(": ") else line)
    )


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "none.npz"
    assert refusal(read_weights, path, D) == f"cannot read {path}: No such file or directory"


@pytest.mark.parametrize("name", ["weights_0", "biases_0", "weights_1", "biases_1"])
@pytest.mark.parametrize("kind", ["c8", "c16", "?", "S2", "U2", "M8[s]", "i4,f4", "nan", "inf"])
def test_arrays_must_be_real_numbers(kind: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    arrays = weight_arrays(parameters())
    shape = arrays[name].shape
    special = {"nan": np.nan, "inf": np.inf}.get(kind)
    changed = np.zeros(shape, kind) if special is None else np.full(shape, special)
    path.write_bytes(npz_bytes(arrays | {name: changed}))
    wanted = "finite, " if special else f"integers or real numbers, not {changed.dtype}"
    assert refusal(read_weights, path, D).startswith(f"{path}: {name} must be {wanted}")
