"""The host's half of the link: requests in a window, each answered once, whatever gets lost.

`docs/host_link.md` has the protocol. The host sends up to WINDOW requests ahead of the answers.
An answer that is missing between others is asked for again; a request that went missing is sent
again with all after it, as the board takes requests only in their order.
"""

import secrets
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from dualspike.boards.gateware.link.protocol import (
    END,
    PAYLOAD,
    WINDOW,
    Identity,
    Op,
    Status,
    frame,
    parse,
)
from dualspike.boards.host.port import LinkLost
from dualspike.model.errors import BadInput

SILENCE = 60.0
"""Seconds without any answer after which the board is given up."""
_LONGEST = SILENCE / 8
_TRIES = 6
_TIMEOUT = 0.3

Request = tuple[Op, bytes]
_Answer = tuple[int, int, bytes]

_REFUSED = {
    Status.UNKNOWN: "does not know what it was asked",
    Status.LENGTH: "was asked with a wrong number of bytes",
    Status.ADDRESS: "has no such register",
    Status.STALLED: "waited for its core in vain: samples were missing or too many",
}


class Line(Protocol):
    """What carries bytes to a board and back: `boards.host.port.SerialPort`, or a simulation."""

    name: str

    def send(self, data: bytes) -> None:
        """Write bytes."""
        ...

    def receive(self, seconds: float) -> bytes:
        """The bytes that have come, at least one, or none after ``seconds``."""
        ...

    def now(self) -> float:
        """Time in seconds."""
        ...

    def close(self) -> None:
        """Give the line back."""
        ...


class Host:
    """Requests to the board on a line and their answers.

    ``timeout`` is how long an answer may take at first, in seconds; slower boards are learnt from.
    ``resent`` counts requests that were sent again. Raises `LinkLost` when nothing answers.
    """

    def __init__(self, line: Line, timeout: float = _TIMEOUT) -> None:
        self._line, self._timeout = line, timeout
        self._slowest = 0.0
        self._next = secrets.randbelow(256)
        self._raw = bytearray()
        self._answers: deque[_Answer] = deque()
        self.resent = 0

    def close(self) -> None:
        """Give the line back."""
        self._line.close()

    def reset(self) -> None:
        """Begin anew: the board forgets all requests, and its core is reset.

        BadInput if nothing answers: there is no such board, or the baud rate is wrong.
        """
        number, word = self._number(), secrets.token_bytes(4)
        for _ in range(_TRIES):
            self._line.send(frame(number, Op.RESET, word))
            end = self._line.now() + 2 * self._timeout
            while (answer := self._receive(2 * self._timeout)) is not None:
                if answer == (number, Status.DONE, word):
                    return
                if self._line.now() > end:
                    break
        raise BadInput(f"no board answers at {self._line.name}: is it on, and is --baud right?")

    def identity(self) -> Identity:
        """What the board says of itself."""
        length = int.from_bytes(self._identify(0, 2), "little")
        block = b""
        while len(block) < length:
            block += self._identify(2 + len(block), min(PAYLOAD, length - len(block)))
        return Identity.unpack(block)

    def _identify(self, first: int, count: int) -> bytes:
        place = first.to_bytes(2, "little")
        return self.ask([(Op.IDENTIFY, place + bytes((count,)))])[0]

    def ask(self, requests: Iterable[Request]) -> list[bytes]:
        """Have requests carried out in their order; the payloads of their answers."""
        answers: list[bytes] = []
        for number, status, payload in self._exchange(requests):
            if status != Status.DONE:
                what = _REFUSED.get(Status(status), f"answered with status {status}")
                raise BadInput(f"the board at {self._line.name} {what} (request {number})")
            answers.append(payload)
        return answers

    def _exchange(self, requests: Iterable[Request]) -> Iterable[_Answer]:
        waiting: deque[tuple[int, bytes]] = deque()
        early: dict[int, _Answer] = {}
        asked: set[int] = set()
        source = iter(requests)
        patience, silent, since = self._patience(), 0.0, self._line.now()
        while True:
            while len(waiting) < WINDOW and (request := next(source, None)) is not None:
                number = self._number()
                waiting.append((number, frame(number, *request)))
                self._line.send(waiting[-1][1])
            if not waiting:
                return
            answer = self._receive(patience)
            numbers = [number for number, _ in waiting]
            if answer is None:
                silent += patience
                if silent > SILENCE:
                    raise LinkLost(f"the board at {self._line.name} has fallen silent")
                patience = min(2 * patience, _LONGEST)
                asked.clear()
                self._again([sent for _, sent in waiting])
                continue
            number, status, _ = answer
            if number not in numbers:
                continue
            place = numbers.index(number)
            if status == Status.ORDER:
                if number not in asked:
                    asked.add(number)
                    self._again([sent for _, sent in list(waiting)[place:]])
                continue
            early[number] = answer
            if place and numbers[0] not in asked:
                asked.add(numbers[0])
                self._again([waiting[0][1]])
            while waiting and waiting[0][0] in early:
                asked.discard(waiting[0][0])
                yield early.pop(waiting.popleft()[0])
                self._slowest = max(self._slowest, self._line.now() - since)
                patience, silent, since = self._patience(), 0.0, self._line.now()

    def _patience(self) -> float:
        """Seconds to wait for the next answer before sending again."""
        return min(max(self._timeout, 3 * self._slowest), _LONGEST)

    def _again(self, frames: list[bytes]) -> None:
        self.resent += len(frames)
        for sent in frames:
            self._line.send(sent)

    def _number(self) -> int:
        self._next = (self._next + 1) % 256
        return self._next

    def _receive(self, seconds: float) -> _Answer | None:
        """The next whole frame; None if for so long nothing comes."""
        while not self._answers:
            came = self._line.receive(seconds)
            if not came:
                return None
            self._raw += came
            *between, self._raw = self._raw.split(bytes((END,)))
            self._answers += [whole for one in between if one and (whole := parse(bytes(one)))]
        return self._answers.popleft()
