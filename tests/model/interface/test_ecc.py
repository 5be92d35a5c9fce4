"""Codes against what is published of them, and every error of one and two bits."""

from itertools import combinations, product

import pytest

from dualspike.model.interface.ecc import Code, Upset, code_of


def syndrome(code: Code, flips: tuple[int, ...]) -> int:
    """What the check bits say once these bits of a code word are wrong."""
    found = 0
    for bit in flips:
        found ^= code.columns[bit] if bit < code.data else 1 << (bit - code.data)
    return found


@pytest.mark.parametrize("bits", range(1, 29))
def test_single_errors_are_told_apart_and_double_ones_from_all_of_them(bits: int) -> None:
    code = code_of("ecc", bits)
    assert code.data == bits and max(code.columns) < 2**code.checks
    single = [syndrome(code, (bit,)) for bit in range(code.bits)]
    assert len({0, *single}) == code.bits + 1
    double = {syndrome(code, pair) for pair in combinations(range(code.bits), 2)}
    assert not double & {0, *single}
    parity = code_of("parity", bits)
    assert all(syndrome(parity, (bit,)) == 1 for bit in range(bits + 1))


@pytest.mark.parametrize("bits", [1, 2, 4, 6])
def test_code_words_lie_four_bits_apart(bits: int) -> None:
    code = code_of("ecc", bits)
    words: list[list[int]] = []
    for data in product((0, 1), repeat=bits):
        checks = [
            sum(bit for bit, column in zip(data, code.columns, strict=True) if column >> n & 1) % 2
            for n in range(code.checks)
        ]
        words.append([*data, *checks])
    distances = {sum(a != b for a, b in zip(*pair, strict=True)) for pair in combinations(words, 2)}
    assert min(distances) == 4 and len(words[0]) == code.bits


@pytest.mark.parametrize(("bits", "length", "ones"), [(16, 22, 54), (32, 39, 103), (64, 72, 216)])
def test_sizes_are_those_that_hsiao_gives(bits: int, length: int, ones: int) -> None:
    """The lengths of the code words and the numbers of ones in the check matrices."""
    code = code_of("ecc", bits)
    assert code.bits == length
    assert sum(column.bit_count() for column in code.columns) + code.checks == ones


def test_without_protection_nothing_is_added() -> None:
    assert [code_of(kind, 18).bits for kind in ("none", "parity", "ecc")] == [18, 19, 24]
    assert code_of("none", 18).upsets == ()
    assert code_of("parity", 18).upsets == (Upset.PARITY,)
