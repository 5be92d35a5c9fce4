"""A simulated board behind a pseudo-terminal: for the host a serial port like any other."""

import os
import select
import threading
import tty
from collections.abc import Callable
from typing import Self

from dualspike.model.description.description import Description
from dualspike.testbench.board.board import BAUD, CLOCK_HZ, BoardSimulation
from dualspike.testbench.cosim.verilate import silent

_CLOCKS = 2000
_ROOM = 1 << 16
_REST = 0.05


class VirtualBoard:
    """The `System` of a description in Verilator. ``port`` is the path at which it is reached.

    As on a real line nothing waits for a host that does not listen: what it leaves unread is lost.
    As a context manager it serves in a thread of its own until the end of the block.
    """

    def __init__(
        self,
        description: Description,
        clock_hz: int = CLOCK_HZ,
        baud: int = BAUD,
        building: Callable[[], None] = silent,
    ) -> None:
        self._simulation = BoardSimulation(description, clock_hz, baud, building=building)
        self._end, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._end, False)
        self.port = os.ttyname(slave)
        self._slave = slave  # held open: a host may come and go
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def unplug(self) -> None:
        """Stop serving and take the port away."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        for end in (self._end, self._slave):
            if end >= 0:
                os.close(end)
        self._end = self._slave = -1
        self._simulation.close()

    def serve(self) -> None:
        """Carry bytes to the board and back until `unplug`; sleep while it has nothing to do."""
        simulation, unsent = self._simulation, b""
        while not self._stopped.is_set():
            rests = simulation.idle and not unsent
            if select.select([self._end], [], [], _REST if rests else 0)[0]:
                simulation.send(os.read(self._end, _ROOM))
            unsent = (unsent + simulation.run(_ROOM, _CLOCKS, rest=True))[:_ROOM]
            if unsent:
                try:
                    unsent = unsent[os.write(self._end, unsent) :]
                except BlockingIOError:
                    self._stopped.wait(_REST)
