"""nir import and export, and the weights they exchange with the other commands."""

import json
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from dualspike.cli import main

NET = """\
name = "tiny"
[network]
layers = [2, 3, 1]
time_steps = 4
[learning]
batch = 4
updates = 6
rate = 4
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(NET)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def done(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    status, out, _ = run(capsys, *words, "--json")
    assert status == 0
    return json.loads(out.splitlines()[-1])


def test_a_trained_network_goes_out_and_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    done(capsys, "train", "net.toml", "-o", "run")
    words = ("net.toml", "--weights", "run/weights.npz")
    found = done(capsys, "nir", "export", *words, "-o", "there.nir")
    assert found == {"file": "there.nir", "layers": [2, 3, 1], "dt": 1e-4}
    found = done(capsys, "nir", "import", "there.nir", "-o", "back")
    assert found == {
        "folder": "back",
        "files": ["net.toml", "weights.npz"],
        "layers": [2, 3, 1],
        "largest_rounding": 0.0,
        "remarks": [],
    }
    sent, back = np.load("run/weights.npz"), np.load("back/weights.npz")
    assert sorted(back.files) == ["biases_0", "biases_1", "weights_0", "weights_1"]
    for name in back.files:
        np.testing.assert_array_equal(back[name], sent[name])
    done(capsys, "generate", *words, "-o", "a")
    done(capsys, "generate", "back/net.toml", "--weights", "back/weights.npz", "-o", "b")
    for name in sorted(path.name for path in Path("a").iterdir()):
        if name.endswith((".v", ".hex", "manifest.json")):
            assert Path("a", name).read_bytes() == Path("b", name).read_bytes(), name
    first = int(Path("a/weights_0.hex").read_text().split()[0], 16)
    assert first == round(sent["weights_0"][0, 0] * 2**16) % 2**18


def test_hardware_starts_from_the_weights(capsys: pytest.CaptureFixture[str]) -> None:
    done(capsys, "train", "net.toml", "-o", "run")
    weights = ("--weights", "run/weights.npz")
    assert done(capsys, "verify", "net.toml", *weights, "--updates", "2")["equal"] is True
    assert done(capsys, "simulate", "net.toml", *weights, "-o", "sim", "--samples", "3")["equal"]
    y = [float(line.split(",")[-1]) for line in Path("sim/outputs.csv").read_text().split()[1:]]
    np.testing.assert_allclose(y, np.load("run/weights.npz")["prediction"][:3, 0], rtol=1e-8)
    first = done(capsys, "train", "net.toml", *weights, "-o", "more")
    assert first["rel_l2_before"] == json.loads(Path("run/result.json").read_text())["rel_l2"]
    words = ("--engine", "rtl", "-o", "rtl", *weights)
    done(capsys, "train", "net.toml", *words)
    for name in ("weights_0", "prediction"):
        np.testing.assert_array_equal(
            np.load("rtl/weights.npz")[name], np.load("more/weights.npz")[name]
        )


def test_an_import_is_not_replaced_by_accident(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("nir", "import", "net.nir", "-o", "in")
    assert run(capsys, "nir", "export", "net.toml")[:2] == (0, "Wrote net.nir\n")
    status, out, _ = run(capsys, *words)
    assert status == 0 and out == (
        "Rounding to s1.16 moves no weight by more than 0.\n"
        "Wrote net.toml and weights.npz in in. Next:\n"
        "  dualspike generate in/net.toml --weights in/weights.npz\n"
    )
    before = Path("in/net.toml").read_text()
    line = "dualspike: in already holds a network: give another folder or --force\n"
    assert run(capsys, *words) == (2, "", line)
    assert done(capsys, *words, "--name", "other", "--time-steps", "9", "--force")
    text = Path("in/net.toml").read_text()
    assert text == before.replace("tiny", "other").replace("steps = 4", "steps = 9")


def test_bad_input_is_one_line_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
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
        assert run(capsys, "nir", *words.split()) == (2, "", f"dualspike: {line}\n"), words
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["delay.nir", "net.toml"]
