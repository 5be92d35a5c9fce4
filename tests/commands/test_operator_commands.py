"""The commands on operator chips: files, results, and one line for what they do not take."""

import copy
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pywellen import Waveform  # pyright: ignore[reportAttributeAccessIssue]

from dualspike.commands import simulate
from dualspike.golden.data.load import load_problem
from dualspike.model.cost.estimate import estimate
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import describe, load, load_preset, revised
from dualspike.model.interface.identity import config_hash
from dualspike.model.system.seal import sealed
from dualspike.testbench.board import virtual
from dualspike.testbench.board.board import BoardSimulation
from dualspike.testbench.unit.benches.shapes import SHAPES
from tests.cli import Cli
from tests.lint import lint
from tests.small import OPERATOR, functions


@pytest.fixture
def net(here: Path) -> Path:
    """A description whose data are in a file next to it."""
    np.savez("data.npz", **functions())
    text = OPERATOR.replace("updates = 6", "updates = 3\nfloor = 0.5")
    (here / "tiny.toml").write_text(text)
    return here / "tiny.toml"


def test_a_description_is_of_the_kind_that_it_says(net: Path) -> None:
    assert load(net).name == "tiny"
    for name in ("hat", "poisson", "reaction_diffusion", "reaction-diffusion"):
        assert load_preset(name).name == name.replace("-", "_")


def test_generate_writes_a_core(net: Path, cli: Cli) -> None:
    result, out = cli.result("generate", net, "-o", "out"), net.parent / "out"
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == {*result["files"], ".dualspike.json"}
    assert (out / "report/estimate.json").read_text() == sealed(result["estimate"])
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["config_hash"] == result["config_hash"]
    assert [part["sample_interval"] for part in manifest["parts"]] == [6, 6]
    assert manifest["resources"] == {"multipliers": 19, "weight_bits": 558}
    assert len((out / "weights_0.hex").read_text().split()) == 6
    first = (out / "tiny.v").read_bytes()
    assert cli("generate", net, "-o", "out").status == 0
    assert (out / "tiny.v").read_bytes() == first
    assert lint(out, "tiny.vlt", "tiny.v") == []


def test_both_engines_learn_the_same(net: Path, cli: Cli) -> None:
    found = []
    for engine in ("fixed", "rtl"):
        found.append(cli.result("train", net, "--engine", engine, "-o", engine))
        assert Path(engine, "result.json").read_text() == sealed(found[-1])
    for key in ("rel_l2_before", "rel_l2", "global_rel_l2", "config_hash", "updates"):
        assert found[0][key] == found[1][key]
    with np.load("fixed/weights.npz") as one, np.load("rtl/weights.npz") as other:
        assert one.files == other.files
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])
    assert cli.result("verify", net, "--updates", 2)["equal"] is True


@pytest.mark.parametrize("kind", ["deeponet", "seponet"])
def test_a_users_operators_are_learned_in_floating_point_too(
    kind: str, here: Path, cli: Cli
) -> None:
    """u to y at points, or at x and t, of a file alone; predict takes what was learned."""
    rng = np.random.default_rng(1)
    u, x, t = rng.uniform(-1, 1, (40, 2)), np.linspace(-1, 1, 6), np.linspace(0, 1, 5)
    if kind == "deeponet":
        y = u[:, :1] + u[:, 1:] * x
        np.savez("own.npz", u=u, y=y, points=x[:, None])
    else:
        y = u[:, :1, None] * t + u[:, 1:, None] * x[:, None]
        np.savez("own.npz", u=u, y=y, x=x, t=t)
    parts = [{"layers": [n, 8, 4], "time_steps": 8} for n in (2, *[1] * (y.ndim - 1))]
    batch = [16, *(y.shape[1:])]
    tables = {
        "operator": {"kind": kind, "parts": parts},
        "learning": {"batch": batch, "updates": 400, "rate": 3 if kind == "deeponet" else 1},
        "data": {"source": "own.npz"},
    }
    Path("net.toml").write_text(toml_text(describe(tables, "test")))
    found = cli.result("train", "net.toml", "--engine", "golden", "-o", "run")
    assert found["rel_l2"] < 0.7 * found["rel_l2_before"]
    cli.result("predict", "run", "own.npz", "--engine", "golden", "-o", "seen")


def test_weights_that_were_learned_are_taken_up(net: Path, cli: Cli) -> None:
    first = cli.result("train", net, "-o", "first")
    given = ("--weights", "first/weights.npz")
    second = cli.result("train", net, *given, "-o", "second")
    assert second["rel_l2_before"] == first["rel_l2"]
    assert cli("generate", net, *given, "-o", "out").status == 0
    with np.load("first/weights.npz") as learned:
        stored = (learned["biases_3"] * 2**16).astype(np.int64) & (1 << 18) - 1
    words = Path("out/biases_3.hex").read_text().split()
    assert [int(word, 16) for word in words] == stored.tolist()
    assert cli.result("verify", net, *given, "--updates", 2)["equal"] is True


def test_functions_are_inferred_on_the_hardware(
    net: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "usual", lambda: "vcd")  # as without the headers of lz4
    cli.result("train", net, "-o", "run")
    words = ("simulate", net, "--weights", "run/weights.npz", "--samples", 2, "--waves")
    status, out, _ = cli(*words, "-o", "seen")
    assert (status, "For waves.fst, which is far smaller: " in out) == (0, True)
    lines = Path("seen/outputs.csv").read_text().splitlines()
    table = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    assert lines[0] == "function,x0,y"
    points = load_problem(load(net)).test.inputs[1].ravel()
    np.testing.assert_array_equal(table[:, 0], np.repeat([0, 1], len(points)))
    np.testing.assert_allclose(table[:, 1], np.tile(points, 2), rtol=1e-8)
    with np.load("run/weights.npz") as run:
        np.testing.assert_allclose(table[:, 2], run["prediction"][:2].ravel(), rtol=1e-8)
    assert len(Waveform("seen/waves.vcd").all_vars()) > 9


@pytest.mark.long
def test_what_is_synthesised_is_near_the_forecast(net: Path, cli: Cli) -> None:
    found = cli.result("synth", net, "-o", "out")
    assert sealed(found) == Path("out/report/synth-ecp5.json").read_text()
    for cells in ("lut4", "ff"):
        assert found["estimate"][cells] == pytest.approx(found["actual"][cells], rel=0.15)
    assert 0 <= found["estimate"]["dsp"] - found["actual"]["dsp"] <= 4


@pytest.fixture
def quick_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated boards that are compiled fast."""
    monkeypatch.setattr(virtual, "BoardSimulation", partial(BoardSimulation, quick=True))


@pytest.mark.usefixtures("quick_boards")
def test_a_board_learns_the_same(here: Path, cli: Cli) -> None:
    """The shape pair, whose board `tests/testbench/test_board.py` has as well."""
    rng = np.random.default_rng(0)
    u, points = rng.uniform(-1, 1, (15, 3)), rng.uniform(-1, 1, (6, 2))
    np.savez("data.npz", u=u, points=points, y=u[:, :2] @ points.T + u[:, 2:])
    tables = copy.deepcopy(SHAPES["pair"]) | {"data": {"source": "data.npz"}}
    tables["learning"] |= {"updates": 3}
    Path("net.toml").write_text(toml_text(describe(tables, "test")))
    board, fixed = (
        cli.result("train", "net.toml", "--engine", engine, "-o", engine)
        for engine in ("board", "fixed")
    )
    assert board["cycles"] > 0
    for key in ("rel_l2_before", "rel_l2", "global_rel_l2", "config_hash"):
        assert board[key] == fixed[key]
    with np.load("board/weights.npz") as one, np.load("fixed/weights.npz") as other:
        assert one.files == other.files
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])
        prediction = other["prediction"]
    found = cli.result("predict", "board", "--engine", "board", "-o", "seen")
    assert found["rel_l2"] == fixed["rel_l2"] and found["samples"] == len(prediction)
    table = np.loadtxt("seen/predictions.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(table[:, -2], prediction.ravel(), rtol=1e-8)


@pytest.mark.usefixtures("quick_boards")
def test_a_core_that_only_infers(here: Path, cli: Cli) -> None:
    """With the weights that another has learned: files, proof, a board, a page; no training."""
    np.savez("data.npz", **functions())
    Path("learns.toml").write_text(OPERATOR)
    Path("still.toml").write_text(OPERATOR.replace("updates = 6", 'rule = "none"'))
    learned = cli.result("train", "learns.toml", "-o", "run")
    weights = ("--weights", "run/weights.npz")
    generated = cli.result("generate", "still.toml", *weights, "-o", "out")
    assert lint(Path("out"), "tiny.vlt", "tiny.v") == []
    forecast = estimate(load(Path("learns.toml")))["estimate"]
    for kind, cells in generated["estimate"]["estimate"].items():
        assert cells < forecast[kind] or not cells
    missing = cli.result("report", "out")["missing"]
    assert missing[:2] == ["report/synth-*.json", "weights.npz"]
    verdict = cli.result("verify", "still.toml", *weights)
    assert (verdict["equal"], verdict["updates"]) == (True, 0)
    assert cli.result("simulate", "still.toml", *weights, "--samples", 2, "-o", "s")["equal"]
    found = cli.result("predict", "still.toml", *weights, "--engine", "board", "-o", "seen")
    assert found["rel_l2"] == learned["rel_l2"]
    seen = Path("seen/predictions.csv").read_text().splitlines()
    assert [line.rsplit(",", 1)[0] for line in seen] == Path("s/outputs.csv").read_text().split()
    for board in cli.result("boards", "still.toml")["boards"]:
        assert board["directions"] in (0, None)
    folded = cli.result("generate", "still.toml", "--fit", "--device", "ecp5-85f", "-o", "fit")
    assert folded["estimate"]["clocks_per_function"] < generated["estimate"]["clocks_per_function"]
    line = "learning.rule must be 'rfg' or 'online' to train, not 'none'"
    assert cli.failure("train", "still.toml", "-o", "more") == line


def test_a_project_for_a_board(net: Path, cli: Cli) -> None:
    found = cli.result("build", net, "--board", "arty-a7-100t", "-o", "board")
    assert found["config_hash"] == config_hash(load(net))
    text = Path("board/tiny_system.v").read_text()
    built = load(Path("board/tiny.toml"))
    chosen = {"clock": built.hardware.clock, "device": built.hardware.device}
    assert "module tiny_system (" in text and built == revised(load(net), "hardware", **chosen)
    rooms = {one["name"]: one for one in cli.result("boards", net)["boards"]}
    assert rooms["ulx3s-85f"]["directions"] == 8 and rooms["icebreaker"]["directions"] is None


def test_a_device_too_small_is_refused(net: Path, cli: Cli) -> None:
    line = cli.failure("generate", net, "-o", "out", "--device", "ice40-hx8k")
    assert line.startswith("ice40-hx8k has 7,680 LUT4, this core needs about ")


def test_a_fitted_core_comes_with_its_description(net: Path, cli: Cli) -> None:
    words = ("--fit", "--samples-per-second", "3e5", "--clock", "20")
    result = cli.result("generate", net, "-o", "out", *words)
    assert result["estimate"]["clocks_per_batch_at_most"] <= 4 * 20e6 / 3e5
    assert "tiny.toml" in result["files"]
    folded = load(net.parent / "out/tiny.toml")
    assert config_hash(folded) == result["config_hash"]
    assert folded.learning == load(net).learning
    assert folded.hardware.pe != load(net).hardware.pe


def test_a_wrapped_core(net: Path, cli: Cli) -> None:
    assert cli("generate", net, "-o", "out", "--wrap", "axi").status == 0
    assert json.loads(Path("out/manifest.json").read_text())["top"] == "tiny_axi"
    lines = Path("out/tiny_axi.v").read_text().splitlines()
    assert "// s_axis_inputs_0_*: AXI4-Stream, 1 x int16_t" in lines
    assert (
        "// m_axis_results_*: AXI4-Stream, 1 x int32_t, TLAST ends a function, or PACKET results"
        in lines
    )
    assert lint(Path("out"), "tiny_axi.vlt", "tiny_axi.v") == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("build --board icebreaker", "ice40-up5k has 5,280 LUT4, this core needs about "),
        (
            "generate --wrap ahb",
            "--wrap must be one of axi, wishbone, axi_events, wishbone_events, not 'ahb'",
        ),
        (
            "generate --fit --device ecp5-12f --budget 0.1",
            "ecp5-12f has 28 DSP (10 % are 2), the smallest folding needs about 25",
        ),
        ("verify --weights x.npz", "cannot read x.npz: "),
        ("simulate --samples 9", "--samples must be in [1, "),
    ],
)
def test_what_it_does_not_take_is_named(words: str, line: str, net: Path, cli: Cli) -> None:
    command, *options = words.split()
    assert cli.failure(command, net, *options).startswith(line)
