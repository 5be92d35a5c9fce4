"""Batches at the limits: several with one command, weights and data at the ends of their formats.

Data of a user seldom clip anything, and engines give a chip one batch with a command.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from dualspike.golden.integer.chips import chip_of
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Matrix
from dualspike.golden.training.fixed_engine import StoredBatch
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.record import Record
from dualspike.testbench.cosim.compare import (
    Difference,
    Mismatch,
    compare_outputs,
    compare_update,
    locate,
    not_taken,
)
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verilated import Unfinished

BATCHES, INFERENCES = 3, 64


def strain(
    d: Description, simulation: Simulation, waveform: Path | None, *, locates: bool = True
) -> Difference | None:
    """The first difference in `BATCHES` batches at the limits, then in inferences.

    One that a batch shows by itself is located as those of training are; one that only the run of
    several shows has the name of a register. Without ``locates`` all have: the simulation is then
    of other Verilog than the description's, and what is built anew would not differ.
    """
    rng = np.random.default_rng(d.learning.seed)
    chip = _at_limits(d, rng)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    difference = None
    if d.learns:
        led, difference = _learn(d, chip, simulation, rng)
        if difference and locates:
            difference = _alone(d, led, waveform) or difference
    if difference is None:
        rows = [INFERENCES] if d.kind == "mlp" else d.batch
        batch = StoredBatch(random_inputs(d, rng, rows), None)
        before = chip.copy()
        found = simulation.infer(batch.inputs)
        difference = compare_outputs(chip, chip.infer(batch.inputs), found, simulation)
        if difference and locates:
            difference = locate(d, difference, Mismatch(before, batch, 0), waveform)
    return replace(difference, at_limits=True) if difference else None


def _learn(
    d: Description,
    chip: IntegerChip,
    simulation: Simulation,
    rng: np.random.Generator,
) -> tuple[list[Mismatch], Difference | None]:
    """What led to every batch, and the first difference after all of them."""
    given = [(random_batch(d, rng), _stage(d, turn)) for turn in range(BATCHES)]
    led: list[Mismatch] = []
    records: list[Record] = []
    for batch, stage in given:
        led.append(Mismatch(chip.copy(), batch, stage))
        records.append(chip.update(*batch.to_learn(stage)))
    skipped, answered = (
        tuple(map(sum, zip(*some, strict=True)))
        for some in ([one.skipped for one in records], [one.answered for one in records])
    )
    expected = replace(records[-1], skipped=skipped, answered=answered)
    try:
        found = simulation.learn(*_joined([one for one, _ in given]).to_learn(_stage(d, 0)))
    except Unfinished as late:
        return led, not_taken(None, late)
    return led, compare_update(BATCHES - 1, chip, expected, found, simulation)


def _alone(d: Description, led: list[Mismatch], waveform: Path | None) -> Difference | None:
    """The first batch that differs when it is given by itself, located."""
    for turn, one in enumerate(led):
        one.before.flags = 0
        model = one.before.copy()
        with Simulation.of(d, quick=True) as simulation:
            simulation.load_chip(one.before, one.stage)
            try:
                found = simulation.learn(*one.batch.to_learn(one.stage))
            except Unfinished as late:
                return not_taken(turn, late)
            expected = model.update(*one.batch.to_learn(one.stage))
            difference = compare_update(turn, model, expected, found, simulation)
        if difference:
            return locate(d, difference, one, waveform)
    return None


def _joined(batches: list[StoredBatch]) -> StoredBatch:
    """The rows of several batches, one after the other in every stream."""
    scales = [one.scale for one in batches if one.scale is not None]
    return StoredBatch(
        [np.concatenate(rows) for rows in zip(*(one.inputs for one in batches), strict=True)],
        np.concatenate([one.target for one in batches if one.target is not None]),
        np.concatenate(scales) if scales else None,
    )


def random_batch(d: Description, rng: np.random.Generator) -> StoredBatch:
    """Inputs and targets of a batch, as `at_ends`; numbers of classes that are not there, too."""
    shape = [*d.batch, d.basis] if d.kind == "mlp" else d.batch
    target = at_ends(rng, d.formats.target, *shape)
    if d.classes:
        target = rng.integers(-1, d.basis + 1, (d.batch[0], 1))
    return StoredBatch(
        random_inputs(d, rng, d.batch),
        target,
        None if d.floor is None else at_ends(rng, d.formats.scale, d.batch[0]),
    )


def random_inputs(d: Description, rng: np.random.Generator, rows: list[int]) -> list[Matrix]:
    """Stored inputs of every part, so many rows of each: as `at_ends`, frames of spikes as well."""
    widths, form = [network.layers[0] for network in d.networks], d.formats.input
    if d.network.coding == "frames":
        shape = rows[0], d.network.time_steps, widths[0]
        return [at_ends(rng, form, *shape) if d.parts[0].numbers else rng.integers(-1, 2, shape)]
    pairs = zip(rows, widths, strict=True)
    return [at_ends(rng, form, count, width) for count, width in pairs]


def at_ends(rng: np.random.Generator, form: Format, *shape: int) -> Matrix:
    """Stored integers, half of them ends of the format and half anywhere in it."""
    ends = np.where(rng.integers(0, 2, shape), form.highest, form.lowest)
    anywhere = rng.integers(form.lowest, form.highest + 1, shape)
    return np.where(rng.integers(0, 2, shape), ends, anywhere)


def _stage(d: Description, turn: int) -> int:
    """That of a batch: shifts of a host begin at 0, so that steps clip; or as the chip counts."""
    return -min(d.step_shift) if d.learning.schedule == "host" else d.stage(turn)


def _at_limits(d: Description, rng: np.random.Generator) -> IntegerChip:
    """A chip whose weights, biases and velocities are at the ends of their formats."""
    memories = [at_ends(rng, one.format, *one.shape) for one in memory_map(d)]
    chip = chip_of(d, memories[: 2 * d.n_layers : 2], memories[1 : 2 * d.n_layers : 2])
    chip.load(memories)
    return chip
