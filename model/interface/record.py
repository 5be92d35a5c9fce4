"""What a core tells of an update."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """What can be read from the chip after an update.

    ``skipped``: what the registers SKIPPED have grown by, one for each layer that skips, in all
    passes together. ``answered``: what the counts of `registers.answer_counts` have grown by.
    """

    loss: int
    jvp: tuple[int, ...]
    lfsr: int
    flags: int
    skipped: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()
