"""The host's end of the serial line, through pyserial."""

import errno
import select
import time
from contextlib import suppress

import serial
from serial.tools.list_ports import comports

from dualspike.model.errors import BadInput


class LinkLost(Exception):
    """The line is gone, or the board on it has fallen silent."""


_REASONS = {
    errno.ENOENT: "there is no such port",
    errno.ENXIO: "nothing is connected to it",
    errno.ENODEV: "nothing is connected to it",
    errno.EACCES: "permission denied; its group, often dialout, may use it: see ls -l",
    errno.EPERM: "permission denied; its group, often dialout, may use it: see ls -l",
    errno.EBUSY: "another program has it open",
    errno.EAGAIN: "another program has it open",
    errno.EIO: "nothing is connected to it",
}


class SerialPort:
    """A port opened for this process alone.

    Raises BadInput where it cannot be opened, `LinkLost` where it goes away later.
    """

    def __init__(self, port: str, baud: int) -> None:
        self.name = port
        try:
            self._serial = serial.Serial(port, baud, timeout=0, exclusive=True)
        except serial.SerialException as error:
            raise BadInput(f"cannot open port {port}: {_reason(error)}") from error
        except (OSError, ValueError) as error:
            raise BadInput(f"cannot open port {port} at {baud} baud: {error}") from error
        # Some adapters answer sooner then; a pseudo-terminal and other systems have no such mode.
        with suppress(ValueError, NotImplementedError, AttributeError):
            self._serial.set_low_latency_mode(True)

    def send(self, data: bytes) -> None:
        """Write bytes."""
        try:
            self._serial.write(data)
        except OSError as error:
            raise LinkLost(f"{self.name} is gone") from error

    def receive(self, seconds: float) -> bytes:
        """The bytes that have come, at least one, or none after ``seconds``."""
        try:
            if not select.select([self._serial.fileno()], [], [], seconds)[0]:
                return b""
            return self._serial.read(4096)
        except OSError as error:
            raise LinkLost(f"{self.name} is gone") from error

    def now(self) -> float:
        """Time in seconds."""
        return time.monotonic()

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()


def _reason(error: serial.SerialException) -> str:
    number = error.errno
    if number is None:
        return "it is no serial port"
    reason = _REASONS.get(number, str(error))
    if number == errno.ENOENT:
        there = ", ".join(sorted(port.device for port in comports()))
        return f"{reason}; there is {there or 'none at all'}"
    return reason
