"""Training in Python that Ctrl-C or a callback breaks off: it goes on, to the same end."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualspike as ds
from tests.commands.test_interrupted import handled
from tests.refusals import refusal
from tests.small import OPERATOR, PERCEPTRON, functions, points

UPDATES, BROKEN = 9, 4


def chip_of(text: str, here: Path) -> ds.Chip:
    one_rate = text.replace("updates =", "stages = 1\nupdates =")  # so a shorter run is a part
    (here / "net.toml").write_text(one_rate)
    return ds.Chip(ds.Description.load("net.toml"))


def at(update: int, what: Callable[[], object]) -> Callable[[int, float], None]:
    """A callback that does something after so many updates."""

    def called(done: int, loss: float) -> None:
        if done == update:
            what()

    return called


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def same(one: ds.Chip, other: ds.Chip) -> bool:
    left, right = one.weights, other.weights
    pairs = zip((*left.weights, *left.biases), (*right.weights, *right.biases), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (PERCEPTRON, {}),
        (PERCEPTRON, {"scale": True, "validation_split": 0.2, "restore_best": True}),
        (OPERATOR, {}),
    ],
)
def test_ctrl_c_keeps_the_run_and_it_ends_as_if_nothing_had_been(
    text: str, options: dict[str, Any], here: Path
) -> None:
    given: dict[str, Any] = {**(functions() if text is OPERATOR else points()), **options}
    whole, part, broken = (chip_of(text, here) for _ in range(3))
    run = whole.train(**given, updates=UPDATES)
    if not options:
        part.train(**given, updates=BROKEN)
    with handled(signal.default_int_handler), pytest.raises(KeyboardInterrupt) as stopped:
        broken.train(**given, updates=UPDATES, callbacks=[at(BROKEN, ctrl_c)])
    assert str(stopped.value) == (
        f"interrupted after {BROKEN} of {UPDATES} updates: chip.weights has what was learned;"
        " to go on, train as before with resume=True"
    )
    assert options or same(broken, part)
    assert broken.description.data.scale == whole.description.data.scale
    seen: list[int] = []
    resumed = broken.train(
        **given, updates=UPDATES, callbacks=[lambda done, _: seen.append(done)], resume=True
    )
    assert seen == [*range(BROKEN + 1, UPDATES + 1)]
    assert np.array_equal(resumed.losses, run.losses)
    assert same(broken, whole) and not same(broken, chip_of(text, here))
    assert resumed.summary["rel_l2"] == run.summary["rel_l2"]
    line = "resume must be False for a chip whose training was not broken off, not True"
    assert refusal(broken.train, **given, resume=True) == line


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt("mine")])
def test_what_a_callback_raises_comes_out_with_a_note(error: BaseException, here: Path) -> None:
    def fail() -> None:
        raise error

    chip, part, first = (chip_of(PERCEPTRON, here) for _ in range(3))
    part.train(**points(), updates=BROKEN)
    with pytest.raises(type(error), match="mine") as stopped:
        chip.train(**points(), updates=UPDATES, callbacks=[at(BROKEN, fail)])
    (note,) = stopped.value.__notes__
    assert note.endswith("to go on, train as before with resume=True")
    assert same(chip, part) and not same(chip, first)
    other = {**points(), "x": points()["x"] / 2}
    line = refusal(chip.train, **other, updates=UPDATES, resume=True)
    assert line.startswith("resume must be a checkpoint of the same data to train and test on: ")
    line = refusal(chip.train, **points(), updates=5, resume=True)
    assert (
        line
        == "resume must be a checkpoint of the same description: it has learning.updates 9, not 5"
    )


def test_floating_point_keeps_its_weights_alone(here: Path) -> None:
    chip, part = (chip_of(PERCEPTRON, here) for _ in range(2))
    given: dict[str, Any] = {**points(), "engine": "golden"}
    part.train(**given, updates=BROKEN)
    with handled(signal.default_int_handler), pytest.raises(KeyboardInterrupt, match=r"these$"):
        chip.train(**given, updates=UPDATES, callbacks=[at(BROKEN, ctrl_c)])
    assert same(chip, part)
    chip.train(**points(), updates=1)
    line = "resume must be False for a chip whose training was not broken off, not True"
    assert refusal(chip.train, **given, resume=True) == line
