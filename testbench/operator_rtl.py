"""The Verilated operator core as a training engine, with the integer model beside it if wanted."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.checkpoint import State
from dualspike.golden.network import Parameters
from dualspike.golden.operator_engine import FixedOperatorEngine, interleaved, real_operator_loss
from dualspike.golden.rounding import real
from dualspike.model.operator_chip import OperatorDescription
from dualspike.testbench.bulk import Unfinished
from dualspike.testbench.compare import Difference, compare_outputs, compare_update, not_taken
from dualspike.testbench.operator_bulk import OperatorSimulation

Floats = NDArray[np.float64]


class OperatorRtlEngine:
    """Trains on the simulated hardware. With ``check``, `difference` is the first mismatch.

    The integer model then computes every update at the same time in another thread, and loss,
    jvp accumulators, drawer state, flags and all weights are compared bit for bit; a comparison
    stops at the first difference, the training does not. ``learning_cycles`` counts the clocks
    of all updates.
    """

    def __init__(
        self,
        description: OperatorDescription,
        simulation: OperatorSimulation,
        *,
        check: bool,
        initial: Parameters | None = None,
    ) -> None:
        self._d, self.simulation = description, simulation
        self._model = FixedOperatorEngine(description, initial)
        self.difference: Difference | None = None
        self.learning_cycles = 0
        self._checking = check
        self._pool = ThreadPoolExecutor(1)
        simulation.load_chip(self._model.chip)
        simulation.write("FLAGS", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self.simulation.close()

    def update(self, inputs: Sequence[Floats], target: Floats, update: int) -> float:
        """Learn once; see `golden.operator_engine.FixedOperatorEngine.update`."""
        batch = self._model.stored_batch(inputs, target)
        stage, clocks = self._d.stage(update), self.simulation.cycles
        running = self._pool.submit(self.simulation.learn, *batch, stage)
        expected = self._model.chip.update(*batch, stage) if self._checking else None
        try:
            record = running.result()
        except Unfinished as late:
            if expected is None:
                raise
            self.difference, record, self._checking = not_taken(update, late), expected, False
        self.learning_cycles += self.simulation.cycles - clocks
        if expected and self._checking:
            chip = self._model.chip
            self.difference = compare_update(update, chip, expected, record, self.simulation)
            self._checking = self.difference is None
        return real_operator_loss(self._d, record.loss, target.size)

    def predict(self, inputs: Sequence[Floats]) -> Floats:
        """Outputs from the hardware, for any numbers of rows.

        The chip's grid has the batch's size: what is asked for is taken in tiles of it, the last
        of each axis filled up with the last row.
        """
        stored = self._model.stored(inputs)
        shape = [len(rows) for rows in stored]
        y = np.empty(shape, np.int64)
        tiles = [-(-rows // size) for rows, size in zip(shape, self._tile, strict=True)]
        for tile in np.ndindex(*tiles):
            places = [
                np.arange(n * size, min((n + 1) * size, rows))
                for n, size, rows in zip(tile, self._tile, shape, strict=True)
            ]
            filled = [
                rows[np.resize(some, len(some) if part == 0 else size)]
                for part, (rows, some, size) in enumerate(
                    zip(stored, places, self._tile, strict=True)
                )
            ]
            found = self.simulation.infer(filled)
            y[np.ix_(*places)] = found[tuple(slice(len(some)) for some in places)]
        self._compare(stored, y)
        return real(y, self._d.formats.membrane)

    @property
    def _tile(self) -> list[int]:
        return self._d.learning.batch

    def _compare(self, stored: Sequence[NDArray[np.int64]], y: NDArray[np.int64]) -> None:
        if not self._checking:
            return
        chip = self._model.chip
        self.difference = compare_outputs(chip, chip.infer(stored), y, self.simulation)
        self._checking = self.difference is None

    def state(self) -> State:
        """What is read over the bus; see golden.checkpoint.Resumable.state."""
        memories = interleaved(*self.simulation.weights()) + self.simulation.velocities()
        lfsr = self.simulation.read_wide("LFSR") & (1 << 64) - 1
        return State(tuple(memories), lfsr, self.learning_cycles)

    def restore(self, state: State, updates: int) -> None:
        """Write a state over the bus; see golden.checkpoint.Resumable.restore."""
        learning = self._d.learning
        self._model.restore(state, updates)
        self.simulation.load_chip(self._model.chip, self._d.stage(updates))
        if learning.schedule == "chip":
            self.simulation.write("PHASE", updates * learning.stages % learning.updates)
        self.learning_cycles = state.clocks

    def weights(self) -> tuple[Parameters, ...]:
        """Weights of every part, read back from the hardware."""
        return self._model.real_weights(*self.simulation.weights())
