"""Proof by co-simulation: train the hardware with the integer model beside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dualspike.golden.data import Dataset, batch_indices
from dualspike.golden.network import Parameters
from dualspike.model.description import Description
from dualspike.model.geometry import geometry
from dualspike.testbench.bulk import Simulation
from dualspike.testbench.compare import Difference, locate
from dualspike.testbench.rtl import RtlEngine
from dualspike.testbench.strain import strain
from dualspike.testbench.verilate import SHORT

INFERENCES, ONLY_INFERENCES = 64, 1024


@dataclass(frozen=True)
class Skips:
    """The share of a layer's clocks that silent chunks did not take."""

    layer: int
    learning: float
    inference: float


@dataclass(frozen=True)
class Verdict:
    """``difference`` is None if every bit agreed.

    Updates, samples and cycles are those of training, 0 for a core that only infers. ``skips`` has
    an entry for every layer that skips.
    """

    difference: Difference | None
    waveform: Path | None
    updates: int
    samples: int
    cycles: int
    inferences: int
    inference_cycles_per_sample: float
    seconds: float
    skips: tuple[Skips, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether hardware and model agreed in everything."""
        return self.difference is None

    @property
    def cycles_per_second(self) -> float:
        """Clocks simulated in a second of training."""
        return self.cycles / self.seconds if self.seconds else 0.0

    @property
    def cycles_per_sample(self) -> float:
        """Clocks for each training sample, drawing signs and moving weights included."""
        return self.cycles / self.samples if self.samples else 0.0


def verify(
    description: Description,
    dataset: Dataset,
    updates: int,
    waveform: Path | None = None,
    progress: Callable[[int, float], None] | None = None,
    initial: Parameters | None = None,
) -> Verdict:
    """Run ``updates`` updates, some inferences, and batches at the limits, on both together.

    Both start from the parameters ``initial``, or those of the seed. A core that only infers
    makes no updates and more inferences. Batches at the limits: see `testbench.strain`.

    Stops at the first difference and locates it: sample, cycle, signal, both values; the clocks
    around it go to ``waveform`` (VCD) if one is given.
    """
    batch, seed = description.learning.batch, description.learning.seed
    g = geometry(description)
    updates, inferences = (updates, INFERENCES) if description.learns else (0, ONLY_INFERENCES)
    clocks = (updates * batch * description.passes + inferences) * g.interval
    simulation = Simulation.of(description, quick=clocks < SHORT)
    with RtlEngine(description, simulation, check=True, initial=initial) as engine:
        skipping = [layer for layer in g.layers if layer.skips]
        learned = [0] * len(skipping)
        began, done = time.perf_counter(), 0
        while done < updates and engine.difference is None:
            rows = batch_indices(len(dataset.x), batch, seed, done)
            loss = engine.update(dataset.x[rows], dataset.y[rows], done)
            done += 1
            learned = [sum(pair) for pair in zip(learned, simulation.skipped, strict=True)]
            if progress:
                progress(done, loss)
        seconds = time.perf_counter() - began
        samples, cycles = simulation.samples, simulation.cycles
        if engine.difference is None:
            count = min(inferences, len(dataset.test_x))
            rows = np.linspace(0, len(dataset.test_x) - 1, count).astype(int)
            engine.predict(dataset.test_x[rows])
        inferred = simulation.samples - samples
        inference = (simulation.cycles - cycles) / inferred if inferred else 0.0
        skips = tuple(
            Skips(
                layer.index,
                learned[n] / max(1, samples * description.passes * g.sample_cycles(layer)),
                simulation.skipped[n] / (max(1, inferred) * g.sample_cycles(layer)),
            )
            for n, layer in enumerate(skipping)
        )
        difference = engine.difference
        if difference:
            difference = locate(description, difference, *engine.mismatch, waveform)
        else:
            difference = strain(description, simulation, waveform)
        waveform = waveform if difference and waveform and waveform.exists() else None
    return Verdict(difference, waveform, done, samples, cycles, inferred, inference, seconds, skips)
