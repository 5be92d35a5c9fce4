"""What a core tells of an update."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """What can be read from the chip after an update.

    ``skipped``: what the registers SKIPPED have grown by, one for each layer that skips, in all
    passes together. ``answered``: what SEEN and CORRECT have grown by, where a core counts them.
    """

    loss: int
    jvp: tuple[int, ...]
    lfsr: int
    flags: int
    skipped: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()
