"""The Verilated core as a training engine, with the integer model beside it if wanted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.checkpoint import State
from dualspike.golden.fixed import first_chip, real_loss, real_parameters, restore_chip
from dualspike.golden.network import Parameters
from dualspike.golden.rounding import quantise, real
from dualspike.model.description import Description
from dualspike.testbench.bulk import Simulation
from dualspike.testbench.compare import Difference, compare_update

Floats = NDArray[np.float64]


class RtlEngine:
    """Trains on the simulated hardware. With ``check``, `difference` is the first mismatch.

    The integer model then computes every update at the same time in another thread, and loss,
    jvp accumulators, drawer state, flags and all weights are compared bit for bit; a comparison
    stops at the first difference, the training does not. ``learning_cycles`` counts the clocks
    of all updates. Starts from the parameters ``initial``, or those of the seed.
    """

    def __init__(
        self,
        description: Description,
        simulation: Simulation,
        *,
        check: bool,
        initial: Parameters | None = None,
    ) -> None:
        self._d, self.simulation = description, simulation
        self.chip = first_chip(description, initial)
        self.difference: Difference | None = None
        self.learning_cycles = 0
        self._checking = check
        self._pool = ThreadPoolExecutor(1)
        simulation.load_chip(self.chip)
        simulation.write("FLAGS", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self.simulation.close()

    def update(self, x: Floats, target: Floats, update: int) -> float:
        """Learn once; see golden.train.Engine.update."""
        f, stage = self._d.formats, self._d.stage(update)
        stored_x, stored_y = quantise(x, f.input, "x"), quantise(target, f.target, "y")
        clocks = self.simulation.cycles
        if not self._checking:
            record = self.simulation.learn(stored_x, stored_y, stage)
            self.learning_cycles += self.simulation.cycles - clocks
            return real_loss(self._d, record.loss, len(x))
        before = self.chip.copy()
        running = self._pool.submit(self.simulation.learn, stored_x, stored_y, stage)
        expected = self.chip.update(stored_x, stored_y, stage)
        record = running.result()
        self.learning_cycles += self.simulation.cycles - clocks
        self.difference = compare_update(update, self.chip, expected, record, self.simulation)
        if self.difference:
            self.mismatch = (before, stored_x, stored_y, stage)
            self._checking = False
        return real_loss(self._d, record.loss, len(x))

    def predict(self, x: Floats) -> Floats:
        """Outputs from the hardware; see golden.train.Engine.predict."""
        f = self._d.formats
        stored = quantise(x, f.input, "x")
        results = self.simulation.infer(stored)
        if self._checking:
            expected = self.chip.infer(stored)
            wrong = np.argwhere(results != expected)
            if len(wrong):
                sample, output = (int(n) for n in wrong[0])
                self.difference = Difference(
                    None,
                    f"results[{output}]",
                    int(expected[sample, output]),
                    int(results[sample, output]),
                    sample=sample,
                )
            else:
                pair = self.chip.flags, self.simulation.read("FLAGS")
                if pair[0] != pair[1]:
                    self.difference = Difference(None, "FLAGS", *pair)
            if self.difference:
                self.mismatch = (self.chip.copy(), stored, None, 0)
                self._checking = False
        return real(results, f.membrane)

    def state(self) -> State:
        """What is read over the bus; see golden.checkpoint.Resumable.state."""
        pairs = zip(*self.simulation.weights(), strict=True)
        lfsr = self.simulation.read_wide("LFSR") & (1 << 64) - 1
        memories = [memory for pair in pairs for memory in pair]
        memories += self.simulation.velocities()
        drawn = self._d.network.coding == "bernoulli"
        coder = self.simulation.read_wide("CODER") & (1 << 64) - 1 if drawn else 0
        return State(tuple(memories), lfsr, self.learning_cycles, coder)

    def restore(self, state: State, updates: int) -> None:
        """Write a state over the bus; see golden.checkpoint.Resumable.restore."""
        learning = self._d.learning
        restore_chip(self.chip, state)
        self.simulation.load_chip(self.chip, self._d.stage(updates))
        if learning.schedule == "chip":
            self.simulation.write("PHASE", updates * learning.stages % learning.updates)
        self.learning_cycles = state.clocks

    def weights(self) -> Parameters:
        """Weights read back from the hardware; see golden.train.Engine.weights."""
        return real_parameters(*self.simulation.weights(), self._d.formats.weight)
