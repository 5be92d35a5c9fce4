from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualspike.model.description.format import Format, signed_bits, unsigned_bits


def values(signed: bool, integer: int, fraction: int) -> list[Fraction]:
    """Every value of a format, from the weights of its bits: the sign bit's is negative."""
    weights = [Fraction(2) ** n for n in range(-fraction, integer)]
    if signed:
        weights.append(-(Fraction(2) ** integer))
    found = [Fraction(0)]
    for weight in weights:
        found += [value + weight for value in found]
    return sorted(found)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("integer", range(5))
@pytest.mark.parametrize("fraction", range(5))
def test_stored_integers_are_exactly_the_values(signed, integer, fraction):
    f = Format(signed, integer, fraction)
    stored = range(f.lowest, f.highest + 1)
    assert [n * f.lsb for n in stored] == values(signed, integer, fraction)
    assert len(stored) == 2**f.bits


@pytest.mark.parametrize(
    ("text", "bits", "lowest", "highest", "lsb"),
    [
        ("s1.16", 18, Fraction(-2), 2 - Fraction(1, 65536), Fraction(1, 65536)),
        ("s3.16", 20, Fraction(-8), 8 - Fraction(1, 65536), Fraction(1, 65536)),
        ("s12.5", 18, Fraction(-4096), 4096 - Fraction(1, 32), Fraction(1, 32)),
        ("u0.8", 8, Fraction(0), 1 - Fraction(1, 256), Fraction(1, 256)),
        ("s0.1", 2, Fraction(-1), Fraction(1, 2), Fraction(1, 2)),
        ("s0.0", 1, Fraction(-1), Fraction(0), Fraction(1)),
        ("u0.0", 0, Fraction(0), Fraction(0), Fraction(1)),
    ],
)
def test_known_formats(text, bits, lowest, highest, lsb):
    f = Format.parse(text)
    assert (f.bits, f.lsb) == (bits, lsb)
    assert (f.lowest * f.lsb, f.highest * f.lsb) == (lowest, highest)


@given(st.booleans(), st.integers(0, 99), st.integers(0, 99))
def test_text_and_back(signed, integer, fraction):
    f = Format(signed, integer, fraction)
    assert Format.parse(str(f)) == f


@given(st.booleans(), st.integers(0, 40), st.integers(0, 40))
def test_ends_have_the_values_of_the_definition(signed, integer, fraction):
    f = Format(signed, integer, fraction)
    assert f.lsb == Fraction(2) ** -fraction
    assert f.lowest * f.lsb == (-(Fraction(2) ** integer) if signed else 0)
    assert f.highest * f.lsb == Fraction(2) ** integer - f.lsb
    assert f.highest - f.lowest == 2**f.bits - 1


@pytest.mark.parametrize(
    "text",
    [
        *["", "s", "s1", "s1.", "s.1", "1.16", "S1.16", "q1.16", "s-1.16", "s1,16", "s1.16.0"],
        *["u0x8", "s1.16 ", " s1.16", "s1.16\n", "s100.0", "s0.100"],
    ],
)
def test_other_forms_are_refused(text):
    with pytest.raises(ValueError) as caught:
        Format.parse(text)
    assert str(caught.value) == f"must look like s1.16 or u0.8, not {text!r}"


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        f = Format.parse(text)
    except ValueError as error:
        assert str(error) == f"must look like s1.16 or u0.8, not {text!r}"
    else:
        assert f.bits >= 0


@pytest.mark.parametrize("highest", range(130))
def test_unsigned_bits_are_the_fewest(highest):
    fits = [bits for bits in range(10) if highest < 2**bits]
    assert unsigned_bits(highest) == min(fits)


@pytest.mark.parametrize("magnitude", range(1, 130))
def test_signed_bits_are_the_fewest(magnitude):
    fits = [b for b in range(1, 10) if -(2 ** (b - 1)) <= -magnitude and magnitude < 2 ** (b - 1)]
    assert signed_bits(magnitude) == min(fits)


def test_formats_are_values():
    assert {Format.parse("s1.16"), Format(True, 1, 16)} == {Format.parse("s1.16")}
    with pytest.raises(AttributeError):
        Format.parse("s1.16").integer = 2  # pyright: ignore[reportAttributeAccessIssue]
