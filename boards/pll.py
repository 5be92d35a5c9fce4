"""Phase-locked loops: which dividers make a clock, inside the limits of the data sheets.

A phase detector compares the input over R with the feedback. With Q the divider of the output and
F that of the feedback,

    f_pd = f_in / R,   f_out = f_vco / Q,
    f_vco = f_pd * F * Q   where the feedback is taken after the divider Q (Gowin),
    f_vco = f_pd * F       where it is taken before (iCE40, Artix-7).

The ECP5 feeds a second output back: its divider, at least 2 so that no clock exceeds 400 MHz,
times the feedback's own, is F here. Limits in MHz: ECP5 FPGA-DS-02012 (sysCLOCK PLL timing); iCE40
FPGA-DS-02029 and FPGA-TN-02052; Artix-7 DS181 for the slowest speed grade, dividers from UG472;
GW1NR DS117 for C6/I5, dividers from UG286.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dualspike.model.errors import BadInput

MHZ = 1_000_000
Range = tuple[float, float]


@dataclass(frozen=True)
class PllKind:
    """Limits in MHz of the four frequencies, and the dividers that there are."""

    name: str
    inputs: Range
    detector: Range
    oscillator: Range
    outputs: Range
    reference: range
    feedback: Sequence[int]
    output: Sequence[int]
    feedback_behind: bool


@dataclass(frozen=True)
class PllSetting:
    """Dividers of one PLL, and what comes of them in Hz."""

    kind: PllKind
    input_hz: int
    reference: int
    feedback: int
    output: int

    @property
    def detector_hz(self) -> Fraction:
        """The frequency at which the phases are compared."""
        return Fraction(self.input_hz, self.reference)

    @property
    def oscillator_hz(self) -> Fraction:
        """The frequency of the oscillator."""
        behind = self.output if self.kind.feedback_behind else 1
        return self.detector_hz * self.feedback * behind

    @property
    def output_hz(self) -> Fraction:
        """The clock that comes out."""
        return self.oscillator_hz / self.output


_ANY = range(1, 129)
ECP5_FEEDBACK, ECP5_SECOND = 80, range(2, 41)
ECP5_PLL = PllKind(
    "EHXPLLL",
    *((8, 400), (10, 400), (400, 800), (3.125, 400)),
    _ANY,
    sorted({n * q for n in range(1, ECP5_FEEDBACK + 1) for q in ECP5_SECOND}),
    _ANY,
    feedback_behind=False,
)
ICE40_PLL = PllKind(
    "SB_PLL40",
    *((10, 133), (10, 133), (533, 1066), (16, 275)),
    *(range(1, 17), range(1, 129), (2, 4, 8, 16, 32, 64)),
    feedback_behind=False,
)
ARTIX_PLL = PllKind(
    "PLLE2_BASE",
    *((19, 800), (19, 450), (800, 1600), (6.25, 464)),
    *(range(1, 57), range(2, 65), _ANY),
    feedback_behind=False,
)
GOWIN_PLL = PllKind(
    "rPLL",
    *((3, 400), (3, 400), (400, 1200), (3.125, 600)),
    *(range(1, 65), range(1, 65), (2, 4, 8, *range(16, 129, 16))),
    feedback_behind=True,
)


def pll_setting(kind: PllKind, input_hz: int, wanted_hz: int) -> PllSetting:
    """The dividers that come nearest to the clock wanted without exceeding it.

    Among equals the highest frequency at the phase detector wins, then the oscillator nearest to
    the middle of its range. BadInput if there is nothing within 5 % below.
    """
    middle = Fraction(sum(kind.oscillator) * MHZ) / 2
    best = max(
        _allowed(kind, input_hz, wanted_hz),
        key=lambda s: (s.output_hz, s.detector_hz, -abs(s.oscillator_hz - middle)),
        default=None,
    )
    if best is None or best.output_hz * 20 < wanted_hz * 19:
        raise BadInput(
            f"--clock must be in [{kind.outputs[0]:g}, {kind.outputs[1]:g}], where {kind.name} has"
            f" settings for {input_hz / MHZ:g} MHz, not {wanted_hz / MHZ:g}"
        )
    return best


def _allowed(kind: PllKind, input_hz: int, wanted_hz: int) -> Iterator[PllSetting]:
    """The settings inside all limits, each with the largest feedback that is not too fast."""
    if not _within(input_hz, kind.inputs):
        return
    for reference in kind.reference:
        if not _within(Fraction(input_hz, reference), kind.detector):
            continue
        for output in kind.output:
            steps = reference * (1 if kind.feedback_behind else output)
            place = bisect(kind.feedback, wanted_hz * steps // input_hz)
            if place == 0:
                continue
            setting = PllSetting(kind, input_hz, reference, kind.feedback[place - 1], output)
            if _within(setting.oscillator_hz, kind.oscillator) and _within(
                setting.output_hz, kind.outputs
            ):
                yield setting


def _within(hz: Fraction | int, limits: Range) -> bool:
    return limits[0] * MHZ <= hz <= limits[1] * MHZ
