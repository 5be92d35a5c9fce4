"""Words in protected memories: every single upset is corrected, every double one is told."""

from functools import partial

from amaranth.hdl import Signal

from dualspike.hw.layer.memory.ecc import decode, encode
from dualspike.model.interface.ecc import code_of
from dualspike.testbench.formal.claims import Claims, Proof

FAMILY = "protection"


def corrects(c: Claims, data: int) -> None:
    """A word of ``data`` bits with up to two wrong bits in its code word."""
    code = code_of("ecc", data)
    value = c.anything(data, "value")
    first, second = (c.anything(range(code.bits), name) for name in ("first", "second"))
    upsets = c.anything(range(3), "upsets")
    c.given((upsets < 3) & (first < code.bits) & (second < code.bits) & (first != second))
    stored = Signal(code.bits)
    flips = ((upsets > 0) << first) ^ ((upsets > 1) << second)
    c.m.d.comb += stored.eq(encode(c.m, code, value, "written") ^ flips)
    word, told = decode(c.m, code, stored, "read")
    c.always(
        f"{data} bits without an upset are read as written",
        (upsets != 0) | ((word == value) & (told == 0)),
    )
    c.always(
        f"one upset of {data} bits is corrected and told",
        (upsets != 1) | ((word == value) & (told == 1)),
    )
    c.always(f"two upsets of {data} bits are told", (upsets != 2) | (told == 2))


def parity(c: Claims, data: int) -> None:
    """One wrong bit, or none."""
    code = code_of("parity", data)
    value, wrong = c.anything(data, "value"), c.anything(range(code.bits + 1), "wrong")
    c.given(wrong <= code.bits)
    stored = Signal(code.bits)
    flip = 1 << wrong
    c.m.d.comb += stored.eq(encode(c.m, code, value, "written") ^ flip)
    _, told = decode(c.m, code, stored, "read")
    c.always(f"one upset of {data} bits is told, none is not", told == (wrong < code.bits))


PROOFS = [
    *(
        Proof(f"ecc_{data}", FAMILY, partial(corrects, data=data))
        for data in (1, 2, 4, 5, 8, 12, 18, 32)
    ),
    *(Proof(f"parity_{data}", FAMILY, partial(parity, data=data)) for data in (1, 8, 12, 18, 36)),
]
