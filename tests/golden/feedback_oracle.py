"""Feedback matrices as docs/online_chip.md has them, one number after the other."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from dualspike.model.description.description import Description
from tests.golden.slopes import half_up


class FeedbackOracle:
    """The matrix of a hidden layer of so many neurons, all 0 at first.

    ``kept`` [n_l][n_out] are the stored numbers A.
    """

    def __init__(self, d: Description, width: int) -> None:
        self.d = d
        lanes = d.learning.has_lanes
        self.used = d.formats.tangent if lanes else d.formats.weight
        self.finer = 2 ** (d.learning.feedback_momentum if lanes else 8)
        self.kept = [[0] * d.basis for _ in range(width)]

    def move(self, signs: Any, tangents: Any, fit: Any) -> None:
        """Take in a step: ``signs`` [K][n_l] that lanes began with, ``tangents`` [K][n_out]."""
        form, finer = self.used, self.finer
        lanes = 1
        while lanes < len(signs):
            lanes *= 2
        for h, row in enumerate(self.kept):
            for k, old in enumerate(row):
                found = sum(v[h] * dy[k] for v, dy in zip(signs, tangents, strict=True))
                x = int(fit(Fraction(found) / lanes, form, "STEP") / form.lsb)
                row[k] = old - old // finer + x
                assert form.lowest * finer <= row[k] < (form.highest + 1) * finer

    def mirror(self, spikes: Any, error: Any, rate: int, fit: Any) -> None:
        """Take the change of a readout that learns at 2^-rate."""
        extra = self.finer.bit_length() - 1
        form = replace(self.used, fraction=self.used.fraction + extra)
        for spike, row in zip(spikes, self.kept, strict=True):
            for k, old in enumerate(row):
                moved = half_up(spike * error[k] / Fraction(2) ** rate / form.lsb)
                row[k] = int(fit((old - moved) * form.lsb, form, "WEIGHT") / form.lsb)

    def bring(self, error: Any) -> list[Fraction]:
        """Sums over the outputs of M e, for every neuron."""
        lsb = self.used.lsb
        return [
            sum((a // self.finer * lsb * e for a, e in zip(row, error, strict=True)), Fraction(0))
            for row in self.kept
        ]
