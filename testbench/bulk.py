"""A Verilated core in this process, driven a whole batch at a time."""

import ctypes
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.chip import Chip, Record
from dualspike.golden.integer import Matrix
from dualspike.golden.rounding import Ints
from dualspike.hw.core import Probe, probes_of
from dualspike.hw.product import core_verilog
from dualspike.model.cycles import fill_bound
from dualspike.model.description import Description
from dualspike.model.errors import NoAnswer
from dualspike.model.estimate import learning_clocks
from dualspike.model.formats import Format
from dualspike.model.geometry import geometry
from dualspike.model.registers import MAGIC, Command, Register, register_map
from dualspike.testbench.recording import DESIGN, keep, recording
from dualspike.testbench.verilate import Source, build

_BUS_LIMIT = 100_000
"""Clocks in which a register answers; it takes a few, whatever the core does."""

_STALLED = 16
"""Times the clocks that a run may take more where streams pause."""


class Unfinished(NoAnswer):
    """A run that came to no end: so many rows of the first stream were given, so many taken."""

    def __init__(self, rows: int, taken: int, limit: int) -> None:
        super().__init__(f"the core did not finish {rows} samples in {limit} clocks")
        self.rows, self.taken = rows, taken


@dataclass(frozen=True)
class Feed:
    """An input stream: rows of ``width`` numbers of ``bits`` bits, in chunks of ``simd``."""

    name: str
    width: int
    simd: int
    bits: int


def core_source(description: Description, *, debug: bool = False) -> tuple[Source, list[Probe]]:
    """What to build for a description; ``debug`` adds probes and waveforms."""
    probes = probes_of(description) if debug else []
    f, first = description.formats, geometry(description).layers[0]
    feeds = [Feed("inputs", first.n_in, first.simd, f.input.bits)]
    if description.learns:
        feeds.append(Feed("targets", description.network.layers[-1], 1, f.target.bits))
    verilog, name = core_verilog(description, probes=debug), description.name
    return source_of(verilog, name, feeds, f.membrane.bits, probes, debug=debug), probes


def source_of(
    verilog: str,
    name: str,
    feeds: list[Feed],
    result_bits: int,
    probes: list[Probe],
    *,
    debug: bool,
) -> Source:
    """The core's Verilog, and what the harness must know of its ports."""
    streams = [
        f"X({n}, {feed.name}, {feed.width}, {feed.simd}, {feed.bits})"
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
    return Source(verilog, name, (("RESULT_BITS", result_bits),), header, debug)


class Verilated:
    """One Verilated chip: its clock, its registers, its weights, its streams.

    ``samples`` and ``cycles`` count what `run` took: rows of the first stream, clocks. ``began``
    is the clock at which the last run gave its first row, ``entered`` the clocks at which each
    row of the first stream had gone in. Weights have velocities where ``step`` is another format
    than ``weight``.
    """

    def __init__(
        self,
        library: Path,
        registers: Sequence[Register],
        shapes: list[tuple[int, int]],
        weight: Format,
        step: Format,
    ) -> None:
        self._path, self._library = library, _declare(ctypes.CDLL(str(library)))
        self._sim = self._library.sim_open()
        self._address = {register.name: register.address for register in registers}
        self._shapes, self._weight, self._step = shapes, weight, step
        self.samples = self.cycles = self.began = 0
        if self.read("MAGIC") != MAGIC:
            raise NoAnswer("the simulated core does not answer with the right MAGIC")

    def close(self) -> None:
        """End the simulation; an open waveform is completed, coverage is kept if recorded."""
        if self._sim is not None:
            if recording():
                self._keep_coverage()
            self._library.sim_close(self._sim)
            self._sim = None

    def _keep_coverage(self) -> None:
        with tempfile.TemporaryDirectory(prefix="dualspike-") as folder:
            counts = Path(folder) / "counts.dat"
            self._library.sim_coverage(ctypes.c_void_p(self._sim), str(counts).encode())
            verilog = (self._path.parent / DESIGN).read_text("utf-8")
            keep("co-simulation", "core", verilog, counts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cycle(self) -> int:
        """Clocks since the simulation was opened."""
        return int(self._library.sim_cycle(self._sim))

    def trace(self, path: Path, first: int, last: int) -> None:
        """Record the clocks [first, last) as a VCD waveform; needs a debug build."""
        if not self._library.sim_trace(self._sim, str(path).encode(), first, last):
            raise RuntimeError("this build cannot record waveforms")

    def read(self, name: str) -> int:
        """A register's 32 bits."""
        return self._transfer(False, name, 0)

    def write(self, name: str, value: int) -> None:
        """Set a register from the low 32 bits of ``value``."""
        self._transfer(True, name, value & 0xFFFFFFFF)

    def _transfer(self, write: bool, name: str, value: int) -> int:
        """One transfer on the bus; NoAnswer names the register."""
        address = self._address[name]
        answer = int(self._library.sim_bus(self._sim, write, address, value, _BUS_LIMIT))
        if answer < 0:
            raise NoAnswer(
                f"register {name} at {address:#x} did not answer in {_BUS_LIMIT:,} clocks"
            )
        return answer

    def read_wide(self, name: str) -> int:
        """A signed 64-bit value from a pair of registers."""
        value = self.read(f"{name}_0") | self.read(f"{name}_1") << 32
        return value - (1 << 64) if value >> 63 else value

    def load(self, weights: list[Matrix], biases: list[Matrix], lfsr: int, stage: int = 0) -> None:
        """Write all weights and biases; the drawer's state and the stage, where there are any."""
        pairs = zip(weights, biases, strict=True)
        self.fill([values for pair in pairs for values in pair])
        if "LFSR_0" in self._address:
            self.write("LFSR_0", lfsr)
            self.write("LFSR_1", lfsr >> 32)
        if "STAGE" in self._address:
            self.write("STAGE", stage)
            self.write("PHASE", 0)

    def fill(self, memories: list[Matrix], first: int = 0) -> None:
        """Write weight memories from number ``first`` on."""
        for select, values in enumerate(memories, first):
            self.write("WEIGHT_SELECT", select)
            for value in values.flat:
                self.write("WEIGHT_DATA", int(value))

    def dump(self, select: int, shape: tuple[int, ...], bits: int) -> Matrix:
        """Read one weight memory back."""
        half = 1 << (bits - 1)
        self.write("WEIGHT_SELECT", select)
        words = [self.read("WEIGHT_DATA") for _ in range(int(np.prod(shape)))]
        stored = np.array(words, np.int64).reshape(shape) & (2 * half - 1)
        return np.where(stored >= half, stored - 2 * half, stored)

    def weights(self) -> tuple[list[Matrix], list[Matrix]]:
        """Read all weights and biases back."""
        bits, shapes = self._weight.bits, list(enumerate(self._shapes))
        weights = [self.dump(2 * n, (n_out, n_in), bits) for n, (n_in, n_out) in shapes]
        return weights, [self.dump(2 * n + 1, (n_out,), bits) for n, (_, n_out) in shapes]

    def velocities(self) -> list[Matrix]:
        """Read the velocities back, of weights and biases in turn; none without momentum."""
        first = 2 * len(self._shapes)
        shapes = [shape for n_in, n_out in self._shapes for shape in ((n_out, n_in), (n_out,))]
        return [
            self.dump(first + n, shape, self._step.bits)
            for n, shape in enumerate(shapes if self._step != self._weight else [])
        ]

    def record(self, lanes: int) -> Record:
        """What can be read behind an update."""
        lfsr = self.read_wide("LFSR") & (1 << 64) - 1
        jvp = tuple(self.read_wide(f"JVP_{k}") for k in range(lanes))
        return Record(self.read_wide("LOSS"), jvp, lfsr, self.read("FLAGS"))

    def run(
        self, rows: Sequence[Ints], n_results: int, stall: int, limit: int
    ) -> NDArray[np.int32]:
        """Feed rows [n, width] to every input stream; the outputs, when all is over.

        Raises Unfinished if that takes more than ``limit`` clocks.
        """
        data = [np.ascontiguousarray(one, np.int32) for one in rows]
        counts = np.array([len(one) for one in data], np.int64)
        pointers = (ctypes.c_void_p * len(data))(*(one.ctypes.data for one in data))
        results = np.zeros(n_results, np.int32)
        self.entered = np.zeros(len(data[0]), np.uint64)
        self.began = self.cycle
        cycles = self._library.sim_run(
            self._sim,
            pointers,
            counts.ctypes.data,
            results.ctypes.data,
            n_results,
            stall,
            limit,
            self.entered.ctypes.data,
        )
        if cycles < 0:
            raise Unfinished(len(data[0]), int(np.count_nonzero(self.entered)), limit)
        self.samples += len(data[0])
        self.cycles += cycles
        return results

    def log(self) -> NDArray[np.uint32]:
        """What the probes saw since the last call (debug builds)."""
        data = ctypes.POINTER(ctypes.c_uint32)()
        count = self._library.sim_log(self._sim, ctypes.byref(data))
        words = np.ctypeslib.as_array(data, (count,)).copy() if count else np.zeros(0, np.uint32)
        self._library.sim_forget(self._sim)
        return words


class Simulation(Verilated):
    """One Verilated core of a perceptron.

    ``skipped`` is what the registers SKIPPED have grown by in the last run.
    """

    def __init__(self, description: Description, library: Path) -> None:
        self.d = d = description
        super().__init__(library, register_map(d), d.shapes, d.formats.weight, d.step_format)
        g = geometry(d)
        edges = learning_clocks(d) if d.learns else 0
        self._clocks = max(g.interval, math.ceil(edges))
        self._skipping = [f"SKIPPED_{layer.index}" for layer in g.layers if layer.skips]
        self._skips_before = (0,) * len(self._skipping)
        self.skipped = self._skips_before

    @classmethod
    def of(cls, description: Description, *, quick: bool = False) -> Self:
        """Build, or find, the plain core of a description and open it; ``quick`` as in `build`."""
        return cls(description, build(core_source(description)[0], quick=quick))

    def load_chip(self, chip: Chip, stage: int = 0) -> None:
        """Write all that a chip holds: also velocities and the coder, where there are any."""
        self.load(chip.weights, chip.biases, chip.drawer.state, stage)
        if "CODER_0" in self._address:
            self.write("CODER_0", chip.coder.state)
            self.write("CODER_1", chip.coder.state >> 32)
        self.fill(chip.velocities, 2 * self.d.n_layers)

    def learn(self, x: Ints, target: Ints, stage: int = 0, *, stall: int = 0) -> Record:
        """Updates on one batch or several in a row, as `golden.chip.Chip.update`.

        ``stage`` is that of all of them, unless the chip counts its stages itself. Every batch is
        given as often as the chip has passes.
        """
        if self.d.learning.schedule == "host":
            for layer, shift in enumerate(self.d.step_shift):
                self.write(f"SHIFT_{layer}", shift + stage)
        self.write("UPDATES", len(x) // self.d.learning.batch)
        self.write("CONTROL", Command.LEARN)
        batches = np.arange(len(x)).reshape(-1, self.d.learning.batch)
        rows = np.repeat(batches, self.d.passes, axis=0).ravel()
        self.run([x[rows], target[rows]], 0, stall, self._limit(rows, stall))
        self.samples += len(x) - len(rows)
        self._count_skips()
        return replace(self.record(self.d.lanes), skipped=self.skipped)

    def infer(self, x: Ints, *, stall: int = 0) -> NDArray[np.int64]:
        """Outputs [B, n_out] of stored inputs x [B, n_in]."""
        self.write("CONTROL", Command.INFER)
        n_out = self.d.network.layers[-1]
        targets = [np.zeros((0, n_out), np.int64)] if self.d.learns else []
        results = self.run([x, *targets], len(x) * n_out, stall, self._limit(x, stall))
        self.write("CONTROL", Command.STOP)
        self._count_skips()
        return results.reshape(len(x), n_out).astype(np.int64)

    def _count_skips(self) -> None:
        skips = tuple(self.read(name) for name in self._skipping)
        pairs = zip(skips, self._skips_before, strict=True)
        self.skipped = tuple(now - before & 0xFFFFFFFF for now, before in pairs)
        self._skips_before = skips

    def _limit(self, x: Ints, stall: int) -> int:
        patience = 4 * (_STALLED if stall else 1)
        return patience * (self._clocks * (len(x) + 8) + fill_bound(self.d) + 1000)


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, integer, wide = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int64
    signatures = {
        "sim_open": (pointer, []),
        "sim_close": (None, [pointer]),
        "sim_cycle": (ctypes.c_uint64, [pointer]),
        "sim_trace": (ctypes.c_int, [pointer, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64]),
        "sim_bus": (wide, [pointer, ctypes.c_int, integer, integer, wide]),
        "sim_run": (
            wide,
            [pointer, pointer, pointer, pointer, wide, integer, wide, pointer],
        ),
        "sim_log": (wide, [pointer, pointer]),
        "sim_forget": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
