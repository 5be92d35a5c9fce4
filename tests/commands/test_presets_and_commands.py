"""Every preset through every command: what it writes, or the one line with which it refuses."""

from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.files.owned import LIST
from dualspike.model.description.data import FROM_FILES
from dualspike.model.description.description import Description
from dualspike.model.description.load import load, load_preset, presets
from dualspike.model.interface.identity import config_hash
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.verilate import build
from tests.cli import Cli
from tests.few import few
from tests.hostile.foreign import images, words

OPERATORS = ("poisson", "poisson_online", "reaction_diffusion", "reaction_diffusion_online")
LABELLED = ("digits", "events", "mnist", "spoken_digits")
PERCEPTRONS = ("digits", "events", "hat", "hat_global", "hat_online", *LABELLED[2:], "wide")
PRESETS = (*PERCEPTRONS, *OPERATORS)

EVERY = {one: one for one in PRESETS}
every = pytest.mark.parametrize("preset", PRESETS)
some = pytest.mark.parametrize("preset", few(EVERY, ["hat", "digits"]))
"""Simulations and projects of the others take long."""


@pytest.fixture(autouse=True)
def data(here: Path) -> None:
    """What the presets learn whose data are the user's: small files of that kind."""
    images(Path(), 28)
    words(Path())
    layers = load_preset("wide").network.layers
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (8, layers[0])), rng.uniform(-1, 1, (8, layers[-1]))
    np.savez("wide.npz", x=x, y=y)


def with_data(preset: str) -> tuple[str, ...]:
    """The preset, and where its files are if it needs some."""
    words = ("--preset", preset)
    return (*words, "--data", ".") if load_preset(preset).data.known in FROM_FILES else words


def kind_of(preset: str) -> str:
    return load_preset(preset).kind


def test_these_are_all_presets() -> None:
    assert tuple(presets()) == PRESETS


@every
def test_init(preset: str, cli: Cli) -> None:
    cli.result("init", "net.toml", "--preset", preset)
    written: Description = load(Path("net.toml"))
    assert written == load_preset(preset)


@pytest.mark.parametrize("preset", few(EVERY, ["hat", "digits", "poisson_online"]))
def test_generate_and_report(preset: str, cli: Cli) -> None:
    found = cli.result("generate", "--preset", preset, "-o", "out")
    assert found["config_hash"] == config_hash(load_preset(preset))
    report = cli.result("report", "out")
    assert report["missing"][:1] == ["report/synth-*.json"]
    words = ("generate", "--preset", preset, "-o", "small", "--device", "ice40-hx8k")
    line = cli.failure(*words)
    assert line.startswith("ice40-hx8k has 7,680 LUT4, this core needs about ")


@every
@pytest.mark.parametrize("engine", ["golden", "fixed"])
def test_train_and_report(preset: str, engine: str, cli: Cli) -> None:
    """On models; the report is made of the folder that train writes, and nothing else."""
    words = (*with_data(preset), "--updates", "1", "--engine", engine)
    found = cli.result("train", *words, "-o", "out")
    assert (found["updates"], found["engine"]) == (1, engine)
    names = {"result.json", "weights.npz", "description.toml", "result.png", LIST}
    assert {path.name for path in Path("out").iterdir()} == names
    report = cli.result("report", "out")
    assert not {"result.json", "weights.npz"} & set(report["missing"])
    page = Path("out/report.html").read_text()
    assert ("learns online on the chip" in page) == load_preset(preset).online
    assert " in 0 tangent lane" not in page


@some
def test_simulated_hardware(preset: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate, verify and the engine rtl share one build, and what is built is generated once."""
    library = build(source(load_preset(preset)))
    monkeypatch.setattr(Simulation, "of", lambda d, **_: Simulation(d, library))
    words = with_data(preset)
    assert cli.result("simulate", *words, "--samples", "1", "-o", "seen")["equal"] is True
    assert cli.result("verify", *words, "--updates", "1")["equal"] is True
    updates = ("--updates", "1")
    rtl = cli.result("train", *words, *updates, "--engine", "rtl", "-o", "rtl")
    fixed = cli.result("train", *words, *updates, "--engine", "fixed", "-o", "fixed")
    figure = "accuracy" if preset in LABELLED else "rel_l2"
    assert rtl[figure] == fixed[figure]


@every
def test_boards(preset: str, cli: Cli) -> None:
    assert cli.result("boards", "--preset", preset)["network"] == preset


@some
def test_build(preset: str, cli: Cli) -> None:
    """A project for a vendor's tool needs no place and route.

    That of an operator network takes a quarter of a minute; one of a small chip is made in
    `test_operator_commands`. One that learns online is refused for its multipliers by place and
    route alone, minutes later.
    """
    if preset in PERCEPTRONS:
        found = cli.result("build", "--board", "arty-a7-100t", "-o", "out", "--preset", preset)
        assert found["config_hash"] == config_hash(load_preset(preset))
        return
    if load_preset(preset).online:
        return
    line = cli.failure("build", "--board", "ulx3s-12f", "-o", "out", "--preset", preset)
    assert line.startswith("ecp5-12f has 24,288 LUT4, this core needs about ")
    assert line.endswith("'none' take less, see dualspike boards --board ulx3s-12f")


@every
def test_nir_export(preset: str, cli: Cli) -> None:
    words = ("nir", "export", "--preset", preset)
    if preset in PERCEPTRONS:
        layers = load_preset(preset).network.layers
        assert cli.result(*words, "-o", "net.nir")["layers"] == layers
        return
    line = f"a NIR graph must be that of a perceptron, [network], not of a {kind_of(preset)}"
    assert cli.failure(*words) == line


@every
def test_synth_refuses_what_it_does_not_know(preset: str, cli: Cli) -> None:
    """Synthesis of a preset takes minutes; small chips are synthesised in other tests."""
    line = cli.failure("synth", "--preset", preset, "--target", "asic")
    assert line.startswith("--target must be one of ")
