"""A line that loses, doubles and flips bytes on their way, in both directions."""

import random

from dualspike.boards.host.host import Line


class FaultyLine:
    """Passes bytes on to ``line``; of each ``one_in`` on the average one comes to harm.

    ``faults`` counts what was done: bytes dropped, doubled, and given another value.
    """

    def __init__(self, line: Line, one_in: int, seed: int) -> None:
        self._line, self._one_in, self._random = line, one_in, random.Random(seed)
        self.name = line.name
        self.faults = {"dropped": 0, "doubled": 0, "flipped": 0}

    def send(self, data: bytes) -> None:
        """Write bytes."""
        self._line.send(self._harmed(data))

    def receive(self, seconds: float) -> bytes:
        """The bytes that have come, or none after ``seconds``; none as well if all were lost."""
        return self._harmed(self._line.receive(seconds))

    def now(self) -> float:
        """Time in seconds."""
        return self._line.now()

    def close(self) -> None:
        """Give the line back."""
        self._line.close()

    def _harmed(self, data: bytes) -> bytes:
        harmed = bytearray()
        for byte in data:
            if self._random.randrange(self._one_in):
                harmed.append(byte)
                continue
            kind = self._random.choice(list(self.faults))
            self.faults[kind] += 1
            if kind == "doubled":
                harmed += bytes((byte, byte))
            elif kind == "flipped":
                harmed.append(byte ^ self._random.randrange(1, 256))
        return bytes(harmed)
