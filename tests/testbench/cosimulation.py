"""The one way in which the tests put hardware and model side by side."""

from collections.abc import Sequence

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.integer.online.chip import OnlineChip
from dualspike.golden.integer.rounding import real
from dualspike.golden.numeric import Doubles
from dualspike.model.description.description import Description
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.compare import Difference, compare_update
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verilated import Unfinished
from tests.testbench.random.descriptions import random_batch, random_chip, random_rows

RESETS = 6


def problem_of(d: Description, inputs: Sequence[Doubles], target: Doubles) -> Problem:
    """These samples, to learn and to test on, in batches of the description's sizes."""
    samples = Samples(tuple(inputs), target)
    sizes = tuple(d.batch)
    return Problem("given", d.kind, samples, samples, samples, sizes, replace=d.kind == "mlp")


def random_problem(d: Description, seed: int) -> Problem:
    """A problem whose samples are a `random_batch`."""
    inputs, target, *_ = random_batch(d, np.random.default_rng(seed))
    f = d.formats
    wanted = real(target, f.target)
    if d.classes:
        wanted = np.eye(d.basis)[target[:, 0] % d.basis]
    return problem_of(d, [real(rows, f.input) for rows in inputs], wanted)


def cosimulate_after_resets(
    d: Description, simulation: Simulation, seed: int, monkeypatch: pytest.MonkeyPatch
) -> Difference | None:
    """As `cosimulate`, one update, after resets: in the first sample, then all through a batch."""
    rng, before = np.random.default_rng(seed), simulation.cycles
    batch = random_batch(d, rng)
    simulation.learn(*batch)
    first = int(simulation.entered[0]) - simulation.began + 1
    # Clocks of a batch depend on the data where layers skip.
    sizes = geometry(d.parts[0])
    least = sizes.least_interval / sizes.interval
    span = (simulation.cycles - before - first) * least / RESETS
    anywhere = first + (np.arange(RESETS) + rng.random(RESETS)) * span
    for turn, clocks in enumerate([first, *anywhere]):
        with monkeypatch.context() as patch:
            patch.setattr(simulation, "limit", lambda rows, clocks=int(clocks): clocks)
            with pytest.raises(Unfinished):
                simulation.learn(*batch)
        simulation.reset()
        difference = cosimulate(d, simulation, 1, seed + turn)
        if difference:
            return difference
    return None


def cosimulate(
    d: Description, simulation: Simulation, updates: int, seed: int, stall: int = 0
) -> Difference | None:
    """Load, read back, infer and, if the chip can, learn; the first difference from the model."""
    chip, rng = random_chip(d, seed), np.random.default_rng(seed)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    for held, found in zip(chip.memories, simulation.contents(), strict=True):
        np.testing.assert_array_equal(found, held)
    for count in (1, max(3, d.batch[0])):
        rows = random_rows(d, rng, count)
        np.testing.assert_array_equal(simulation.infer(rows, stall=stall), chip.infer(rows))
        assert simulation.read("FLAGS") == chip.flags
        assert simulation.skipped == chip.skipped
    if isinstance(chip, OnlineChip) and d.classes:
        rows, labels = random_rows(d, rng, 8), rng.integers(0, d.basis, (8, 1))
        expected = chip.infer(rows)
        np.testing.assert_array_equal(simulation.infer(rows, labels, stall=stall), expected)
        assert simulation.answered == chip.answered(expected, labels)
    if not d.learns:
        return None
    for update in range(updates):
        stage = d.stage(update) if d.learning.schedule == "chip" else update % d.learning.stages
        batch = random_batch(d, rng, stage)
        record = simulation.learn(*batch, stall=stall)
        expected = chip.update(*batch)
        difference = compare_update(update, chip, expected, record, simulation)
        if difference:
            return difference
    return None
