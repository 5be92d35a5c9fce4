"""Commands share simulators, and say that one is built only where it is."""

from collections.abc import Callable
from functools import cache as cache_of_functions
from pathlib import Path

import pytest

from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.description import Description
from dualspike.model.description.load import load
from dualspike.model.errors import BadInput
from dualspike.testbench.board import board
from dualspike.testbench.cosim import compare, shipped, simulation, verilate
from dualspike.testbench.cosim.verilate import Source, Tools
from tests.cli import Cli
from tests.small import PERCEPTRON

ALIKE: dict[str, tuple[object, ...]] = {
    "verify": ("verify", "tiny.toml"),
    "verify folder": ("verify", "core", "--updates", 1),
    "simulate": ("simulate", "tiny.toml", "--samples", 4, "--force", "-o", "simulated"),
    "predict": ("predict", "run", "--engine", "rtl", "--force", "-o", "predicted"),
    "train": ("train", "tiny.toml", "--engine", "rtl", "--force", "-o", "rtl"),
}
"""On the core itself."""
BOARD: dict[str, tuple[object, ...]] = {
    "of a description": ("predict", "tiny.toml", "--engine", "board", "--force", "-o", "out"),
    "predict": ("predict", "run", "--engine", "board", "--force", "-o", "predicted"),
}
"""On the core with its host link: other hardware."""
WAVES = ("simulate", "tiny.toml", "--samples", 4, "--waves", "--force", "-o", "waves")
"""With what happens inside visible: other hardware again."""
MODULES = (simulation, shipped, board, compare)


@pytest.fixture
def asked(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> Callable[[tuple[object, ...]], tuple[Source, bool]]:
    """A network, its core and a run in this folder; what a command asks to be built, at which it
    ends."""
    (here / "tiny.toml").write_text(PERCEPTRON)
    assert cli("generate", "tiny.toml", "-o", "core").status == 0
    assert cli("train", "tiny.toml", "-o", "run").status == 0
    found: list[tuple[Source, bool]] = []

    def build(what: Source, *, quick: bool = False, building: Callable[[], None]) -> Path:
        found.append((what, quick))
        building()
        raise BadInput("enough")

    @cache_of_functions
    def verilog(tables: str, probes: bool) -> str:
        return core_verilog(Description.model_validate_json(tables), probes=probes)

    for module in MODULES:
        monkeypatch.setattr(module, "build", build)
    monkeypatch.setattr(
        simulation, "core_verilog", lambda d, probes: verilog(d.model_dump_json(), probes)
    )

    def ask(words: tuple[object, ...]) -> tuple[Source, bool]:
        status, out, err = cli(*words)
        assert (status, err.endswith("dualspike: enough\n")) == (2, True), err
        assert out.count("with Verilator (kept for the next time) ...") == (words[0] != "train")
        return found.pop()

    return ask


def test_commands_ask_for_the_same_build(
    asked: Callable[[tuple[object, ...]], tuple[Source, bool]],
) -> None:
    """So that whichever comes first builds for all; boards and waves are other hardware."""
    wanted = [asked(words) for words in ALIKE.values()]
    assert [one == wanted[0] for one in wanted] == [True] * len(ALIKE)
    assert wanted[0][1]  # so short that it is compiled without optimisation
    boards = [asked(words) for words in BOARD.values()]
    assert boards[0] == boards[1]
    inside = asked(WAVES)
    assert inside == (simulation.source(load(Path("tiny.toml")), debug="fst"), True)
    assert len({boards[0][0].verilog, inside[0].verilog, wanted[0][0].verilog}) == 3


def test_building_is_told_where_something_is_built(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build for long runs serves short ones as well, not the other way round."""
    compiled: list[str] = []
    told: list[str] = []

    def compiler(what: Source, level: str, tools: Tools, pool: object) -> None:
        assert told[-1] == what.top
        compiled.append(level)
        (tools.work / "core.so").write_bytes(b"library")

    monkeypatch.setattr(verilate, "_compile", compiler)

    def built(top: str, *, quick: bool) -> Path:
        what = Source("module", top, (), "")
        return verilate.build(what, quick=quick, building=lambda: told.append(top))

    short = built("a", quick=True)
    assert built("a", quick=True) == short
    assert (told, compiled) == (["a"], ["-O0"])
    long = built("a", quick=False)
    assert built("a", quick=True) == built("a", quick=False) == long != short
    assert (told, compiled) == (["a", "a"], ["-O0", "-O1"])
    built("b", quick=False)
    built("b", quick=True)
    assert (told[2:], compiled[2:]) == (["b"], ["-O1"])
    long.write_bytes(b"damaged")
    assert built("a", quick=True) == short
    assert built("a", quick=False) == long
    assert told[3:] == ["a"]
