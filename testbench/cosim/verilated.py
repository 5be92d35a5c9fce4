"""A Verilated chip in this process: its clock, its registers, its streams."""

import ctypes
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.boards.host.driver import Access, Answers, Driver, Read, Stream
from dualspike.golden.numeric import Ints
from dualspike.model.description.description import Description
from dualspike.model.errors import NoAnswer
from dualspike.model.interface.registers import MAGIC
from dualspike.testbench.coverage.recording import DESIGN, keep, recording

_BUS_LIMIT = 100_000
"""Clocks in which a register answers; it takes a few, whatever the core does."""


class Unfinished(NoAnswer):
    """A run that came to no end: so many rows of the first stream were given, so many taken."""

    def __init__(self, rows: int, taken: int, limit: int) -> None:
        super().__init__(f"the core did not finish {rows} samples in {limit} clocks")
        self.rows, self.taken = rows, taken


class Verilated(Driver):
    """One Verilated chip: its clock, its registers, its weights, its streams.

    ``feeds`` is the number of input streams. ``samples`` and ``cycles`` count what runs took: rows
    of the first stream, clocks. ``began`` is the clock at which the last run gave its first row,
    ``entered`` the clocks at which each row of the first stream had gone in. ``stall`` per 256
    cycles each stream pauses.
    """

    def __init__(self, description: Description, library: Path, feeds: int) -> None:
        super().__init__(description)
        self._path, self._library = library, _declare(ctypes.CDLL(str(library)))
        self._sim, self._feeds = self._library.sim_open(), feeds
        self.samples = self.cycles = self.began = self.stall = 0
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

    def reset(self) -> None:
        """Reset the core in whatever it does; memories keep what they hold."""
        self._library.sim_reset(self._sim)

    def trace(self, path: Path, first: int, last: int) -> None:
        """Record the clocks [first, last) as a waveform; needs a debug build of its kind."""
        if not self._library.sim_trace(self._sim, str(path).encode(), first, last):
            raise RuntimeError("this build cannot record waveforms")

    def carry_out(self, accesses: Sequence[Access]) -> Answers:
        """Registers word by word, streams in one run."""
        answers: list[Sequence[int]] = []
        for one in accesses:
            if isinstance(one, Stream):
                self._transfer(self.protocol.address["CONTROL"], one.command)
                answers.append(self._run(one.rows, one.results))
            elif isinstance(one, Read):
                places = range(one.count)
                answers.append([self._transfer(one.address + n * one.step) for n in places])
            else:
                for n, word in enumerate(one.words):
                    self._transfer(one.address + n * one.step, word)
                answers.append([])
        return answers

    def _transfer(self, address: int, write: int | None = None) -> int:
        """One transfer on the bus; NoAnswer names the register."""
        data = (write or 0) & 0xFFFFFFFF
        writes = write is not None
        answer = int(self._library.sim_bus(self._sim, writes, address, data, _BUS_LIMIT))
        if answer < 0:
            names = {place: name for name, place in self.protocol.address.items()}
            raise NoAnswer(
                f"register {names[address]} at {address:#x} did not answer in {_BUS_LIMIT:,} clocks"
            )
        return answer

    @abstractmethod
    def limit(self, rows: Sequence[Ints]) -> int:
        """Clocks after which a run on rows of every part is given up."""

    def _run(self, rows: Sequence[Ints], n_results: int) -> list[int]:
        """Feed rows [n, width] to input streams; the outputs, when all is over.

        Raises Unfinished if that takes more than `limit` clocks.
        """
        limit, unused = self.limit(rows), [np.zeros((0, 1))] * (self._feeds - len(rows))
        data = [np.ascontiguousarray(one, np.int32) for one in (*rows, *unused)]
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
            self.stall,
            limit,
            self.entered.ctypes.data,
        )
        if cycles < 0:
            raise Unfinished(len(data[0]), int(np.count_nonzero(self.entered)), limit)
        self.samples += len(data[0])
        self.cycles += cycles
        return results.tolist()

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
        "sim_reset": (None, [pointer]),
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
