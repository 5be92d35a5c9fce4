"""Tables of cells, in Markdown and for a terminal."""

import math
from collections.abc import Sequence

Cells = Sequence[str]


def markdown_table(
    header: Cells, rows: Sequence[Cells], words: int = 1, *, tight: bool = False
) -> list[str]:
    """Lines of a table whose first ``words`` columns are text, to the left, all others numbers.

    ``tight``: the rule below the header has no spaces in it.
    """
    return [_line(header), rule(header, words, tight=tight), *map(_line, rows)]


def rule(header: Cells, words: int, *, tight: bool = False) -> str:
    """The line below the header."""
    marks = ["---"] * words + ["---:"] * (len(header) - words)
    return f"|{'|'.join(marks)}|" if tight else _line(marks)


def terminal_table(header: Cells, rows: Sequence[Cells], words: int = 1) -> list[str]:
    """The same in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    sides = [str.ljust] * words + [str.rjust] * (len(widths) - words)
    return [
        "  ".join(side(cell, width) for side, cell, width in zip(sides, cells, widths, strict=True))
        for cells in (header, *rows)
    ]


def marked(cell: str, diverged: int, runs: int) -> str:
    """A cell that sums up ``runs``, with how many of them diverged; as it is where none did."""
    return f"{cell} ({diverged} of {runs} diverged)" if diverged else cell


def finite(value: float) -> float | None:
    """The value, for plain data; None if it is no finite number."""
    return value if math.isfinite(value) else None


def _line(cells: Cells) -> str:
    return f"| {' | '.join(cells)} |"
