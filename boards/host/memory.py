"""A core whose registers lie in memory: `/dev/mem`, UIO, or whatever else has words of 32 bits.

Registers are words, the first of them MAGIC. What moves the streams, a DMA engine in most systems,
is given by who knows it, and takes and gives the same bytes as the C driver's arrays have.
"""

import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from dualspike.boards.host.driver import Access, Answers, Driver, Ints, Read, Stream, Write
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput, NoAnswer
from dualspike.model.interface.feeds import Feed, feeds_of, place_bits
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.register import BITS, Command
from dualspike.model.interface.registers import MAGIC, register_map

WORD = BITS // 8
ADDRESSES = 1 << 63  # files end there
POLLS = 10_000_000
"""How often STATUS is read before a batch is given up."""


class Words(Protocol):
    """Registers by their number."""

    def __getitem__(self, number: int, /) -> int: ...

    def __setitem__(self, number: int, word: int, /) -> None: ...


class Mover(Protocol):
    """What moves the streams, in whatever order or at once.

    It gives each stream that has a name in ``given`` its bytes, takes ``wanted`` bytes of results
    and returns them.
    """

    def __call__(self, given: Mapping[str, bytes], wanted: int) -> bytes: ...


class MemoryCore(Driver):
    """The core of the description ``d`` in memory. BadInput where another core is there.

    ``move`` moves the streams; STATUS is read ``polls`` times at most for the end of a batch.
    """

    def __init__(self, d: Description, words: Words, move: Mover, polls: int = POLLS) -> None:
        super().__init__(d)
        self._words, self._move, self._polls = words, move, polls
        self._feeds, self._results = feeds_of(d), d.formats.membrane
        for name, wanted in (("MAGIC", MAGIC), ("CONFIG", config_word(d))):
            if (found := self.read(name)) != wanted:
                raise BadInput(f"{name} must be {wanted:#x}, as of {d.name}, not {found:#x}")

    def carry_out(self, accesses: Sequence[Access]) -> Answers:
        """Word by word; NoAnswer where a batch does not end, or results are missing."""
        return [self._do(one) for one in accesses]

    def _do(self, one: Access) -> Sequence[int]:
        if isinstance(one, Read):
            return [int(self._words[one.address + n * one.step]) for n in range(one.count)]
        if isinstance(one, Stream):
            return self._stream(one)
        for n, word in enumerate(one.words):
            self._words[one.address + n * one.step] = int(word) & 0xFFFFFFFF
        return []

    def _stream(self, one: Stream) -> Sequence[int]:
        self._do(Write(self.protocol.address["CONTROL"], [one.command]))
        pairs = zip(self._feeds, one.rows, strict=False)
        given = {feed.name: row_bytes(feed, rows) for feed, rows in pairs}
        kind = number_type(self._results)
        wanted = one.results * kind.itemsize
        if len(results := self._move(given, wanted)) != wanted:
            raise NoAnswer(f"{wanted} bytes of results were asked for, {len(results)} came")
        if one.command == Command.LEARN and all(self.read("STATUS") for _ in range(self._polls)):
            raise NoAnswer(f"the core is busy, though STATUS was read {self._polls:,} times")
        return np.frombuffer(results, kind).tolist()


def number_type(form: Format) -> np.dtype[np.signedinteger]:
    """Of a stream's numbers in memory, least significant byte first."""
    return np.dtype(f"<i{place_bits(form.bits) // 8}")


def row_bytes(feed: Feed, rows: Ints) -> bytes:
    """Rows [n, width] as a stream takes them: every row fills its last chunk up with zeros."""
    rows = rows.reshape(-1, feed.width)
    spare = feed.chunks * feed.simd - feed.width
    return np.pad(rows, ((0, 0), (0, spare))).astype(number_type(feed.format)).tobytes()


@contextmanager
def mapped(d: Description, base: int, path: Path = Path("/dev/mem")) -> Iterator[Words]:
    """The words of a core with these registers, at byte ``base`` of a file of memory.

    BadInput where the file may not be opened or has no such place.
    """
    if not 0 <= base < ADDRESSES or base % WORD:
        raise BadInput(f"base must be a multiple of {WORD} in [0, 2**63), not {base:#x}")
    spare, size = base % mmap.ALLOCATIONGRANULARITY, WORD * len(register_map(d))
    try:
        file = os.open(path, os.O_RDWR | os.O_SYNC)
        try:
            area = mmap.mmap(file, spare + size, offset=base - spare)
        finally:
            os.close(file)  # the area has a descriptor of its own
    except (OSError, ValueError) as error:  # ValueError: the end of the file comes earlier
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"cannot map {size} bytes at {base:#x} of {path}: {reason}") from error
    with area, memoryview(area) as view, view[spare:] as part, part.cast("I") as words:
        yield words
