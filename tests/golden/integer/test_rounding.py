"""Rounding, saturation and products against fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualspike.golden.integer.rounding import (
    EXACT,
    product,
    quantise,
    real,
    round_half_up,
    saturate,
)
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput

Q2_2 = Format.parse("s2.2")
HALF = Fraction(1, 2)


@pytest.mark.parametrize("shift", range(-3, 9))
def test_every_small_number_rounds_half_up(shift: int) -> None:
    values = np.arange(-64, 64)
    expected = [math.floor(int(v) * Fraction(2) ** -shift + HALF) for v in values]
    assert round_half_up(values, shift).tolist() == expected


@given(st.integers(-(2**62), 2**62), st.integers(1, 63))
def test_large_numbers_round_half_up(value: int, shift: int) -> None:
    expected = math.floor(Fraction(value, 2**shift) + HALF)
    assert int(round_half_up(np.array([value], np.int64), shift)[0]) == expected


@pytest.mark.parametrize("text", ["s0.1", "s1.1", "s2.2", "s4.0", "u2.1"])
def test_every_small_number_saturates(text: str) -> None:
    form = Format.parse(text)
    for value in range(-64, 64):
        clipped, over = saturate(np.array([value]), form)
        assert clipped.tolist() == [min(form.highest, max(form.lowest, value))]
        assert over == (not form.lowest <= value <= form.highest)


def test_one_clipped_entry_is_told_and_leaves_the_others() -> None:
    clipped, over = saturate(np.array([[3, 99], [-99, -4]]), Q2_2)
    assert clipped.tolist() == [[3, Q2_2.highest], [Q2_2.lowest, -4]]
    assert over
    empty, over = saturate(np.zeros((0, 2), np.int64), Q2_2)
    assert empty.shape == (0, 2)
    assert not over


def test_every_product_of_q2_2_numbers() -> None:
    numbers = np.arange(Q2_2.lowest, Q2_2.highest + 1)
    raw = np.multiply.outer(numbers, numbers)
    rounded, over = saturate(round_half_up(raw, Q2_2.fraction), Q2_2)
    assert over
    for i, a in enumerate(numbers.tolist()):
        for j, b in enumerate(numbers.tolist()):
            exact = (a * Q2_2.lsb) * (b * Q2_2.lsb)
            nearest = math.floor(exact / Q2_2.lsb + HALF)
            assert rounded[i, j] == min(Q2_2.highest, max(Q2_2.lowest, nearest))


@pytest.mark.parametrize("bits", [4, 20, 26, 30])
def test_products_are_exact_on_both_sides_of_2_53(bits: int) -> None:
    rng = np.random.default_rng(bits)
    a = rng.integers(-(2**bits), 2**bits, (3, 2, 5))
    matrix = rng.integers(-(2**bits), 2**bits, (4, 5))
    expected = [
        [
            [sum(x * w for x, w in zip(vector, row, strict=True)) for row in matrix.tolist()]
            for vector in rows
        ]
        for rows in a.tolist()
    ]
    result = product(a, matrix)
    assert result.dtype == np.int64
    assert result.tolist() == expected


def test_products_keep_the_last_bit_at_the_limit() -> None:
    # 2^53 + 1 is the first integer that float64 cannot hold.
    for last in (EXACT - 1, EXACT, EXACT + 1):
        assert product(np.array([[1, last - 1]]), np.array([[1, 1]])).tolist() == [[last]]


def test_products_of_nothing() -> None:
    assert product(np.zeros((0, 3), np.int64), np.ones((2, 3), np.int64)).shape == (0, 2)


@given(st.integers(-4 * 2**20 - 2**17, 31 * 2**17 - 1))
def test_quantised_values_are_the_nearest(number: int) -> None:
    value = Fraction(number, 2**20)
    stored = quantise(np.array([float(value)]), Q2_2, "value")
    assert stored.tolist() == [math.floor(value / Q2_2.lsb + HALF)]
    assert abs(Fraction(float(real(stored, Q2_2)[0])) - value) <= Q2_2.lsb / 2


@pytest.mark.parametrize("value", [4.0, 3.875, -4.125001, 100.0])
def test_values_outside_are_refused(value: float) -> None:
    message = rf"^weight must be in \[-4, 3.75\] \(s2.2\), not {value:g}$"
    with pytest.raises(BadInput, match=message):
        quantise(np.array([0.0, value]), Q2_2, "weight")


def test_stored_integers_stand_for_multiples_of_the_last_bit() -> None:
    numbers = np.arange(Q2_2.lowest, Q2_2.highest + 1)
    np.testing.assert_array_equal(quantise(real(numbers, Q2_2), Q2_2, "value"), numbers)
    assert [Fraction(float(v)) for v in real(numbers, Q2_2)] == [int(n) * Q2_2.lsb for n in numbers]
