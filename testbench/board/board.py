"""A Verilated board in this process, reached by the bytes on its serial line."""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Self

from dualspike.boards.gateware.link.uart import bits_per_clock
from dualspike.boards.gateware.system import System
from dualspike.hw.emit.generate import to_verilog
from dualspike.model.description.description import Description
from dualspike.testbench.cosim.verilate import Source, build, silent

CLOCK_HZ = 12_000_000
BAUD = 3_000_000
_TOP = "board"
_READ = 4096


class BoardSimulation:
    """The `System` of a description, clocked only as far as it is asked to run.

    The queue to the board has no end. ``clock_hz`` and ``baud`` are those of the board; only
    their ratio matters here. ``quick`` and ``building``: see `testbench.cosim.verilate.build`.
    """

    def __init__(
        self,
        description: Description,
        clock_hz: int = CLOCK_HZ,
        baud: int = BAUD,
        *,
        quick: bool = False,
        building: Callable[[], None] = silent,
    ) -> None:
        rate = bits_per_clock(clock_hz, baud)
        verilog = _verilog(description.model_dump_json(), clock_hz, baud)
        what = Source(verilog, _TOP, (), "", harness="board.cpp")
        path = build(what, quick=quick, building=building)
        self._library = _declare(ctypes.CDLL(str(path)))
        self._board = self._library.board_open(rate.numerator, rate.denominator)
        self._buffer = ctypes.create_string_buffer(_READ)
        self.clock_hz, self.baud = clock_hz, baud

    def close(self) -> None:
        """End the simulation."""
        if self._board is not None:
            self._library.board_close(self._board)
            self._board = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Queue bytes for the board."""
        self._library.board_send(self._board, data, len(data))

    def hold_low(self, clocks: int) -> None:
        """Pull the line to the board low for some clocks, whatever it carries."""
        self._library.board_break(self._board, clocks)

    def run(self, wanted: int, limit: int, *, rest: bool = False) -> bytes:
        """Run until ``wanted`` bytes have come, at most ``limit`` clocks; all bytes that came.

        With ``rest`` it ends as soon as nothing is left to do.
        """
        self._library.board_run(self._board, wanted, limit, rest)
        came = b""
        while count := self._library.board_read(self._board, self._buffer, _READ):
            came += self._buffer.raw[:count]
        return came

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self._library.board_idle(self._board))

    @property
    def queued(self) -> int:
        """Bytes that are not yet on the line."""
        return int(self._library.board_queued(self._board))

    @property
    def cycle(self) -> int:
        """Clocks so far."""
        return int(self._library.board_cycle(self._board))

    @property
    def busy(self) -> int:
        """Clocks in which the line to the board carried a byte."""
        return int(self._library.board_busy(self._board))

    @property
    def lights(self) -> dict[str, bool]:
        """The board's lights by name."""
        bits = self._library.board_lights(self._board)
        names = ("heartbeat", "training", "error", "overflow")
        return {name: bool(bits >> n & 1) for n, name in enumerate(names)}


@cache
def _verilog(description: str, clock_hz: int, baud: int) -> str:
    """The Verilog of a board, which is written once in a process."""
    system = System(Description.model_validate_json(description), clock_hz, baud)
    return to_verilog(system, _TOP)


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, wide, integer = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int64
    signatures = {
        "board_open": (pointer, [wide, wide]),
        "board_close": (None, [pointer]),
        "board_send": (None, [pointer, ctypes.c_char_p, integer]),
        "board_break": (None, [pointer, wide]),
        "board_run": (integer, [pointer, integer, wide, ctypes.c_int]),
        "board_read": (integer, [pointer, ctypes.c_char_p, integer]),
        "board_idle": (ctypes.c_int, [pointer]),
        "board_queued": (wide, [pointer]),
        "board_cycle": (wide, [pointer]),
        "board_busy": (wide, [pointer]),
        "board_lights": (ctypes.c_uint, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
