"""Sources, sinks and a monitor for the streams of a component on a `TB`.

The handshake law: a payload moves in each cycle in which valid and ready are both 1, and what is
offered stays offered, unchanged, until it is taken.
"""

import random
from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from dualspike.testbench.unit.payloads import Fields

LATE = 64
"""Cycles that a first payload waits."""


class Ports(Protocol):
    """What the parts need of a `TB`: ports by name, and the number of the present cycle."""

    now: int

    def set(self, **values: Fields) -> None:
        """Drive input ports."""
        ...

    def get(self, name: str) -> Any:
        """The fields of a port."""
        ...

    def bits(self, name: str) -> int:
        """The bits of a port."""
        ...


class StreamEnd(Protocol):
    """Acts twice in every cycle: drives after the clock edge, looks when all has settled."""

    def drive(self) -> None:
        """Set input ports for this cycle."""
        ...

    def sample(self) -> None:
        """Look at what this cycle came to."""
        ...


class StreamSource:
    """Offers ``queue`` on an input stream. ``moved`` holds the cycle of every payload taken.

    Before each payload it pauses with probability ``stall``, cycle for cycle.
    """

    def __init__(self, ports: Ports, name: str, stall: float = 0.0, seed: int = 1) -> None:
        self.queue: deque[Fields] = deque()
        self.moved: list[int] = []
        self._ports, self._name, self._stall = ports, name, stall
        self._random = random.Random(f"{name} {seed}")
        self._offered = False

    def send(self, payloads: Iterable[Fields]) -> None:
        """Add to the queue."""
        self.queue.extend(payloads)

    def drive(self) -> None:
        """Offer the next payload, or leave the offer standing."""
        if self._offered:
            return
        self._offered = bool(self.queue) and self._random.random() >= self._stall
        if self._offered:
            self._ports.set(**{f"{self._name}_payload": self.queue[0]})
        self._ports.set(**{f"{self._name}_valid": self._offered})

    def sample(self) -> None:
        """See whether the offer is being taken."""
        if self._offered and self._ports.bits(f"{self._name}_ready"):
            self.queue.popleft()
            self.moved.append(self._ports.now)
            self._offered = False


class StreamSink:
    """Takes what an output stream offers: ``taken``, and ``moved``, the cycle of each payload.

    It is not ready with probability ``stall`` in every cycle, offered or not; ``open`` shuts it.
    With any ``stall`` the first payload waits for `LATE` cycles, so that all fills up behind it.
    """

    def __init__(self, ports: Ports, name: str, stall: float = 0.0, seed: int = 1) -> None:
        self.taken: list[Any] = []
        self.moved: list[int] = []
        self.open = True
        self._ports, self._name, self._stall = ports, name, stall
        self._random = random.Random(f"{name} {seed}")
        self._ready = False
        self._late = LATE if stall else 0

    def drive(self) -> None:
        """Be ready or not."""
        self._ready = self.open and not self._late and self._random.random() >= self._stall
        self._ports.set(**{f"{self._name}_ready": self._ready})

    def sample(self) -> None:
        """Take what is offered."""
        valid = self._ports.bits(f"{self._name}_valid")
        self._late -= bool(self._late and valid)
        if self._ready and valid:
            self.taken.append(self._ports.get(f"{self._name}_payload"))
            self.moved.append(self._ports.now)


class HandshakeViolation(AssertionError):
    """A stream broke the handshake law."""


class HandshakeChecker:
    """Watches one stream, whoever drives it; raises `HandshakeViolation` where it is wrong."""

    def __init__(self, ports: Ports, name: str) -> None:
        self._ports, self._name = ports, name
        self._standing: int | None = None

    def drive(self) -> None:
        """Nothing: a monitor only looks."""

    def sample(self) -> None:
        """Compare this cycle's offer with one that was not taken."""
        ports, name, standing = self._ports, self._name, self._standing
        valid, ready = ports.bits(f"{name}_valid"), ports.bits(f"{name}_ready")
        payload = None
        if valid and (standing is not None or not ready):
            payload = ports.bits(f"{name}_payload")
        if standing is not None and payload != standing:
            now = "nothing" if payload is None else f"{payload:#x}"
            raise HandshakeViolation(
                f"cycle {ports.now}: {name} offered {standing:#x}, which was not taken,"
                f" and now offers {now}"
            )
        self._standing = None if ready else payload


class Pulses:
    """Notes every cycle in which a port is not 0: ``seen`` holds (cycle, value)."""

    def __init__(self, ports: Ports, name: str) -> None:
        self.seen: list[tuple[int, int]] = []
        self._ports, self._name = ports, name

    def drive(self) -> None:
        """Nothing: this only looks."""

    def sample(self) -> None:
        """Note a value other than 0."""
        value = self._ports.bits(self._name)
        if value:
            self.seen.append((self._ports.now, value))
