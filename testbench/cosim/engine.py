"""The Verilated core as a training engine, with the integer model next to it if wanted."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dualspike.golden.float.layout import Parameters
from dualspike.golden.numeric import Doubles, Ints
from dualspike.golden.training.fixed_engine import StoredBatch, real_loss, stored_batch
from dualspike.model.description.description import Description
from dualspike.testbench.cosim.compare import (
    Difference,
    Mismatch,
    compare_outputs,
    compare_update,
    not_taken,
)
from dualspike.testbench.cosim.device import DeviceEngine
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verilated import Unfinished


class RtlEngine(DeviceEngine):
    """SpikeTrains on the simulated hardware. With ``check``, `difference` is the first mismatch.

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

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once; see golden.train.Engine.update."""
        if not self._checking:
            return super().update(inputs, target, update)
        batch, stage = stored_batch(self._d, inputs, target), self._d.stage(update)
        given = batch.to_learn(stage)
        clocks, before = self.simulation.cycles, self.chip.copy()
        running = self._pool.submit(self.simulation.learn, *given)
        expected = self.chip.update(*given)
        try:
            record = running.result()
            self.difference = compare_update(update, self.chip, expected, record, self.simulation)
        except Unfinished as late:
            record, self.difference = expected, not_taken(update, late)
        self.learning_cycles += self.simulation.cycles - clocks
        if self.difference:
            self.mismatch = Mismatch(before, batch, stage)
            self._checking = False
        return real_loss(self._d, record.loss)

    def infer(self, inputs: Sequence[Ints]) -> Ints:
        """Stored outputs; see `DeviceEngine.infer`."""
        results = super().infer(inputs)
        if self._checking:
            before = self.chip.copy()
            expected = self.chip.infer(inputs)
            self.difference = compare_outputs(self.chip, expected, results, self.simulation)
            if self.difference:
                self.mismatch = Mismatch(before, StoredBatch(list(inputs), None), 0)
                self._checking = False
        return results
