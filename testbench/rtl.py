"""The Verilated core as a training engine, with the integer model beside it if wanted."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.fixed import real_loss
from dualspike.golden.network import Parameters
from dualspike.golden.rounding import quantise, real
from dualspike.model.description import Description
from dualspike.testbench.bulk import Simulation, Unfinished
from dualspike.testbench.compare import Difference, compare_outputs, compare_update, not_taken
from dualspike.testbench.device import DeviceEngine

Floats = NDArray[np.float64]


class RtlEngine(DeviceEngine):
    """Trains on the simulated hardware. With ``check``, `difference` is the first mismatch.

    The integer model then computes every update at the same time in another thread, and loss,
    jvp accumulators, drawer state, flags and all weights are compared bit for bit; a comparison
    stops at the first difference, the training does not.
    """

    def __init__(
        self,
        description: Description,
        simulation: Simulation,
        *,
        check: bool,
        initial: Parameters | None = None,
    ) -> None:
        super().__init__(description, simulation, initial)
        self.simulation = simulation
        self.difference: Difference | None = None
        self._checking = check
        self._pool = ThreadPoolExecutor(1)

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        super().__exit__()

    def update(self, x: Floats, target: Floats, update: int) -> float:
        """Learn once; see golden.train.Engine.update."""
        if not self._checking:
            return super().update(x, target, update)
        f, stage = self._d.formats, self._d.stage(update)
        stored_x, stored_y = quantise(x, f.input, "x"), quantise(target, f.target, "y")
        clocks = self.simulation.cycles
        before = self.chip.copy()
        running = self._pool.submit(self.simulation.learn, stored_x, stored_y, stage)
        expected = self.chip.update(stored_x, stored_y, stage)
        try:
            record = running.result()
            self.difference = compare_update(update, self.chip, expected, record, self.simulation)
        except Unfinished as late:
            record, self.difference = expected, not_taken(update, late)
        self.learning_cycles += self.simulation.cycles - clocks
        if self.difference:
            self.mismatch = (before, stored_x, stored_y, stage)
            self._checking = False
        return real_loss(self._d, record.loss, len(x))

    def predict(self, x: Floats) -> Floats:
        """Outputs from the hardware; see golden.train.Engine.predict."""
        if not self._checking:
            return super().predict(x)
        f = self._d.formats
        stored = quantise(x, f.input, "x")
        results = self.simulation.infer(stored)
        expected = self.chip.infer(stored)
        self.difference = compare_outputs(self.chip, expected, results, self.simulation)
        if self.difference:
            self.mismatch = (self.chip.copy(), stored, None, 0)
            self._checking = False
        return real(results, f.membrane)
