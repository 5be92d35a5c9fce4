"""A Verilated operator core in this process, driven a whole batch at a time."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.chip import Record
from dualspike.golden.integer_operator import OperatorChip
from dualspike.golden.rounding import Ints
from dualspike.hw.operator_files import operator_verilog
from dualspike.model.geometry import geometry
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.registers import Command, register_map
from dualspike.testbench.bulk import Feed, Verilated, source_of
from dualspike.testbench.verilate import Source, build

_PATIENCE = 64
"""Times the clocks that a run may take before it is given up."""


def operator_source(d: OperatorDescription, *, debug: bool = False) -> Source:
    """What to build for a description; ``debug`` adds waveforms."""
    f = d.formats
    feeds: list[Feed] = []
    for part, network in enumerate(d.parts):
        simd = geometry(d.part(part)).layers[0].simd
        feeds.append(Feed(f"inputs_{part}", network.layers[0], simd, f.input.bits))
    feeds.append(Feed("targets", 1, 1, f.target.bits))
    if d.learning.floor is not None:
        feeds.append(Feed("scales", 1, 1, f.scale.bits))
    return source_of(operator_verilog(d), d.name, feeds, f.membrane.bits, [], debug=debug)


class OperatorSimulation(Verilated):
    """One Verilated operator core. ``samples`` counts functions."""

    def __init__(self, description: OperatorDescription, library: Path) -> None:
        self.d = d = description
        super().__init__(library, register_map(d), d.shapes, d.formats.weight, d.step_format)
        self._weighted = d.learning.floor is not None
        self._slowest = max(geometry(d.part(part)).interval for part in range(len(d.parts)))

    @classmethod
    def of(cls, description: OperatorDescription, *, quick: bool = False) -> Self:
        """Build, or find, the core of a description and open it; ``quick`` as in `build`."""
        return cls(description, build(operator_source(description), quick=quick))

    def load_chip(self, chip: OperatorChip, stage: int = 0) -> None:
        """Write all that a chip holds, velocities where there are any."""
        self.load(chip.weights, chip.biases, chip.signs.state, stage)
        self.fill(chip.velocities, 2 * self.d.n_layers)

    def learn(
        self,
        inputs: Sequence[Ints],
        target: Ints,
        scale: Ints | None = None,
        stage: int = 0,
        *,
        stall: int = 0,
    ) -> Record:
        """Updates on one batch or several in a row, as `OperatorChip.update` of the model.

        ``stage`` is that of all of them, unless the chip counts its stages itself.
        """
        if self.d.learning.schedule == "host":
            for layer, shift in enumerate(self.d.step_shift):
                self.write(f"SHIFT_{layer}", shift + stage)
        batches = len(inputs[0]) // self.d.learning.batch[0]
        self.write("UPDATES", batches)
        self.write("CONTROL", Command.LEARN)
        scales = [] if scale is None else [scale.reshape(-1, 1)]
        rows = [*inputs, target.reshape(-1, 1), *scales]
        self.run(rows, 0, stall, self._limit(inputs))
        return self.record(self.d.lanes)

    def infer(self, inputs: Sequence[Ints], *, stall: int = 0) -> NDArray[np.int64]:
        """Outputs [functions, B_1, ...]: any number of functions, all rows of the trunks' grid."""
        self.write("CONTROL", Command.INFER)
        shape = [len(rows) for rows in inputs]
        nothing = [np.zeros((0, 1), np.int64)] * (2 if self._weighted else 1)
        results = self.run([*inputs, *nothing], math.prod(shape), stall, self._limit(inputs))
        self.write("CONTROL", Command.STOP)
        return results.reshape(shape).astype(np.int64)

    def _limit(self, inputs: Sequence[Ints]) -> int:
        rows = sum(len(one) for one in inputs)
        points = math.prod(len(one) for one in inputs)
        basis = self.d.basis
        return _PATIENCE * (self._slowest * (rows + 8) + points * (3 * basis + 20) + 100_000)
