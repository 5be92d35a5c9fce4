"""Batches at the limits: several with one command, weights and data at the ends of their formats.

Data of a user seldom clip anything, and engines give a chip one batch with a command.
"""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from dualspike.golden.chip import Chip
from dualspike.golden.integer import Matrix
from dualspike.golden.integer_operator import OperatorChip
from dualspike.golden.rounding import Ints
from dualspike.model.description import Description
from dualspike.model.formats import Format
from dualspike.model.operator_chip import OperatorDescription
from dualspike.testbench.bulk import Simulation, Unfinished
from dualspike.testbench.compare import (
    Difference,
    compare_outputs,
    compare_update,
    locate,
    not_taken,
)
from dualspike.testbench.operator_bulk import OperatorSimulation

BATCHES, INFERENCES = 3, 64

C = TypeVar("C", Chip, OperatorChip)
Batch = tuple[Ints, Ints]


def strain(d: Description, simulation: Simulation, waveform: Path | None) -> Difference | None:
    """The first difference in `BATCHES` batches at the limits, then in as many inferences.

    One that a batch shows by itself is located as those of training are; one that only the run of
    several shows has the name of a register.
    """
    rng = np.random.default_rng(d.learning.seed)
    chip = _at_limits(Chip(d, *_parameters(d, rng)), rng)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    difference = _learn(d, chip, simulation, rng, waveform) if d.learns else None
    if difference is None:
        x, before = at_ends(rng, d.formats.input, INFERENCES, d.network.layers[0]), chip.copy()
        found = simulation.infer(x)
        difference = compare_outputs(chip, chip.infer(x), found, simulation)
        if difference:
            difference = locate(d, difference, before, x, None, 0, waveform)
    return replace(difference, at_limits=True) if difference else None


def _learn(
    d: Description,
    chip: Chip,
    simulation: Simulation,
    rng: np.random.Generator,
    waveform: Path | None,
) -> Difference | None:
    f, n, batch = d.formats, d.network.layers, d.learning.batch
    x = at_ends(rng, f.input, BATCHES * batch, n[0])
    y = at_ends(rng, f.target, BATCHES * batch, n[-1])
    batches = [(x[at : at + batch], y[at : at + batch]) for at in range(0, len(x), batch)]
    before, records = [], []
    for turn, (inputs, targets) in enumerate(batches):
        before.append(chip.copy())
        records.append(chip.update(inputs, targets, _stage(d, turn)))
    skipped = tuple(map(sum, zip(*(one.skipped for one in records), strict=True)))
    expected = replace(records[-1], skipped=skipped)
    try:
        found = simulation.learn(x, y, _stage(d, 0))
    except Unfinished as late:
        difference = not_taken(None, late)
    else:
        difference = compare_update(BATCHES - 1, chip, expected, found, simulation)
    return difference and (_alone(d, before, batches, waveform) or difference)


def _alone(
    d: Description, before: list[Chip], batches: list[Batch], waveform: Path | None
) -> Difference | None:
    """The first batch that differs when it is given by itself, located."""
    for turn, (chip, (x, y)) in enumerate(zip(before, batches, strict=True)):
        chip.flags, stage = 0, _stage(d, turn)
        model = chip.copy()
        with Simulation.of(d, quick=True) as simulation:
            simulation.load_chip(chip, stage)
            try:
                found = simulation.learn(x, y, stage)
            except Unfinished as late:
                return not_taken(turn, late)
            difference = compare_update(turn, model, model.update(x, y, stage), found, simulation)
        if difference:
            return locate(d, difference, chip, x, y, stage, waveform)
    return None


def strain_operator(d: OperatorDescription, simulation: OperatorSimulation) -> Difference | None:
    """The same for an operator chip, which has no probes to locate a difference with."""
    rng, f, sizes = np.random.default_rng(d.learning.seed), d.formats, d.learning.batch
    chip = _at_limits(OperatorChip(d, *_parameters(d, rng)), rng)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    inputs = [
        at_ends(rng, f.input, BATCHES, rows, part.layers[0])
        for rows, part in zip(sizes, d.parts, strict=True)
    ]
    target = at_ends(rng, f.target, BATCHES, *sizes)
    scale = None if d.learning.floor is None else at_ends(rng, f.scale, BATCHES, sizes[0])
    records = [
        chip.update(
            [one[turn] for one in inputs],
            target[turn],
            None if scale is None else scale[turn],
            _stage(d, turn),
        )
        for turn in range(BATCHES)
    ]
    rows = [one.reshape(-1, one.shape[-1]) for one in inputs]
    scales = None if scale is None else scale.ravel()
    try:
        found = simulation.learn(rows, target.reshape(-1, *sizes[1:]), scales, _stage(d, 0))
        difference = compare_update(BATCHES - 1, chip, records[-1], found, simulation)
        if difference is None:
            some = [one[0] for one in inputs]
            outputs = simulation.infer(some)
            difference = compare_outputs(chip, chip.infer(some), outputs, simulation)
    except Unfinished as late:
        difference = not_taken(None, late)
    return replace(difference, at_limits=True) if difference else None


def at_ends(rng: np.random.Generator, form: Format, *shape: int) -> Matrix:
    """Stored integers, half of them ends of the format and half anywhere in it."""
    ends = np.where(rng.integers(0, 2, shape), form.highest, form.lowest)
    anywhere = rng.integers(form.lowest, form.highest + 1, shape)
    return np.where(rng.integers(0, 2, shape), ends, anywhere)


def _stage(d: Description | OperatorDescription, turn: int) -> int:
    """That of a batch: shifts of a host begin at 0, so that steps clip; or as the chip counts."""
    return -min(d.step_shift) if d.learning.schedule == "host" else d.stage(turn)


def _parameters(
    d: Description | OperatorDescription, rng: np.random.Generator
) -> tuple[list[Matrix], list[Matrix]]:
    form = d.formats.weight
    weights = [at_ends(rng, form, n_out, n_in) for n_in, n_out in d.shapes]
    return weights, [at_ends(rng, form, n_out) for _, n_out in d.shapes]


def _at_limits(chip: C, rng: np.random.Generator) -> C:
    """The chip with velocities at the limits as well."""
    for velocity in chip.velocities:
        velocity[:] = at_ends(rng, chip.d.step_format, *velocity.shape)
    return chip
