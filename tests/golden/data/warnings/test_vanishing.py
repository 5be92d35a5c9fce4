"""What rounding loses is told, and the format that is named loses no more than is let pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dualspike.golden.data.warnings.vanishing import LIMIT, MOST_BITS, judge, share_lost
from dualspike.golden.integer.rounding import quantise, real
from dualspike.model.description.format import Format

FORMATS = st.builds(Format, st.just(True), st.integers(0, 8), st.integers(1, 14)) | st.builds(
    Format, st.just(False), st.integers(0, 8), st.integers(2, 14)
)


def drawn(seed: int, shape: tuple[int, ...], form: Format, exponent: float) -> np.ndarray:
    """Values of a scale that the format can hold."""
    top = float(form.highest * form.lsb) * 0.99
    return np.random.default_rng(seed).uniform(-form.signed, 1, shape) * top * 10.0**exponent


@given(FORMATS, st.floats(-12, 0), st.integers(0, 99))
def test_share_is_the_relative_error_of_the_stored_numbers(
    form: Format, exponent: float, seed: int
) -> None:
    values = drawn(seed, (5, 4), form, exponent)
    moved = values - real(quantise(values, form, "v"), form)
    wanted = np.linalg.norm(moved) / np.linalg.norm(values)
    assert share_lost(values, form) == pytest.approx(wanted, rel=1e-9, abs=1e-15)


@given(FORMATS, st.floats(-12, 0), st.integers(0, 99), st.booleans())
def test_losses_are_told_with_a_format_that_would_do(
    form: Format, exponent: float, seed: int, by_rows: bool
) -> None:
    values = drawn(seed, (4, 6), form, exponent)
    if by_rows:
        values[1:] = drawn(seed, (3, 6), form, 0)
    stored = quantise(values, form, "v")
    loss = judge("weights", values, form, "rows")
    if not stored.any():
        assert loss and loss.nothing and loss.share == pytest.approx(1)
    if not stored[0].any():
        assert loss
    if not loss:
        assert share_lost(values, form) <= LIMIT
        return
    assert loss.share > LIMIT and str(form) in loss.text and loss.nothing == (not stored.any())
    *_, hint = loss.text.split(": ")
    if hint == f"no format of {MOST_BITS} bits would do":
        finest = Format(form.signed, 0, MOST_BITS - form.signed)
        top = float(finest.highest * finest.lsb)
        lost = [*values] if " rows " in loss.text else [values]
        assert np.abs(values).max() > top / 4 or max(share_lost(v, finest) for v in lost) > LIMIT
        return
    better = Format.parse(hint.removesuffix(" would do"))
    assert better.bits <= MOST_BITS and better.fraction > form.fraction
    again = judge("weights", values, better, "rows")
    assert again is None or ("rows" in again.text and "rows" not in loss.text)


@given(arrays(np.float64, (3, 3), elements=st.floats(-1e300, 1e300)), FORMATS)
def test_any_numbers_are_judged_without_warnings(values: np.ndarray, form: Format) -> None:
    share = share_lost(values, form)
    assert share >= 0 and not np.isnan(share)
    assert judge("values", np.zeros((3, 3)), form, "rows") is None


def test_lines_in_full() -> None:
    form = Format.parse("s1.16")
    small, mixed = np.array([[1e-6, -2e-6]]), np.array([[1.0, 0.5], [1e-5, -2e-5]])
    found = [judge("weights_0", values, form, "rows") for values in (small, mixed, small * 1e-3)]
    assert [loss and loss.text for loss in found] == [
        "weights_0 become all 0 in s1.16, the largest is 2e-06: s1.20 would do",
        "weights_0 of 1 of 2 rows lose 32% in s1.16, the largest is 2e-05: s1.18 would do",
        "weights_0 become all 0 in s1.16, the largest is 2e-09: no format of 24 bits would do",
    ]
    assert [loss and loss.nothing for loss in found] == [True, False, True]
