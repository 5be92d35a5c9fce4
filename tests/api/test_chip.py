"""``import dualspike as ds``: the way from own data to Verilog, the same as the commands go."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dualspike as ds
from dualspike.golden.data.problem import Problem
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verify import Verdict
from tests.cli import Cli
from tests.refusals import refusal
from tests.small import OPERATOR, PERCEPTRON, functions, points

LIGHT = ["pydantic", "numpy", "numba", "scipy", "matplotlib", "amaranth", "cocotb"]


@pytest.fixture
def chip(here: Path) -> ds.Chip:
    (here / "net.toml").write_text(PERCEPTRON)
    return ds.Chip(ds.Description.load("net.toml"))


def test_importing_brings_nothing_heavy() -> None:
    words = f"import sys, dualspike; sys.exit(any(n in sys.modules for n in {LIGHT}))"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
    told = words.replace("dualspike;", "dualspike.cli; dualspike.cli.main(['--version']);")
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
    words = words.replace("dualspike;", "dualspike; dualspike.Chip;")
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 1


def test_all_that_is_listed_is_there() -> None:
    assert {name for name in dir(ds)} == set(ds.__all__)
    for name in ds.__all__:
        assert getattr(ds, name) is not None
    for name in ("Model", "estimators", "problems", "online", "exact"):
        assert getattr(ds.golden, name) is not None
    missing = "nothing"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(ds, missing)


def test_training_is_that_of_the_command(chip: ds.Chip, here: Path, cli: Cli) -> None:
    np.savez("data.npz", **points())
    run = chip.train(**points())
    told = cli.result("train", "net.toml", "--data", "data.npz", "-o", "run")
    for key in ("rel_l2", "rel_l2_before", "updates", "samples", "tested_on", "engine"):
        assert run.summary[key] == told[key]
    with np.load("run/weights.npz") as kept:
        assert np.array_equal(kept["losses"], run.losses)
        for layer, weights in enumerate(chip.weights.weights):
            assert np.array_equal(kept[f"weights_{layer}"], weights)
    other = ds.Chip.load("run")
    assert np.array_equal(other.predict(points()["x"]).y, chip.predict(points()["x"]).y)


def test_training_goes_on_from_what_was_learned(chip: ds.Chip) -> None:
    first = chip.train(**points())
    second = chip.train(**points())
    assert second.losses[0] != first.losses[0]
    assert second.summary["rel_l2_before"] == first.summary["rel_l2"]


def test_a_chip_that_was_saved_is_the_same(chip: ds.Chip, cli: Cli) -> None:
    chip.train(**points())
    chip.save("kept")
    x = points()["x"]
    assert np.array_equal(ds.Chip.load("kept").predict(x).y, chip.predict(x).y)
    np.savez("more.npz", x=x)
    cli.result("predict", "kept", "more.npz")
    with np.load("predicted/predictions.npz") as kept:
        assert np.array_equal(kept["prediction"], chip.predict(x).y)
    chip.to_nir("net.nir")
    again = ds.from_nir("net.nir", time_steps=4)
    for a, b in zip(again.weights.weights, chip.weights.weights, strict=True):
        assert np.array_equal(a, b)


def test_verify_takes_what_was_trained_with(chip: ds.Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Problem] = []

    def seen(d: ds.Description, problem: Problem, *more: object) -> Verdict:
        asked.append(problem)
        return Verdict(None, None, 2, 8, 1, 1, 1.0, 1.0)

    monkeypatch.setattr("dualspike.api.chip.co_simulate", seen)
    run = chip.train(**points())
    assert chip.verify().equal
    chip.verify(2, "hat")
    assert asked[0] is run.problem and asked[1].name == "hat"


def test_the_hardware_agrees(chip: ds.Chip) -> None:
    """One build for both: RTL trains to the same bits, and verify says so."""
    other = ds.Chip(chip.description)
    runs = [chip.train(**points()), other.train(engine="rtl", **points())]
    assert np.array_equal(runs[0].losses, runs[1].losses)
    assert np.array_equal(chip.weights.weights[0], other.weights.weights[0])
    assert isinstance(Simulation.of(chip.description), Simulation) and chip.verify(1).equal


def test_files_are_those_of_generate(chip: ds.Chip, here: Path, cli: Cli) -> None:
    chip.save("kept")
    files = chip.generate("mine")
    told = cli.result("generate", "net.toml", "--weights", "kept/weights.npz", "-o", "theirs")
    assert [str(path.relative_to("mine")) for path in files] == told["files"]
    for name in told["files"]:
        assert Path("mine", name).read_bytes() == Path("theirs", name).read_bytes()
    assert chip.estimate() == told["estimate"]
    assert chip.estimate("ecp5-25f")["device"] is not None


def test_operator_networks_answer_at_any_points(here: Path) -> None:
    np.savez("data.npz", **functions())
    (here / "net.toml").write_text(OPERATOR)
    chip = ds.Chip(ds.Description.load("net.toml"))
    chip.train()
    u = functions()["u"][:2]
    found = chip.predict(u, np.linspace(0, 1, 7)[:, None])
    assert found.y.shape == (2, 7)
    assert [len(line.get_ydata()) for line in found.plot().axes[0].lines] == [7, 7]  # pyright: ignore[reportArgumentType]
    assert chip.score().rel_l2 is not None


def test_classes_and_pictures(here: Path) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (40, 2))
    labels = (x[:, 0] > 0).astype(int)
    tables = {"network": {"layers": [2, 6, 2], "time_steps": 4}, "learning": {"batch": 8}}
    chip = ds.Chip(ds.Description.from_dict(tables))
    run = chip.train(x=x, labels=labels, updates=20)
    assert run.tested_on == "held-out part" and run.measures.accuracy is not None
    assert run.measures == chip.score()
    found = chip.predict(x[:5])
    assert np.array_equal(found.classes, found.y.argmax(axis=1)) and len(found) == 5
    assert "held-out part" in run._repr_html_() and "data:image/png" in run._repr_html_()
    assert "<table>" in found._repr_html_() and "data:image/png" in found._repr_html_()
    (answers,) = found.plot().axes
    assert len(answers.lines) == 2
    assert np.array_equal(np.asarray(answers.lines[0].get_ydata()), found.y[:, 0])
    assert "<th>interval</th>" in chip.estimate()._repr_html_()
    same = Verdict(None, None, 2, 8, 1200, 64, 1.0, 1.0)
    assert "every bit is equal" in same._repr_html_() and "1,200 clocks" in same._repr_html_()
    assert (
        "layers = [2, 6, 2]" in chip._repr_html_()
        and repr(chip) == "<Chip dualspike_core, [2, 6, 2]>"
    )
    assert len(repr(run)) < 1000 and "accuracy 0." in repr(run) and "array" not in repr(run)


def test_mistakes_are_the_lines_of_the_commands(chip: ds.Chip) -> None:
    x, y = points()["x"], points()["y"]
    for work, line in (
        (lambda: chip.train(x=x, y=y, engine="fixd"), "did you mean fixed?"),
        (lambda: chip.train(x=x[:, :1], y=y), "given arrays: x must have shape [N, 2]"),
        (lambda: chip.train("data.npz", x=x), "data must be left out where arrays are given"),
        (lambda: chip.predict(x, x), "inputs must be x, not 2 arrays"),
        (lambda: chip.predict(x * 1000), "x must be in"),
        (lambda: chip.predict([["a", "b"]]), "x must be an array of numbers: could not convert"),
        (lambda: chip.predict([[1, 2], [3]]), "x must be an array of numbers: setting an array"),
        (lambda: chip.train(x=[[1, 2], [3]], y=y), "x must be an array of numbers: setting an"),
        (lambda: chip.train(x=x), "given arrays must hold x, and y or labels, it holds x"),
        (lambda: ds.Chip("net.toml"), "description must be what Description.load gives, not of"),  # pyright: ignore[reportArgumentType]
        (lambda: chip.generate("out", wrap="ahb"), "--wrap must be one of"),
        (lambda: chip.synthesise("asic"), "target must be one of"),
        (lambda: ds.Chip.load("nothing"), "nothing must be a folder that train wrote"),
    ):
        assert line in refusal(work)
    assert not Path("out").exists()


@pytest.mark.parametrize("coding", ["direct", "frames"])
def test_rows_of_another_shape_are_refused_and_not_spread(coding: str) -> None:
    """A list of offsets would make three inputs of one."""
    chip = ds.Chip(
        ds.Description.from_dict(
            {
                "network": {"layers": [3, 4, 2], "time_steps": 4, "coding": coding},
                "learning": {"rule": "online" if coding == "frames" else "rfg"},
                "data": {"source": "own.npz", "offset": [0.5, 0, 0], "scale": [0.5, 1, 1]},
            }
        )
    )
    right = (4, 3) if coding == "frames" else (3,)
    assert len(chip.predict(np.zeros((1, *right)) + 0.5)) == 1
    wanted = f"x must have shape [N, {', '.join(map(str, right))}], N from 1, not "
    for shape in ((5, 1), (5, 2), (5, 4), (0, 3), (3,), (5, 4, 1), (5, 1, 3), (0, 4, 3), ()):
        assert refusal(chip.predict, np.zeros(shape)) == wanted + str(list(shape))
