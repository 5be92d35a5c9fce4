"""The one exception that means "the user can fix this"."""


class BadInput(ValueError):
    """Bad input from outside: one line that says what, the allowed range, and what came.

    The command line prints the line on stderr and ends with exit status 2.
    """


class NoAnswer(RuntimeError):
    """Hardware that does not answer in the time it has: one line says what was asked of it.

    The command line prints the line on stderr and ends with exit status 1.
    """
