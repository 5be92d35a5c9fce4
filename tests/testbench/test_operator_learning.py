"""What operator chips share with perceptrons: a planted error is found, upsets, runs broken off."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.checkpoint import Keeper, Origin
from dualspike.golden.operator_engine import FixedOperatorEngine, first_operator_chip
from dualspike.golden.operator_train import train_operator
from dualspike.golden.problems.problem import Problem, Samples
from dualspike.golden.problems.store import checksum
from dualspike.hw import sequencer, weights
from dualspike.model.code import Upset
from dualspike.model.operator_load import describe_operator
from dualspike.model.registers import upset_bits
from dualspike.testbench.compare import Difference, compare_update
from dualspike.testbench.operator_bulk import OperatorSimulation, operator_source
from dualspike.testbench.operator_rtl import OperatorRtlEngine
from dualspike.testbench.verilate import build

from .operator_descriptions import (
    cosimulate_operator,
    random_operator_chip,
    random_rows,
    stored,
)
from .test_protection import memories, upset

TABLES: dict[str, Any] = {
    "name": "all_ways",
    "operator": {"kind": "deeponet", "parts": [{"layers": [2, 3, 2]}, {"layers": [1, 3, 2]}]},
    "learning": {
        "batch": [4, 3],
        "rate": 3,
        "updates": 230,
        "stages": 3,
        "masks": [[0, 1], [1, 2], [3, 0]],
        "mantissa": [8, 11, 15, 9],
        "rounding": "stochastic",
        "momentum": 2,
        "schedule": "chip",
    },
    "hardware": {"protection": "ecc"},
}
for part in TABLES["operator"]["parts"]:
    part["time_steps"] = 3
D = describe_operator(TABLES, "test")


def run() -> Difference | None:
    with OperatorSimulation.of(D, quick=True) as simulation:
        return cosimulate_operator(D, simulation, 3, seed=0)


def test_without_an_error_all_is_equal() -> None:
    assert run() is None


def truncate(value: Any, shift: int) -> Any:
    """Rounding with its constant left out."""
    return value >> shift


def one_bit_short(course: sequencer.Sequencer, value: Any, shift: Any, word: Any) -> Any:
    """Stochastic rounding that never adds the highest of the bits cut off."""
    mask = sequencer.Const((1 << sequencer.WORD) - 1) << shift
    return (value + (word & ~mask[: sequencer.WORD] & ~(mask >> 1)[: sequencer.WORD])) >> shift


@pytest.mark.parametrize(
    ("place", "name", "wrong", "signals"),
    [
        (weights, "round_half_up", truncate, ("velocities[", "weights[")),
        (sequencer.Sequencer, "_shifted", one_bit_short, ("velocities[", "weights[")),
    ],
)
def test_a_planted_error_is_found(
    place: Any,
    name: str,
    wrong: Callable[..., Any],
    signals: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, name, wrong)
    difference = run()
    assert difference is not None and difference.signal.startswith(signals), difference


def test_learning_goes_on_through_upsets_of_every_memory() -> None:
    chip, rng = random_operator_chip(D, np.random.default_rng(1)), np.random.default_rng(2)
    told = 1 << upset_bits(D)[Upset.CORRECTED]
    with OperatorSimulation.of(D, quick=True) as simulation:
        simulation.load_chip(chip)
        simulation.write("FLAGS", 0)
        for update in range(3):
            for select in range(len(memories(chip))):
                upset(simulation, chip, select, rng, 1)
            batch = (
                random_rows(D, rng, D.learning.batch[0]),
                stored(rng, D.formats.target, *D.learning.batch),
                None,
                D.stage(update),
            )
            record = simulation.learn(*batch)
            expected = chip.update(*batch)
            expected = replace(expected, flags=expected.flags | told)
            assert compare_update(update, chip, expected, record, simulation) is None


class Broken(Exception):
    """The run ends here."""


def break_off(done: int, _: float) -> None:
    if done == 150:
        raise Broken


def problem() -> Problem:
    """Four functions at three points."""
    u, points = np.random.default_rng(0).uniform(-1, 1, (4, 2)), np.linspace(-1, 1, 3)[:, None]
    samples = Samples((u, points), u[:, :1] + u[:, 1:] * points.T)
    return Problem("straight lines", "deeponet", samples, samples, samples, (4, 3))


def test_either_engine_goes_on_where_the_other_broke_off(tmp_path: Path) -> None:
    whole = FixedOperatorEngine(D)
    expected = train_operator(whole, D, problem())
    start = first_operator_chip(D)
    origin = Origin.of(D, checksum(problem()), start.weights, start.biases)
    library = build(operator_source(D), quick=True)
    for first in ("fixed", "rtl"):
        path = tmp_path / f"{first}.npz"
        with OperatorRtlEngine(D, OperatorSimulation(D, library), check=False) as rtl:
            fixed = FixedOperatorEngine(D)
            broken, other = (fixed, rtl) if first == "fixed" else (rtl, fixed)
            with pytest.raises(Broken):
                train_operator(broken, D, problem(), break_off, Keeper(path, broken, origin))
            result = train_operator(other, D, problem(), None, Keeper(path, other, origin))
            np.testing.assert_array_equal(result.losses, expected.losses)
            assert result.rel_l2 == expected.rel_l2
            assert result.rel_l2_before == expected.rel_l2_before
            for held, wanted in zip(other.state().memories, whole.state().memories, strict=True):
                np.testing.assert_array_equal(held, wanted)
