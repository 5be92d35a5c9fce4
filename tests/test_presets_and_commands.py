"""Every preset through every command: what it writes, or the one line with which it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.model.description import Description
from dualspike.model.identity import config_hash
from dualspike.model.load import load, load_preset, presets

PRESETS = ("hat", "hat_global", "wide", "poisson", "reaction_diffusion")
SIMULATED = ("hat", "hat_global")
"""The others take more than 20 s to build for simulation."""
PERCEPTRONS = ("hat", "hat_global", "wide")

every = pytest.mark.parametrize("preset", PRESETS)
simulated = pytest.mark.parametrize("preset", SIMULATED)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples of the preset wide, whose data are a file of the user's."""
    monkeypatch.chdir(tmp_path)
    layers = load_preset("wide").network.layers
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (80, layers[0])), rng.uniform(-1, 1, (80, layers[-1]))
    np.savez("wide.npz", x=x, y=y)


def done(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """What a command says as JSON when it ends well."""
    status = main([*words, "--json"])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return json.loads(captured.out.splitlines()[-1])


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a refusal, which leaves nothing in the folder ``out``."""
    assert main([*words, "-o", "out"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("dualspike: ") and line.count("\n") == 1
    assert not Path("out").exists()
    return line.removeprefix("dualspike: ").rstrip()


def kind_of(preset: str) -> str:
    return load_preset(preset).kind


def test_these_are_all_presets() -> None:
    assert tuple(presets()) == PRESETS


@every
def test_init(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    done(capsys, "init", "net.toml", "--preset", preset)
    written: Description = load(Path("net.toml"))
    assert written == load_preset(preset)


@every
def test_generate_and_report(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = done(capsys, "generate", "--preset", preset, "-o", "out")
    assert found["config_hash"] == config_hash(load_preset(preset))
    report = done(capsys, "report", "out")
    assert report["missing"][:1] == ["report/synth-*.json"]  # pyright: ignore[reportIndexIssue]
    line = refused_by_device(capsys, preset)
    assert line.startswith("ice40-hx8k has 7,680 LUT4, this core needs about ")


def refused_by_device(capsys: pytest.CaptureFixture[str], preset: str) -> str:
    assert main(["generate", "--preset", preset, "-o", "small", "--device", "ice40-hx8k"]) == 2
    assert not Path("small").exists()
    return capsys.readouterr().err.removeprefix("dualspike: ")


@every
@pytest.mark.parametrize("engine", ["golden", "fixed"])
def test_train_and_report(preset: str, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On models; the report is made of the folder that train writes, and nothing else."""
    words = ("--preset", preset, "--updates", "1", "--engine", engine)
    found = done(capsys, "train", *words, "-o", "out")
    assert (found["updates"], found["engine"]) == (1, engine)
    names = {"result.json", "weights.npz", "description.toml", "result.png"}
    assert {path.name for path in Path("out").iterdir()} == names
    report = done(capsys, "report", "out")
    assert not {"result.json", "weights.npz"} & set(report["missing"])  # pyright: ignore
    assert Path("out/report.html").exists()


@simulated
def test_simulated_hardware(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Simulate, verify and the engine rtl share one build."""
    words = ("--preset", preset)
    assert done(capsys, "simulate", *words, "--samples", "1", "-o", "seen")["equal"] is True
    assert done(capsys, "verify", *words, "--updates", "1")["equal"] is True
    updates = ("--updates", "1")
    rtl = done(capsys, "train", *words, *updates, "--engine", "rtl", "-o", "rtl")
    fixed = done(capsys, "train", *words, *updates, "--engine", "fixed", "-o", "fixed")
    assert rtl["rel_l2"] == fixed["rel_l2"]


@every
def test_boards(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A project for a vendor's tool needs no place and route."""
    build = ("build", "--board", "arty-a7-100t", "--preset", preset)
    if preset in PERCEPTRONS:
        assert done(capsys, "boards", "--preset", preset)["network"] == preset
        assert done(capsys, *build, "-o", "out")["config_hash"] == config_hash(load_preset(preset))
        return
    line = f"a board must be that of a perceptron, [network], not of a {kind_of(preset)}"
    assert refused(capsys, *build) == line
    assert refused(capsys, "infer", "--preset", preset) == line
    assert main(["boards", "--preset", preset]) == 2
    assert capsys.readouterr().err == f"dualspike: {line}\n"
    assert main(["board", "serve", "--virtual", "--preset", preset]) == 2
    assert capsys.readouterr().err == f"dualspike: {line}\n"
    line = refused(capsys, "train", "--preset", preset, "--engine", "board")
    assert line == "--engine must be golden, fixed or rtl for an operator network, not board"


@every
def test_nir_export(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("nir", "export", "--preset", preset)
    if preset in PERCEPTRONS:
        layers = load_preset(preset).network.layers
        assert done(capsys, *words, "-o", "net.nir")["layers"] == layers
        return
    line = f"a NIR graph must be that of a perceptron, [network], not of a {kind_of(preset)}"
    assert refused(capsys, *words) == line


@every
def test_synth_refuses_what_it_does_not_know(
    preset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Synthesis of a preset takes minutes; small chips are synthesised in other tests."""
    line = refused(capsys, "synth", "--preset", preset, "--target", "asic")
    assert line.startswith("--target must be one of ")
