"""What can happen to a file: eleven kinds of damage, drawn from a seed."""

from collections.abc import Callable
from random import Random

EDGE = 96
"""Bytes at either end of a file in which headers and directories stand."""

MANY = 20_000
"""How often a byte is repeated at most: long numbers, deep brackets."""

DIGITS = b"0123456789"

Damage = Callable[[Random, bytes], bytes]


def damaged(rng: Random, content: bytes) -> tuple[str, bytes]:
    """The name of a damage and what it leaves of ``content``, which is never the same."""
    while True:
        damage = rng.choice(DAMAGES)
        left = damage(rng, content)
        if left != content:
            return damage.__name__, left


def flip_bits(rng: Random, content: bytes) -> bytes:
    left = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        left[_place(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(left)


def change_bytes(rng: Random, content: bytes) -> bytes:
    """Others of the kind that stand in the file, or any."""
    left = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        left[_place(rng, content)] = rng.choice((rng.choice(content), rng.randrange(256)))
    return bytes(left)


def change_digit(rng: Random, content: bytes) -> bytes:
    """In a text or in a header: another number of the same look."""
    places = [place for place, byte in enumerate(content) if byte in DIGITS]
    if not places:
        return content
    place = rng.choice(places)
    return content[:place] + bytes([rng.choice(DIGITS)]) + content[place + 1 :]


def cut(rng: Random, content: bytes) -> bytes:
    return content[: _place(rng, content)]


def fill(rng: Random, content: bytes) -> bytes:
    """A range of zeros, or of ones."""
    start, end = _block(rng, content)
    return content[:start] + rng.choice((b"\0", b"\xff")) * (end - start) + content[end:]


def remove(rng: Random, content: bytes) -> bytes:
    start, end = _block(rng, content)
    return content[:start] + content[end:]


def double(rng: Random, content: bytes) -> bytes:
    start, end = _block(rng, content)
    return content[:end] + content[start:]


def swap(rng: Random, content: bytes) -> bytes:
    """Two blocks that follow one another."""
    start, end = _block(rng, content)
    middle = rng.randint(start, end)
    return content[:start] + content[middle:end] + content[start:middle] + content[end:]


def insert(rng: Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.randbytes(_length(rng, 4096)) + content[at:]


def append(rng: Random, content: bytes) -> bytes:
    return content + rng.choice((b"\0", b"\n", rng.randbytes(1))) * _length(rng, 4096)


def repeat(rng: Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + content[at : at + 1] * _length(rng, MANY) + content[at:]


DAMAGES: tuple[Damage, ...] = (
    *(flip_bits, change_bytes, change_digit, cut, fill, remove),
    *(double, swap, insert, append, repeat),
)


def _place(rng: Random, content: bytes) -> int:
    """Anywhere, the first and the last bytes as often as all others together."""
    size = len(content)
    where = rng.choice(("begin", "end", "any", "any"))
    if where == "begin":
        return rng.randrange(min(EDGE, size))
    if where == "end":
        return size - 1 - rng.randrange(min(EDGE, size))
    return rng.randrange(size)


def _block(rng: Random, content: bytes) -> tuple[int, int]:
    start = _place(rng, content)
    return start, min(len(content), start + _length(rng, len(content)))


def _length(rng: Random, most: int) -> int:
    """From 1 to ``most``, short ones as often as long ones."""
    return min(most, round(2 ** rng.uniform(0, most.bit_length())))
