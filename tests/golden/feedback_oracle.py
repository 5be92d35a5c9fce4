"""Feedback matrices as docs/online_chip.md has them, one number after the other."""

from fractions import Fraction
from typing import Any

from dualspike.model.description.description import Description


class FeedbackOracle:
    """The matrix of a hidden layer of so many neurons, all 0 at first.

    ``kept`` [n_l][n_out] are the stored numbers A.
    """

    def __init__(self, d: Description, width: int) -> None:
        self.d = d
        self.kept = [[0] * d.basis for _ in range(width)]

    def move(self, signs: Any, tangents: Any, fit: Any) -> None:
        """Take in a step: ``signs`` [K][n_l] that lanes began with, ``tangents`` [K][n_out]."""
        form, finer = self.d.formats.tangent, 2**self.d.learning.feedback_momentum
        lanes = 1
        while lanes < len(signs):
            lanes *= 2
        for h, row in enumerate(self.kept):
            for k, old in enumerate(row):
                found = sum(v[h] * dy[k] for v, dy in zip(signs, tangents, strict=True))
                x = int(fit(Fraction(found) / lanes, form, "STEP") / form.lsb)
                row[k] = old - old // finer + x
                assert form.lowest * finer <= row[k] < (form.highest + 1) * finer

    def bring(self, error: Any) -> list[Fraction]:
        """Sums over the outputs of M e, for every neuron."""
        lsb, finer = self.d.formats.tangent.lsb, 2**self.d.learning.feedback_momentum
        return [
            sum((a // finer * lsb * e for a, e in zip(row, error, strict=True)), Fraction(0))
            for row in self.kept
        ]
