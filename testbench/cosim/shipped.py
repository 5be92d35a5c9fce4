"""Proof of Verilog that is there already: the core in it next to the integer model."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualspike.golden.integer.state import IntegerChip
from dualspike.model.description.description import Description
from dualspike.model.interface.memory_map import memory_map
from dualspike.testbench.cosim.compare import (
    Difference,
    compare_outputs,
    compare_update,
    not_taken,
)
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.strain import random_batch, random_inputs, strain
from dualspike.testbench.cosim.verilate import build, silent
from dualspike.testbench.cosim.verilated import Unfinished

INFERENCES = 64


@dataclass(frozen=True)
class Proof:
    """``difference`` is None if every bit agreed; what was run: updates, inferences, clocks."""

    difference: Difference | None
    updates: int
    inferences: int
    cycles: int

    @property
    def equal(self) -> bool:
        """Whether hardware and model agreed in everything."""
        return self.difference is None


def prove(
    d: Description,
    verilog: str,
    chip: IntegerChip,
    updates: int,
    *,
    baked: bool,
    building: Callable[[], None] = silent,
) -> Proof:
    """Run the core in ``verilog``, of this description, and ``chip`` from the same weights.

    With ``baked`` the core must hold those of the chip at power-up; else they are loaded. Inputs
    and targets are random ones of `testbench.cosim.strain`, whose batches come last. Inferences:
    `INFERENCES` samples, of an operator network one batch. ``building`` as in `verilate.build`.
    """
    library = build(source(d, verilog=verilog), quick=True, building=building)
    rng = np.random.default_rng(d.learning.seed)
    inputs = random_inputs(d, rng, [INFERENCES] if d.kind == "mlp" else d.batch)
    done = 0
    with Simulation(d, library) as simulation:
        if baked:
            difference = _contents(chip, simulation)
        else:
            simulation.load_chip(chip)
            difference = None
        if difference is None:
            found = simulation.infer(inputs)
            difference = compare_outputs(chip, chip.infer(inputs), found, simulation)
        while difference is None and d.learns and done < updates:
            batch, stage = random_batch(d, rng), d.stage(done)
            expected = chip.update(*batch.to_learn(stage))
            try:
                record = simulation.learn(*batch.to_learn(stage))
                difference = compare_update(done, chip, expected, record, simulation)
            except Unfinished as late:
                difference = not_taken(done, late)
            done += 1
        if difference is None:
            difference = strain(d, simulation, None, locates=False)
        return Proof(difference, done, len(inputs[0]), simulation.cycles)


def _contents(chip: IntegerChip, simulation: Simulation) -> Difference | None:
    """The first word that the core does not hold as the chip does."""
    for one, held, found in zip(
        memory_map(chip.d), chip.memories, simulation.contents(), strict=True
    ):
        for at in np.argwhere(held != found)[:1]:
            place = tuple(int(n) for n in at)
            return Difference(None, f"{one.name}{list(place)}", int(held[place]), int(found[place]))
    return None
