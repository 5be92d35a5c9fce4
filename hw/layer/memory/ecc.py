"""Code words of `model.interface.ecc` in gates, without a register: both ways take no clock."""

from amaranth.hdl import Cat, Const, Module, Signal, Value

from dualspike.model.interface.ecc import Code


def encode(m: Module, code: Code, value: Value, name: str) -> Value:
    """The code word of a word of ``code.data`` bits; the word itself without check bits."""
    if not code.checks:
        return value
    word = Signal(code.data, name=f"{name}_word")
    m.d.comb += word.eq(value)
    return Cat(word, _checks(code, word))


def decode(m: Module, code: Code, stored: Value, name: str) -> tuple[Value, Value]:
    """The word in a code word, corrected if the code can, and its upsets, a bit for each kind.

    With s the syndrome (the check bits over the stored word, against those stored), a single
    wrong bit n gives s = ``columns``[n], a wrong check bit a power of two.
    """
    if not code.checks:
        return stored, Const(0, 0)
    syndrome = Signal(code.checks, name=f"{name}_syndrome")
    m.d.comb += syndrome.eq(_checks(code, stored[: code.data]) ^ stored[code.data :])
    if not code.corrects:
        return stored[: code.data], syndrome
    wrong = Signal(code.data, name=f"{name}_wrong")
    m.d.comb += wrong.eq(Cat(syndrome == column for column in code.columns))
    single = wrong.any() | syndrome.matches(*(1 << check for check in range(code.checks)))
    return stored[: code.data] ^ wrong, Cat(single, syndrome.any() & ~single)


def _checks(code: Code, word: Value) -> Value:
    """The check bits that belong to a word."""
    return Cat(
        Cat(word[n] for n, column in enumerate(code.columns) if column >> check & 1).xor()
        for check in range(code.checks)
    )
