"""Proof by co-simulation: train the hardware with the integer model next to it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from dualspike.golden.data.problem import Problem
from dualspike.golden.float.layout import Parameters
from dualspike.model.description.description import Description
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.compare import Difference, locate
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.strain import strain
from dualspike.testbench.cosim.verilate import SHORT, silent

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

    def _repr_html_(self) -> str:
        told = f"first difference: {self.difference}" if self.difference else "every bit is equal"
        counts = f"{self.updates} updates, {self.inferences} inferences, {self.cycles:,} clocks"
        return f"<p><b>{escape(told)}</b><br>{counts}</p>"

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
    problem: Problem,
    updates: int,
    waveform: Path | None = None,
    progress: Callable[[int, float], None] | None = None,
    initial: Parameters | None = None,
    building: Callable[[], None] = silent,
) -> Verdict:
    """Run ``updates`` updates, some inferences, and batches at the limits, on both together.

    Both start from the parameters ``initial``, or those of the seed. A core that only infers
    makes no updates and more inferences. Batches at the limits: see `testbench.cosim.strain`.

    Stops at the first difference and locates it: sample, cycle, signal, both values; the clocks
    around it go to ``waveform``, FST or VCD by its name, if one is given. ``building`` as in
    `verilate.build`.
    """
    d = description
    updates, inferences = (updates, INFERENCES) if d.learns else (0, ONLY_INFERENCES)
    simulation = Simulation.of(d, quick=is_short(d, updates, inferences), building=building)
    with RtlEngine(d, simulation, check=True, initial=initial) as engine:
        learned: list[tuple[int, ...]] = []
        began, done = time.perf_counter(), 0
        while done < updates and engine.difference is None:
            batch = problem.training_batch(d.learning.seed, done)
            loss = engine.update(*batch, done)
            done += 1
            learned.append(simulation.skipped)
            if progress:
                progress(done, loss)
        seconds = time.perf_counter() - began
        samples, cycles = simulation.samples, simulation.cycles
        if engine.difference is None:
            first, *others = problem.test.inputs
            rows = np.linspace(0, len(first) - 1, min(inferences, len(first))).astype(int)
            engine.predict([first[rows], *others])
        inferred = simulation.samples - samples
        skips = _skips(d, learned, samples, simulation.skipped, inferred)
        inference = (simulation.cycles - cycles) / inferred if inferred else 0.0
        difference = engine.difference
        if difference:
            difference = locate(d, difference, engine.mismatch, waveform)
        else:
            difference = strain(d, simulation, waveform)
        waveform = waveform if difference and waveform and waveform.exists() else None
    return Verdict(difference, waveform, done, samples, cycles, inferred, inference, seconds, skips)


def is_short(d: Description, updates: int, inferences: int) -> bool:
    """Whether a run of about so many clocks is over sooner without optimisation."""
    interval = max(geometry(part).interval for part in d.parts)
    return (updates * sum(d.batch) * d.passes + inferences) * interval < SHORT


def _skips(
    d: Description,
    learned: list[tuple[int, ...]],
    samples: int,
    inferred: tuple[int, ...],
    inferences: int,
) -> tuple[Skips, ...]:
    """For every layer that skips its share of clocks in learning, and in inference."""
    sizes = [geometry(part) for part in d.parts]
    layers = [(g, layer) for g in sizes for layer in g.layers if layer.skips]
    found: list[Skips] = []
    for n, (g, layer) in enumerate(layers):
        clocks = g.sample_cycles(layer)
        # Passes without a sample come after each batch of a chip that learns online.
        taken = samples * d.passes * clocks + len(learned) * layer.lag * layer.cycles
        share = sum(one[n] for one in learned) / max(1, taken)
        found.append(Skips(layer.index, share, inferred[n] / max(1, inferences * clocks)))
    return tuple(found)
