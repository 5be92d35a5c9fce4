"""What travels on the host link: frames, operations and answers (docs/host_link.md).

A frame is length, sequence number, code, payload and a CRC-16, all in SLIP (RFC 1055). A request
has an `Op` as its code, an answer the sequence number of its request and a `Status`.
"""

import struct
from binascii import crc_hqx
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from amaranth.lib.crc import Algorithm, catalog

from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash

VERSION = 1
MAGIC = b"DSHL"
CRC: Algorithm = catalog.CRC16_IBM_3740
END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
HEADER = 3
PAYLOAD = 120
"""Bytes that the payload of a frame may have."""
WINDOW = 16
"""Requests that may be on their way: as many answers are kept to be given again."""
SLOT = 128
WORD = 4


class Op(IntEnum):
    """What a request asks for."""

    RESET = 0
    IDENTIFY = 1
    WRITE = 2
    READ = 3
    WAIT = 4
    LEARN = 5
    INFER = 6


class Status(IntEnum):
    """What became of a request."""

    DONE = 0
    UNKNOWN = 1
    LENGTH = 2
    ADDRESS = 3
    STALLED = 4
    ORDER = 5


def frame(sequence: int, code: int, payload: bytes) -> bytes:
    """A frame as it goes on the line, with END on both sides."""
    body = bytes((len(payload), sequence, code)) + payload
    body += crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    body = body.replace(bytes((ESC,)), bytes((ESC, ESC_ESC)))
    body = body.replace(bytes((END,)), bytes((ESC, ESC_END)))
    return bytes((END, *body, END))


def parse(between: bytes) -> tuple[int, int, bytes] | None:
    """Sequence number, code and payload of what stood between two ENDs; None unless it is whole."""
    parts = between.split(bytes((ESC,)))
    meant = {ESC_END: END, ESC_ESC: ESC}
    if any(not part or part[0] not in meant for part in parts[1:]):
        return None
    body = parts[0] + b"".join(bytes((meant[part[0]],)) + part[1:] for part in parts[1:])
    if len(body) < HEADER + 2 or len(body) != body[0] + HEADER + 2 or crc_hqx(body, 0xFFFF):
        return None
    return body[1], body[2], body[HEADER:-2]


_FIXED = struct.Struct("<4sBBBII32sB")


@dataclass(frozen=True)
class Identity:
    """What a board says of itself; ``config`` is the configuration hash in hex.

    ``layers`` are the widths of every part, with a 0 before those of the next one.
    """

    version: int
    window: int
    payload: int
    clock_hz: int
    baud: int
    config: str
    layers: tuple[int, ...]
    name: str

    @classmethod
    def of(cls, d: Description, clock_hz: int, baud: int) -> Self:
        """The identity of a board with the core of a description."""
        layers = tuple(n for network in d.networks for n in (0, *network.layers))[1:]
        return cls(VERSION, WINDOW, PAYLOAD, clock_hz, baud, config_hash(d), layers, d.name)

    @property
    def shape(self) -> str:
        """The widths of every part, as people read them."""
        return "-".join(map(str, self.layers)).replace("-0-", ", ")

    def pack(self) -> bytes:
        """The block that IDENTIFY reads, after its own length in two bytes."""
        numbers = (self.version, self.window, self.payload, self.clock_hz, self.baud)
        fixed = _FIXED.pack(MAGIC, *numbers, bytes.fromhex(self.config), len(self.layers))
        block = fixed + struct.pack(f"<{len(self.layers)}H", *self.layers) + self.name.encode()
        return len(block).to_bytes(2, "little") + block

    @classmethod
    def unpack(cls, block: bytes) -> Self:
        """The identity in a block without its length; BadInput where it is none of this link."""
        if len(block) < _FIXED.size or block[:4] != MAGIC:
            raise BadInput("the port must lead to a dualspike board; its identity is no such block")
        _, version, window, payload, clock_hz, baud, config, count = _FIXED.unpack_from(block)
        if version != VERSION:
            raise BadInput(f"the board must speak link version {VERSION}, not {version}")
        layers = struct.unpack_from(f"<{count}H", block, _FIXED.size)
        name = block[_FIXED.size + 2 * count :].decode("ascii", "replace")
        return cls(version, window, payload, clock_hz, baud, config.hex(), layers, name)
