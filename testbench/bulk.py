"""A Verilated core in this process, driven a whole batch at a time."""

import ctypes
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.chip import Record
from dualspike.golden.integer import Matrix
from dualspike.golden.rounding import Ints
from dualspike.hw.core import Probe, probes_of
from dualspike.hw.product import core_verilog
from dualspike.model.description import Description
from dualspike.model.geometry import geometry
from dualspike.model.registers import MAGIC, Command, register_map
from dualspike.testbench.verilate import Source, build

_LIMIT_FACTOR = 64


def core_source(description: Description, *, debug: bool = False) -> tuple[Source, list[Probe]]:
    """What to build for a description; ``debug`` adds probes and waveforms."""
    probes = probes_of(description) if debug else []
    f, g = description.formats, geometry(description)
    defines = {
        "N_IN": g.layers[0].n_in,
        "SIMD": g.layers[0].simd,
        "N_OUT": g.layers[-1].n_out,
        "INPUT_BITS": f.input.bits,
        "TARGET_BITS": f.target.bits,
        "RESULT_BITS": f.membrane.bits,
    }
    lines = [
        f"if (top.{probe.name}_moved) log_port(log, {n}, cycle, top.{probe.name}_payload);"
        for n, probe in enumerate(probes)
    ]
    header = (
        "static inline void log_probes([[maybe_unused]] TOP_CLASS& top,"
        " [[maybe_unused]] Log& log, [[maybe_unused]] uint64_t cycle) {\n"
        + "\n".join(lines)
        + "\n}\n"
    )
    name = description.name
    verilog = core_verilog(description, probes=debug)
    return Source(verilog, name, tuple(defines.items()), header, debug), probes


class Simulation:
    """One Verilated core. ``samples`` and ``cycles`` count what `learn` and `infer` took.

    ``began`` is the clock at which the last of them gave its first sample, ``entered`` the clocks
    at which each sample had gone in.
    """

    def __init__(self, description: Description, library: Path) -> None:
        self.d = description
        self._library = _declare(ctypes.CDLL(str(library)))
        self._sim = self._library.sim_open()
        g = geometry(description)
        self._address = {r.name: r.address for r in register_map(description)}
        self._interval = g.interval
        self.samples = self.cycles = self.began = 0
        if self.read("MAGIC") != MAGIC:
            raise RuntimeError("the simulated core does not answer with the right MAGIC")

    @classmethod
    def of(cls, description: Description) -> Self:
        """Build, or find, the plain core of a description and open it."""
        return cls(description, build(core_source(description)[0]))

    def close(self) -> None:
        """End the simulation; an open waveform is completed."""
        if self._sim is not None:
            self._library.sim_close(self._sim)
            self._sim = None

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
        return int(self._library.sim_bus(self._sim, 0, self._address[name], 0))

    def write(self, name: str, value: int) -> None:
        """Set a register from the low 32 bits of ``value``."""
        self._library.sim_bus(self._sim, 1, self._address[name], value & 0xFFFFFFFF)

    def read_wide(self, name: str) -> int:
        """A signed 64-bit value from a pair of registers."""
        value = self.read(f"{name}_0") | self.read(f"{name}_1") << 32
        return value - (1 << 64) if value >> 63 else value

    def load(self, weights: list[Matrix], biases: list[Matrix], lfsr: int) -> None:
        """Write all weights and biases and the drawer's state."""
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            for select, values in ((2 * layer, w), (2 * layer + 1, b)):
                self.write("WEIGHT_SELECT", select)
                for value in values.flat:
                    self.write("WEIGHT_DATA", int(value))
        self.write("LFSR_0", lfsr)
        self.write("LFSR_1", lfsr >> 32)

    def weights(self) -> tuple[list[Matrix], list[Matrix]]:
        """Read all weights and biases back."""
        half = 1 << (self.d.formats.weight.bits - 1)
        result: tuple[list[Matrix], list[Matrix]] = ([], [])
        for layer, (n_in, n_out) in enumerate(self.d.shapes):
            for select, shape in ((0, (n_out, n_in)), (1, (n_out,))):
                self.write("WEIGHT_SELECT", 2 * layer + select)
                words = [self.read("WEIGHT_DATA") for _ in range(int(np.prod(shape)))]
                stored = np.array(words, np.int64).reshape(shape) & (2 * half - 1)
                result[select].append(np.where(stored >= half, stored - 2 * half, stored))
        return result

    def learn(self, x: Ints, target: Ints, stage: int = 0, *, stall: int = 0) -> Record:
        """One update on one batch, as `golden.chip.Chip.update`."""
        for layer, shift in enumerate(self.d.step_shift):
            self.write(f"SHIFT_{layer}", shift + stage)
        self.write("UPDATES", 1)
        self.write("CONTROL", Command.LEARN)
        self._run(x, target, 0, stall)
        lfsr = self.read_wide("LFSR") & (1 << 64) - 1
        jvp = tuple(self.read_wide(f"JVP_{k}") for k in range(self.d.lanes))
        return Record(self.read_wide("LOSS"), jvp, lfsr, self.read("FLAGS"))

    def infer(self, x: Ints, *, stall: int = 0) -> NDArray[np.int64]:
        """Outputs [B, n_out] of stored inputs x [B, n_in]."""
        self.write("CONTROL", Command.INFER)
        n_out = self.d.network.layers[-1]
        results = self._run(x, None, len(x) * n_out, stall)
        self.write("CONTROL", Command.STOP)
        return results.reshape(len(x), n_out).astype(np.int64)

    def _run(self, x: Ints, target: Ints | None, n_results: int, stall: int) -> NDArray[np.int32]:
        inputs = np.ascontiguousarray(x, np.int32)
        targets = None if target is None else np.ascontiguousarray(target, np.int32)
        results = np.zeros(n_results, np.int32)
        self.entered = np.zeros(len(inputs), np.uint64)
        self.began = self.cycle
        limit = _LIMIT_FACTOR * (self._interval * (len(inputs) + 8) + 100_000)
        cycles = self._library.sim_run(
            self._sim,
            inputs.ctypes.data,
            None if targets is None else targets.ctypes.data,
            len(inputs),
            results.ctypes.data,
            n_results,
            stall,
            limit,
            self.entered.ctypes.data,
        )
        if cycles < 0:
            raise RuntimeError(f"the core did not finish {len(inputs)} samples in {limit} clocks")
        self.samples += len(inputs)
        self.cycles += cycles
        return results

    def log(self) -> NDArray[np.uint32]:
        """What the probes saw since the last call (debug builds)."""
        data = ctypes.POINTER(ctypes.c_uint32)()
        count = self._library.sim_log(self._sim, ctypes.byref(data))
        words = np.ctypeslib.as_array(data, (count,)).copy() if count else np.zeros(0, np.uint32)
        self._library.sim_forget(self._sim)
        return words


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, integer, wide = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int64
    signatures = {
        "sim_open": (pointer, []),
        "sim_close": (None, [pointer]),
        "sim_cycle": (ctypes.c_uint64, [pointer]),
        "sim_trace": (ctypes.c_int, [pointer, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64]),
        "sim_bus": (integer, [pointer, ctypes.c_int, integer, integer]),
        "sim_run": (
            wide,
            [pointer, pointer, pointer, wide, pointer, wide, integer, wide, pointer],
        ),
        "sim_log": (wide, [pointer, pointer]),
        "sim_forget": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
