"""Output bits of the registers that `model.interface.lfsr` describes."""

import numpy as np
from numpy.typing import NDArray

from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.lfsr import DRAWER, WORD, Lfsr

Bits = NDArray[np.uint8]


def bits(lfsr: Lfsr, states: list[int], count: int) -> Bits:
    """The next ``count`` output bits of several registers, uint8 [len(states), count].

    Works on blocks of length - max(taps) bits: within a block no bit feeds another.
    """
    length, block = lfsr.length, lfsr.length - max(lfsr.taps)
    out = np.zeros((len(states), max(count, length) + block), np.uint8)
    for row, state in enumerate(states):
        out[row, :length] = [state >> n & 1 for n in range(length)]
    for n in range(length, count, block):
        old = n - length
        new = out[:, old : old + block].copy()
        for tap in lfsr.taps[1:]:
            new ^= out[:, old + tap : old + tap + block]
        out[:, n : n + block] = new
    return out[:, :count]


def running_bits(lfsr: Lfsr, state: int, count: int) -> tuple[Bits, int]:
    """The next ``count`` output bits of one register, uint8 [count], and its state after them."""
    block = lfsr.length - max(lfsr.taps)
    blocks: list[int] = []
    for _ in range(ceil_div(count, block)):
        blocks.append(state & (1 << block) - 1)
        fed = 0
        for tap in lfsr.taps:
            fed ^= state >> tap
        state = state >> block | (fed & (1 << block) - 1) << (lfsr.length - block)
    places = np.arange(block, dtype=np.uint64)
    out = (np.array(blocks, np.uint64)[:, None] >> places & np.uint64(1)).astype(np.uint8).ravel()
    rest = _number(out[count:]) | state << (len(out) - count)
    return out[:count], rest & (1 << lfsr.length) - 1


def leap(lfsr: Lfsr, state: int, steps: int) -> int:
    """The state ``steps`` steps later."""
    return _number(bits(lfsr, [state], steps + lfsr.length)[0, steps:])


class RandomWords:
    """The chip's one running register, read a word at a time."""

    def __init__(self, state: int) -> None:
        self.state = state

    def words(self, count: int) -> list[int]:
        """The next ``count`` 32-bit words; the register moves on after them."""
        stream = bits(DRAWER, [self.state], count * WORD + DRAWER.length)[0]
        self.state = _number(stream[count * WORD :])
        return [_number(word) for word in stream[: count * WORD].reshape(count, WORD)]


def _number(stream: Bits) -> int:
    return int.from_bytes(np.packbits(stream, bitorder="little").tobytes(), "little")
