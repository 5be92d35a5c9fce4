"""Every option that takes a number has a range, and one line says so outside it, in our words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from dualspike.cli import app
from tests.cli import Cli
from tests.model.description.test_words import THEIRS

HAT = ["--preset", "hat"]
FIT = ["--fit", "--samples-per-second", "1000", "--clock", "100", "--device", "ecp5-85f"]
NOWHERE = ["--port", "/no/such/port"]
BASE = {
    "demo": [],
    "generate": [*HAT, *FIT],
    "synth": [*HAT, "--place-and-route"],
    "simulate": HAT,
    "verify": HAT,
    "train": [*HAT, "--engine", "board", *NOWHERE],
    "predict": ["net.toml", "--engine", "board", *NOWHERE],
    "experiment": ["hat", "-o", "out"],
    "build": [*HAT, "--board", "ulx3s-85f"],
    "board serve": [*HAT, "--virtual"],
    "nir import": ["net.nir"],
    "nir export": HAT,
}
WHOLE = ["-1", "1" + "0" * 11, "1" + "0" * 30, "9" * 5000, "1.5", "one"]
REAL = ["-1", "nan", "inf", "-inf", "1e400", "one"]


def numeric(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, bool]]:
    """(command, option, whether it takes fractions) of all there are."""
    for name, below in getattr(command, "commands", {}).items():
        yield from numeric(below, (*path, name))
    for parameter in getattr(command, "params", []):
        annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
        kinds = {annotation, *getattr(annotation, "__args__", ())} & {int, float}
        if kinds:
            yield " ".join(path), parameter.opts[0], float in kinds


ALL = list(numeric(typer.main.get_command(app)))


def test_all_were_found() -> None:
    assert {"--baud", "--updates", "--seed", "--clock", "--dt", "--jobs"} <= {
        one for _, one, _ in ALL
    }
    assert {command for command, _, _ in ALL} == set(BASE)


@pytest.mark.parametrize(("command", "option", "real"), ALL, ids=str)
def test_numbers_outside_their_range_are_one_line(
    command: str,
    option: str,
    real: bool,
    here: Path,
    cli: Cli,
) -> None:
    if command == "nir import":
        assert cli("nir", "export", *HAT).status == 0
    if command == "predict":
        assert cli("init", "net.toml", *HAT).status == 0
    for value in REAL if real else WHOLE:
        line = cli.failure(*command.split(), *BASE[command], option, value)
        assert option.strip("-").replace("-", "_") in line.replace("-", "_")
        assert not THEIRS.search(line), line


def words(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(command, parameter) of all that take one of a few words."""
    for name, below in getattr(command, "commands", {}).items():
        yield from words(below, (*path, name))
    for parameter in getattr(command, "params", []):
        if parameter.type_descriptor.choices:
            yield path, parameter


def test_a_word_that_is_not_one_of_those_is_one_line(cli: Cli) -> None:
    found = list(words(typer.main.get_command(app)))
    assert len(found) >= 3
    for path, parameter in found:
        option = [one for one in parameter.opts[:1] if one.startswith("-")]
        known = [str(choice.value) for choice in parameter.type_descriptor.choices]
        line = cli.failure(*path, *option, known[0] + "x")
        name = option[0] if option else parameter.name
        assert line == (
            f"{name} must be one of {', '.join(known)}, not '{known[0]}x'; did you mean {known[0]}?"
        )
