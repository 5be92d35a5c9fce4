"""nir import and export, and the weights they exchange with the other commands."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from tests.cli import Cli
from tests.small import OWN_DATA, PERCEPTRON


@pytest.fixture(autouse=True)
def net(here: Path) -> None:
    (here / "net.toml").write_text(PERCEPTRON)


def test_a_trained_network_goes_out_and_comes_back(cli: Cli) -> None:
    cli.result("train", "net.toml", "-o", "run")
    words = ("net.toml", "--weights", "run/weights.npz")
    found = cli.result("nir", "export", *words, "-o", "there.nir")
    assert found == {"file": "there.nir", "layers": [2, 3, 1], "dt": 1e-4}
    found = cli.result("nir", "import", "there.nir", "-o", "back")
    assert found == {
        "folder": "back",
        "files": ["net.toml", "weights.npz"],
        "layers": [2, 3, 1],
        "largest_rounding": 0.0,
        "largest_share_lost": 0.0,
        "remarks": [],
    }
    sent, back = np.load("run/weights.npz"), np.load("back/weights.npz")
    assert sorted(back.files) == ["biases_0", "biases_1", "weights_0", "weights_1"]
    for name in back.files:
        np.testing.assert_array_equal(back[name], sent[name])
    cli.result("generate", *words, "-o", "a")
    cli.result("generate", "back/net.toml", "--weights", "back/weights.npz", "-o", "b")
    for name in sorted(path.name for path in Path("a").iterdir()):
        if name.endswith((".v", ".hex", "manifest.json")):
            assert Path("a", name).read_bytes() == Path("b", name).read_bytes(), name
    first = int(Path("a/weights_0.hex").read_text().split()[0], 16)
    assert first == round(sent["weights_0"][0, 0] * 2**16) % 2**18


def test_hardware_starts_from_the_weights(cli: Cli) -> None:
    cli.result("train", "net.toml", "-o", "run")
    weights = ("--weights", "run/weights.npz")
    assert cli.result("verify", "net.toml", *weights, "--updates", "2")["equal"] is True
    told = cli.result("simulate", "net.toml", *weights, "-o", "sim")
    assert told["equal"] and told["samples"] == 4
    y = [float(line.split(",")[-1]) for line in Path("sim/outputs.csv").read_text().split()[1:]]
    np.testing.assert_allclose(y, np.load("run/weights.npz")["prediction"][:4, 0], rtol=1e-8)
    first = cli.result("train", "net.toml", *weights, "-o", "more")
    assert first["rel_l2_before"] == json.loads(Path("run/result.json").read_text())["rel_l2"]
    words = ("--engine", "rtl", "-o", "rtl", *weights)
    cli.result("train", "net.toml", *words)
    for name in ("weights_0", "prediction"):
        np.testing.assert_array_equal(
            np.load("rtl/weights.npz")[name], np.load("more/weights.npz")[name]
        )


def test_an_import_is_not_replaced_by_accident(cli: Cli) -> None:
    words = ("nir", "import", "net.nir", "-o", "in")
    assert cli("nir", "export", "net.toml") == (0, "Wrote net.nir\n", "")
    status, out, _ = cli(*words)
    assert status == 0 and out == (
        "Rounding to s1.16 moves no weight by more than 0,"
        " no layer's weights by more than 0.00% of them.\n"
        "Wrote net.toml and weights.npz in in. Next:\n"
        "  dualspike generate in/net.toml --weights in/weights.npz\n"
    )
    before = Path("in/net.toml").read_text()
    line = "in already holds a network: give another folder or --force"
    assert cli.failure(*words) == line
    assert cli.result(*words, "--name", "other", "--time-steps", "9", "--force")
    text = Path("in/net.toml").read_text()
    assert text == before.replace("tiny", "other").replace("steps = 4", "steps = 9")


def test_bad_input_is_one_line_and_writes_nothing(cli: Cli) -> None:
    nodes: dict[str, nir.NIRNode] = {
        "input": nir.Input({"input": np.array([2])}),
        "fc": nir.Linear(np.ones((2, 2))),
        "delay": nir.Delay(np.ones(2)),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "fc"), ("fc", "delay"), ("delay", "output")]
    nir.write("delay.nir", nir.NIRGraph(nodes, edges))
    cases = {
        "import delay.nir": "delay.nir: delay (Delay) cannot be built:"
        " nodes must be Affine, Linear, Scale, Flatten, IF, LIF",
        "import none.nir": "cannot read none.nir: No such file or directory",
        "export net.toml --dt 0": "--dt must be in [1e-12, 1e+12], not 0",
        "export net.toml --weights none.npz": "cannot read none.npz: No such file or directory",
        "export": "give either NET.toml or --preset NAME, one of the two",
        "export net.toml -o a/b.nir": "cannot write a/b.nir: there is no folder a",
    }
    for words, line in cases.items():
        assert cli.failure("nir", *words.split()) == line, words


def weights_of_a(scale: float) -> np.ndarray:
    return (np.random.default_rng(0).uniform(-1, 1, (3, 2)) * scale).astype("f4")


def tiny_graph(scale: float) -> nir.NIRGraph:
    nodes: dict[str, nir.NIRNode] = {
        "input": nir.Input({"input": np.array([2])}),
        "a": nir.Linear(weights_of_a(scale)),
        "n": nir.IF(r=np.ones(3), v_threshold=np.ones(3), v_reset=np.zeros(3)),
        "b": nir.Linear(np.array([[0.3, -0.5, 0.7]], "f4")),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "a"), ("a", "n"), ("n", "b"), ("b", "output")]
    return nir.NIRGraph(nodes, edges, {"reset_mechanism": "subtract"})


@pytest.mark.parametrize("exponent", [0, -2, -3, -4, -5, -6, -7, -9])
def test_an_import_never_loses_a_layer_without_a_word(exponent: int, cli: Cli) -> None:
    """By scale of the weights and by time step alike; the format that is named then does."""
    for words, scale in (((), 10.0**exponent), (("--dt", f"1e{exponent}"), 1.0)):
        nir.write("faint.nir", tiny_graph(scale))
        command = ("nir", "import", "faint.nir", *words)
        status, out, err = cli(*command, "-o", f"in{len(words)}")
        kept = np.abs(np.round(weights_of_a(10.0**exponent) * 2**16)).max()
        if exponent >= -4:
            assert (status, err) == (0, "") and "Lost" not in out
        elif kept:
            assert (status, err) == (0, "")
            assert "Lost in rounding: a (Linear): weights " in out
        else:
            assert (status, out) == (2, "") and err.count("\n") == 1
            assert "faint.nir: a (Linear): weights become all 0 in s1.16, the largest is " in err
            assert not Path(f"in{len(words)}").exists()
        said = out + err
        if " would do; --weight-format" in said and "no format" not in said:
            better = said.split(" would do; --weight-format")[0].split(": ")[-1]
            found = cli.result(*command, "--weight-format", better, "-o", f"finer{len(words)}")
            assert not any("weights lose" in remark for remark in found["remarks"])
            assert found["largest_share_lost"] <= 0.1


def save(name: str, arrays: dict[str, Any]) -> None:
    np.savez(name, **arrays)


def test_losses_are_warned_of_by_every_command(cli: Cli) -> None:
    rng = np.random.default_rng(0)
    arrays = {"weights_0": rng.uniform(-1, 1, (3, 2)), "biases_0": np.full(3, 1e-6)}
    arrays |= {"weights_1": rng.uniform(-3, 3, (1, 3)) * 1e-5, "biases_1": np.zeros(1)}
    save("small.npz", arrays)
    for words in (("generate", "-o", "g"), ("nir", "export"), ("train", "-o", "t")):
        command = (*words, "net.toml", "--weights", "small.npz")
        status, _, err = cli(*command)
        lines = [line for line in err.splitlines() if "warning" in line]
        assert status == 0 and [line.split(" in s1.16, the largest is ")[0] for line in lines] == [
            "dualspike: warning: small.npz: biases_0 become all 0",
            "dualspike: warning: small.npz: weights_1 lose 46%",
        ]
    save("none.npz", arrays | {"weights_1": np.full((1, 3), 1e-6)})
    line = "none.npz: weights_1 become all 0 in s1.16, the largest is 1e-06: s1.20 would do"
    for words in (("generate", "-o", "n"), ("nir", "export", "-o", "n.nir"), ("train", "-o", "n")):
        command = (*words, "net.toml", "--weights", "none.npz")
        assert cli.failure(*command) == line


@pytest.mark.parametrize("exponent", [-3, -6])
@pytest.mark.parametrize("name", ["x", "y"])
def test_own_data_that_vanish_are_told(name: str, exponent: int, cli: Cli) -> None:
    """A column is warned of, all of it is refused."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (20, 2)), rng.uniform(-1, 1, (20, 2))
    data = {"x": x, "y": y}
    text = PERCEPTRON.replace("[2, 3, 1]", "[2, 3, 2]") + OWN_DATA
    Path("net.toml").write_text(text)
    form = "s1.14" if name == "x" else "s1.16"
    data[name][:, 1] *= 10.0**exponent
    save("data.npz", data)
    status, _, err = cli("train", "net.toml", "-o", "t")
    line = (
        f"dualspike: warning: data.npz: values of {name} of 1 of 2 columns become all 0 in {form}"
    )
    assert status == 0 and err.startswith(line) == (exponent < -3)
    data[name][:] *= 10.0**exponent
    data[name][:, 0] *= 1e-3 if exponent < -3 else 1
    save("data.npz", data)
    status, _, err = cli("train", "net.toml", "-o", "u")
    if exponent < -3:
        assert status == 2 and err.startswith(f"dualspike: data.npz: values of {name} become all 0")
        assert err.count("\n") == 1 and not Path("u").exists()
    else:
        assert status == 0


def test_no_warning_of_python_reaches_the_user(tmp_path: Path) -> None:
    """A command in a process of its own, on input that makes NumPy complain."""
    code = (
        "import sys, warnings, dualspike.commands.nir as command\n"
        "def noisy(*_): warnings.warn('from a library', RuntimeWarning); raise SystemExit(0)\n"
        "import dualspike.nir.importing as importing\n"
        "importing.import_network = noisy\n"
        "from dualspike.cli import main\n"
        "sys.argv = ['dualspike', 'nir', 'import', 'net.nir']\n"
        "main()"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
