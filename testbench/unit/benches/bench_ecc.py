"""`hw.layer.memory.ecc`: words of several widths, and every error of one and two bits in them."""

import random
from itertools import combinations
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.memory.ecc import decode, encode
from dualspike.model.interface.ecc import Code, code_of
from dualspike.testbench.unit.tb import TB

CODES = [
    *(code_of("ecc", bits) for bits in (1, 2, 4, 5, 11, 12, 18, 24, 28)),
    *(code_of("parity", bits) for bits in (1, 2, 18)),
]
WIDEST = max(code.bits for code in CODES)


class Channel(wiring.Component):
    """``word`` as each code stores it, and what is read of it with ``flips`` wrong."""

    def __init__(self) -> None:
        found = {f"found_{n}": Out(code.data) for n, code in enumerate(CODES)}
        stored = {f"stored_{n}": Out(code.bits) for n, code in enumerate(CODES)}
        upsets = {f"upsets_{n}": Out(len(code.upsets)) for n, code in enumerate(CODES)}
        inputs = {"word": In(WIDEST), "flips": In(WIDEST)}
        super().__init__({**inputs, **found, **stored, **upsets})

    def elaborate(self, platform: object) -> Module:
        """Registers after the functions."""
        m = Module()
        for n, code in enumerate(CODES):
            stored, read = (Signal(code.bits, name=f"{kind}_{n}") for kind in ("stored", "read"))
            m.d.comb += [
                stored.eq(encode(m, code, self.word[: code.data], f"in_{n}")),
                read.eq(stored ^ self.flips),
            ]
            found, upsets = decode(m, code, read, f"out_{n}")
            m.d.sync += [
                getattr(self, f"stored_{n}").eq(stored),
                getattr(self, f"found_{n}").eq(found),
                getattr(self, f"upsets_{n}").eq(upsets),
            ]
        return m


TOP = "channel"
CASES: list[dict[str, Any]] = [{}]


def component() -> Channel:
    """The functions under test."""
    return Channel()


def check(tb: TB, word: int, flips: int) -> None:
    """Every code, against what it promises."""
    for n, code in enumerate(CODES):
        data = word & (1 << code.data) - 1
        checks = sum(
            (sum(data >> bit & column >> c & 1 for bit, column in enumerate(code.columns)) & 1) << c
            for c in range(code.checks)
        )
        assert tb.get(f"stored_{n}") == data | checks << code.data
        here = flips & (1 << code.bits) - 1
        read, upsets = promised(code, data, here)
        assert (tb.get(f"found_{n}"), tb.get(f"upsets_{n}")) == (read, upsets), (code, here)


def promised(code: Code, data: int, flips: int) -> tuple[int, int]:
    """The word that is read of up to two wrong bits, and its upsets."""
    wrong = flips.bit_count()
    seen = data ^ flips & (1 << code.data) - 1
    if not code.corrects:
        return seen, wrong & 1
    return (data, wrong) if wrong < 2 else (seen, 2)


@TB.test()
async def one_and_two_wrong_bits(tb: TB) -> None:
    """All pairs of wrong bits: in all words of four bits, and in random words of all widths."""
    rng = random.Random(3)
    flips = [0, *(1 << bit for bit in range(WIDEST))]
    flips += [1 << a | 1 << b for a, b in combinations(range(WIDEST), 2)]
    short = [mask for mask in flips if mask < 1 << code_of("ecc", 4).bits]
    given = [(word, mask) for word in range(16) for mask in short]
    given += [(rng.getrandbits(WIDEST), mask) for mask in flips]
    for word, mask in given:
        tb.set(word=word, flips=mask)
        await tb.cycle()
        await tb.settle()
        check(tb, word, mask)
        await tb.edge()


@TB.test()
async def reset_leaves_zeros(tb: TB) -> None:
    """In every register, whatever came before."""
    await tb.reset()
    await tb.settle()
    for n in range(len(CODES)):
        assert (tb.get(f"stored_{n}"), tb.get(f"found_{n}"), tb.get(f"upsets_{n}")) == (0, 0, 0)
    await tb.edge()
