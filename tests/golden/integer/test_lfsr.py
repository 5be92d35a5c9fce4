"""Registers against published words, single steps, and the order of x modulo their polynomials."""

import math

import numpy as np
import pytest

from dualspike.golden.integer.lfsr import RandomWords, bits, leap
from dualspike.model.interface.lfsr import DRAWER, SIGNS, WORD, Lfsr, seed_state

# Wikipedia, "Linear-feedback shift register", first example: x^16 + x^14 + x^13 + x^11 + 1 as
# bit = lfsr ^ lfsr >> 2 ^ lfsr >> 3 ^ lfsr >> 5, lfsr = lfsr >> 1 | bit << 15, from 0xACE1.
SIXTEEN = Lfsr(16, (0, 2, 3, 5))

# PCI Express Base Specification 2.1, appendix C: zeros scrambled from reset, byte by byte, lowest
# bit first; x^16 + x^5 + x^4 + x^3 + 1 from 0xFFFF. USB 3 and DisplayPort use the same.
SCRAMBLER = bytes.fromhex(
    "FF17C014B2E70282726E28A6BE6DBF8D BE40A7E62CD3E2B20702772ACD34BEE0"
    "A75D24B19BA1BD22D4451DD3D7EA76EE 2CDA1AFA282D363B3A0E6F67CF064C26"
)

# All prime factors of 2^32 - 1 and of 2^64 - 1 = F0 F1 ... F5, with F5 = 641 * 6700417.
FACTORS = {32: (3, 5, 17, 257, 65537), 64: (3, 5, 17, 257, 65537, 641, 6700417)}


def step(lfsr: Lfsr, state: int) -> int:
    entering = 0
    for tap in lfsr.taps:
        entering ^= state >> tap & 1
    return state >> 1 | entering << (lfsr.length - 1)


def number(stream: np.ndarray) -> int:
    return sum(int(bit) << n for n, bit in enumerate(stream))


def test_sixteen_bits_visit_every_state() -> None:
    state, period = 0xACE1, 0
    stream = bits(SIXTEEN, [state], 65535 + 16)[0]
    seen = set()
    while period == 0 or state != 0xACE1:
        assert number(stream[period : period + 16]) == state
        seen.add(state)
        bit = (state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1
        state, period = state >> 1 | bit << 15, period + 1
    assert period == 65535
    assert seen == set(range(1, 65536))


def test_published_scrambler() -> None:
    """The same bits from a register of the other kind.

    The scrambler multiplies its state s by x modulo P = x^16 + x^5 + x^4 + x^3 + 1 in every step
    and puts out the coefficient of x^15. As sum over i of p_i x^(n+i) s = x^n s P = 0 modulo P,
    and as taking a coefficient is linear, its output obeys b[n+16] = b[n+5] + b[n+4] + b[n+3] +
    b[n]: the register with taps 0, 3, 4, 5 that starts from the first 16 output bits.
    """
    state, first = 0xFFFF, 0
    for n in range(16):
        first |= (state >> 15) << n
        state = (state << 1 ^ 0b1_0000_0000_0011_1001 * (state >> 15)) & 0xFFFF
    register = Lfsr(16, (0, 3, 4, 5))
    stream = bits(register, [first], 8 * len(SCRAMBLER))[0]
    assert np.packbits(stream, bitorder="little").tobytes() == SCRAMBLER
    for n in range(0, len(SCRAMBLER) - 1, 2):
        expected = int.from_bytes(SCRAMBLER[n : n + 2], "little")
        assert leap(register, first, 8 * n) == expected


def test_published_seeds() -> None:
    """SplitMix64 from 1234567 (Rosetta Code); its state goes on by a constant for every output."""
    outputs = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    golden_gamma = 0x9E3779B97F4A7C15
    assert [seed_state(1234567 + n * golden_gamma) for n in range(5)] == outputs
    assert seed_state(0) == 0xE220A8397B1DCDAF


def test_no_allowed_seed_gives_zero() -> None:
    # SplitMix64's mixing can be undone step by step, so only one 64-bit seed gives 0: this one.
    only = -0x9E3779B97F4A7C15 % 2**64
    assert seed_state(only) == 0
    assert only >= 2**32


def times(a: int, b: int, polynomial: int) -> int:
    """Product of two polynomials over GF(2), modulo a third; bit n is the coefficient of x^n."""
    result, top = 0, polynomial.bit_length() - 1
    while b:
        result ^= a * (b & 1)
        a, b = a << 1, b >> 1
        a ^= polynomial * (a >> top & 1)
    return result


def power_of_x(exponent: int, polynomial: int) -> int:
    result, base = 1, 2
    while exponent:
        if exponent & 1:
            result = times(result, base, polynomial)
        base, exponent = times(base, base, polynomial), exponent >> 1
    return result


@pytest.mark.parametrize("lfsr", [DRAWER, SIGNS], ids=["drawer", "signs"])
def test_polynomials_are_primitive(lfsr: Lfsr) -> None:
    """x has order 2^n - 1 modulo the polynomial, which is true of primitive ones only."""
    polynomial = 1 << lfsr.length | sum(1 << tap for tap in lfsr.taps)
    period, rest = 2**lfsr.length - 1, 2**lfsr.length - 1
    for prime in FACTORS[lfsr.length]:
        assert all(prime % divisor for divisor in range(2, math.isqrt(prime) + 1))
        while rest % prime == 0:
            rest //= prime
    assert rest == 1, "a factor is missing"
    assert power_of_x(period, polynomial) == 1
    for prime in FACTORS[lfsr.length]:
        assert power_of_x(period // prime, polynomial) != 1


@pytest.mark.parametrize(
    ("lfsr", "exponents"), [(DRAWER, {64, 63, 61, 60, 0}), (SIGNS, {32, 30, 26, 25, 0})]
)
def test_taps_belong_to_the_named_polynomials(lfsr: Lfsr, exponents: set[int]) -> None:
    # Read backwards in time, a sequence obeys the reciprocal polynomial, as primitive as the other.
    assert {lfsr.length - tap for tap in lfsr.taps} | {0} == exponents


@pytest.mark.parametrize("lfsr", [DRAWER, SIGNS, SIXTEEN, Lfsr(3, (0, 1)), Lfsr(5, (0, 2))])
def test_leaps_equal_steps(lfsr: Lfsr) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        start = state = int(rng.integers(1, 2**lfsr.length, dtype=np.uint64, endpoint=False)) or 1
        out = []
        for steps in range(200):
            if steps % 13 == 0:
                assert leap(lfsr, start, steps) == state
            out.append(state & 1)
            state = step(lfsr, state)
        assert bits(lfsr, [start], 200)[0].tolist() == out


def test_several_registers_run_side_by_side() -> None:
    states = [1, 0xDEADBEEF, 0x80000000]
    together = bits(SIGNS, states, 100)
    assert together.dtype == np.uint8
    for state, stream in zip(states, together, strict=True):
        np.testing.assert_array_equal(stream, bits(SIGNS, [state], 100)[0])
    assert bits(SIGNS, states, 0).shape == (3, 0)


def test_drawer_gives_words_in_order() -> None:
    state = seed_state(5)
    drawer = RandomWords(state)
    expected = []
    for _ in range(7):
        word = 0
        for n in range(WORD):
            word |= (state & 1) << n
            state = step(DRAWER, state)
        expected.append(word)
    assert drawer.words(3) + drawer.words(0) + drawer.words(4) == expected
    assert drawer.state == state
