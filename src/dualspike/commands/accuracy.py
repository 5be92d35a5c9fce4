"""Tables of what was taken for what."""

from rich.table import Table

MOST = 12
"""Classes whose whole confusion matrix is shown; of more it is the commonest mistakes."""


def confusion_table(confusion: list[list[int]]) -> Table:
    """Classes downwards, and what they were taken for."""
    if len(confusion) > MOST:
        return _mistakes(confusion)
    numbers = [str(n) for n in range(len(confusion))]
    table = Table("class \\ answer", *numbers, "right", box=None, pad_edge=False)
    for n, row in enumerate(confusion):
        shown = [str(count) if count else "." for count in row]
        table.add_row(str(n), *shown, share(row[n], sum(row)))
    return table


def _mistakes(confusion: list[list[int]]) -> Table:
    """The commonest of many."""
    pairs = [
        (count, n, other)
        for n, row in enumerate(confusion)
        for other, count in enumerate(row)
        if count and n != other
    ]
    table = Table("class", "taken for", "times", "of", box=None, pad_edge=False)
    for count, n, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:MOST]:
        table.add_row(str(n), str(other), str(count), str(sum(confusion[n])))
    return table


def share(part: int, whole: int) -> str:
    """A part of samples in percent."""
    return f"{part / whole:.0%}" if whole else ""
