"""A chip of a description, built with Verilator and driven a whole batch at a time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.boards.host.driver import flat, output_shape, streams
from dualspike.golden.numeric import Ints
from dualspike.hw.chip.probes import probes_of
from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.record import Record
from dualspike.model.interface.registers import answer_counts
from dualspike.model.sizes.cycles import fill_bound, most_clocks
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.verilate import Source, build, silent
from dualspike.testbench.cosim.verilated import Verilated
from dualspike.testbench.cosim.waveforms import Waveform

_PATIENCE, _STALLED = 4, 16
"""Times the clocks that a run may take before it is given up, and more where streams pause."""


def source(d: Description, *, debug: Waveform | None = None, verilog: str | None = None) -> Source:
    """What to build for a description: its Verilog, and what the harness must know of its ports.

    ``debug`` adds probes, and waveforms of this kind. Other ``verilog`` may take the place of what
    is generated.
    """
    feeds, probes = feeds_of(d), probes_of(d) if debug else []
    streams = [
        f"X({n}, {feed.name}, {feed.width}, {feed.simd}, {feed.format.bits})"
        for n, feed in enumerate(feeds)
    ]
    lines = [
        f"if (top.{probe.name}_moved) log_port(log, {n}, cycle, top.{probe.name}_payload);"
        for n, probe in enumerate(probes)
    ]
    header = (
        f"#define FEEDS(X) {' '.join(streams)}\n"
        "static inline void log_probes([[maybe_unused]] TOP_CLASS& top,"
        " [[maybe_unused]] Log& log, [[maybe_unused]] uint64_t cycle) {\n"
        + "\n".join(lines)
        + "\n}\n"
    )
    defines = (("RESULT_BITS", d.formats.membrane.bits),)
    if verilog is None:
        verilog = core_verilog(d, probes=debug is not None)
    return Source(verilog, d.name, defines, header, debug)


class Growth:
    """What ``counts`` have grown by since they were last asked; there are ``count`` of them."""

    def __init__(self, counts: Callable[[], Sequence[int]], count: int) -> None:
        self._counts = counts
        self._before: Sequence[int] = (0,) * count

    def since(self) -> tuple[int, ...]:
        """For each of them; they have 32 bits and wrap."""
        now = self._counts()
        pairs = zip(now, self._before, strict=True)
        self._before = now
        return tuple(late - early & 0xFFFFFFFF for late, early in pairs)


class Simulation(Verilated):
    """One Verilated chip of a description. ``samples`` counts samples, or functions.

    ``skipped`` and ``answered`` are what the registers SKIPPED, and the counts of answers, have
    grown by in the last run.
    """

    def __init__(self, description: Description, library: Path) -> None:
        self.d = d = description
        super().__init__(d, library, len(feeds_of(d)))
        sizes = [geometry(part) for part in d.parts]
        self._batch = most_clocks(d) if d.learns else 0
        layers = [(n, layer) for n, g in enumerate(sizes) for layer in g.layers if layer.skips]
        skipping = [f"SKIPPED_{d.layers_of(part).start + layer.index}" for part, layer in layers]
        self._skips = Growth(lambda: [self.read(name) for name in skipping], len(skipping))
        self._answers = Growth(self.answers if d.classes else tuple, len(answer_counts(d)))
        self.skipped: tuple[int, ...] = (0,) * len(skipping)
        self.answered: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        description: Description,
        *,
        quick: bool = False,
        debug: Waveform | None = None,
        building: Callable[[], None] = silent,
    ) -> Self:
        """Build, or find, the chip of a description and open it; ``debug`` as in `source`.

        ``quick`` and ``building`` are those of `build`.
        """
        made = build(source(description, debug=debug), quick=quick, building=building)
        return cls(description, made)

    def reset(self) -> None:
        """See `Verilated.reset`; what is counted begins anew."""
        super().reset()
        self._skips.since()
        self._answers.since()

    def learn(
        self,
        inputs: Sequence[Ints],
        target: Ints,
        stage: int = 0,
        scale: Ints | None = None,
        *,
        stall: int = 0,
    ) -> Record:
        """Updates on one batch or several in a row, as `golden.integer.rfg.chip.Chip.update`.

        ``stage`` is that of all of them, unless the chip counts its stages itself.
        """
        self.stall = stall
        rows = streams(self.d, inputs, target, scale)
        self.update(rows, len(inputs[0]) // self.d.batch[0], stage)
        self.samples += len(inputs[0]) - len(rows[0])
        self.skipped, self.answered = self._skips.since(), self._answers.since()
        return replace(self.record(), skipped=self.skipped, answered=self.answered)

    def infer(
        self, inputs: Sequence[Ints], labels: Ints | None = None, *, stall: int = 0
    ) -> NDArray[np.int64]:
        """Outputs [B, n_out] of stored inputs [B, n_in], or of frames [B, T, n_in] of them.

        Of an operator network [functions, B_1, ...]: any number of functions, all rows of the grid.
        With the numbers of their classes ``labels`` [B, 1] the core counts what it has right.
        """
        self.stall = stall
        shape, rows = output_shape(self.d, inputs), flat(inputs)
        if labels is None:
            found = self.outputs(rows, math.prod(shape))
        else:
            found = self.labelled_outputs([*rows, labels], math.prod(shape))
        self.samples += len(inputs[0]) - len(rows[0])
        self.skipped, self.answered = self._skips.since(), self._answers.since()
        return np.array(found, np.int64).reshape(shape)

    def limit(self, rows: Sequence[Ints]) -> int:
        """See `Verilated.limit`."""
        d, counts = self.d, [len(one) for one in rows[: len(self.d.parts)]]
        batches = self._batch * (counts[0] // d.batch[0] + 2)
        most = sum(
            geometry(part).interval * (count + 8) + fill_bound(part)
            for part, count in zip(d.parts, counts, strict=True)
        )
        points = 0 if d.kind == "mlp" else math.prod(counts) * (3 * d.basis + 20)
        return _PATIENCE * (_STALLED if self.stall else 1) * (batches + most + points + 1000)
