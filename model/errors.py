"""The exceptions that mean "the user can fix this", and the words for names that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.75
"""How much of two names must be the same for one to be told in place of the other."""


class BadInput(ValueError):
    """Bad input from outside: one line that says what, the allowed range, and what came.

    The command line prints the line on stderr and ends with exit status 2.
    """


class NoAnswer(RuntimeError):
    """Hardware that does not answer in the time it has: one line says what was asked of it.

    The command line prints the line on stderr and ends with exit status 1.
    """


class Interrupted(RuntimeError):
    """Work that was broken off by hand where it can go on: one line says how.

    The command line prints the line on stderr and ends with exit status 130.
    """


def not_one_of(what: str, known: Iterable[str], came: object) -> str:
    """The line for a word that is none of those known, with the one that was probably meant."""
    names = list(known)
    return f"{what} must be one of {', '.join(names)}, not {came!r}{meant(str(came), names)}"


def meant(came: str, known: Iterable[str]) -> str:
    """The end of a line, ``; did you mean NAME?``; empty where no known name is like it."""
    close = get_close_matches(came, known, n=1, cutoff=ALIKE)
    return f"; did you mean {close[0]}?" if close else ""
