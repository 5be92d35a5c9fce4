"""The one exception that means "the user can fix this"."""


class BadInput(ValueError):
    """Bad input from outside: one line that says what, the allowed range, and what came.

    The command line prints the line on stderr and ends with exit status 2.
    """
