"""What commands print: text for people, and one JSON object for programs."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

JsonFlag = Annotated[
    bool, typer.Option("--json", help="End with one JSON object; other text goes to stderr.")
]

LEAST_COLUMNS = 80


def console(as_json: bool = False) -> Console:
    """Where text for people goes: standard output, or stderr when --json claims that.

    Lines are neither wrapped nor read as markup: a path is printed as it is. Tables have 80 columns
    at least, in narrower ones numbers would be cut off.
    """
    out = Console(stderr=as_json, highlight=False, markup=False, emoji=False, soft_wrap=True)
    out.width = max(out.width, LEAST_COLUMNS)
    return out


def shell(*words: str | Path) -> str:
    """Words as one line that a shell reads back as they are, in every locale.

    A path that begins with a hyphen is told from an option by a ./ before it. What is not plain
    text, or not in standard output's encoding, becomes $'...', which bash, zsh and POSIX 2024 read.
    """
    return " ".join(map(_word, words))


def _word(word: str | Path) -> str:
    text = str(word)
    if isinstance(word, Path) and text.startswith("-"):
        text = f"./{text}"
    try:
        text.encode(sys.stdout.encoding or "ascii")
        plain = text.isprintable()
    except UnicodeEncodeError:
        plain = False
    if plain:
        return shlex.quote(text)
    # Octal, since digits that follow cannot belong to it.
    escaped = (
        chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\{byte:03o}"
        for byte in os.fsencode(text)
    )
    return f"$'{''.join(escaped)}'"


def tell_removed(out: Console, removed: list[str]) -> None:
    """Say which files of an earlier run are gone, if there were any."""
    if removed:
        out.print(f"Removed of an earlier run: {', '.join(removed)}")


def tell_building(out: Console, name: str) -> Callable[[], None]:
    """A function to be called when a simulator has to be built first, which takes a while."""
    return lambda: out.print(f"Building {name} with Verilator (kept for the next time) ...")


def warn(line: str) -> None:
    """Print one line of warning on stderr; the command goes on."""
    print(f"dualspike: warning: {' '.join(line.split())}", file=sys.stderr)


def emit_json(result: dict[str, Any]) -> None:
    """Print one JSON object as the last line of standard output."""
    print(json.dumps(result, allow_nan=False), flush=True)


def grid_csv(
    axes: Sequence[NDArray[np.float64]],
    y: NDArray[np.float64],
    target: NDArray[np.float64] | None = None,
) -> str:
    """Functions' outputs y [F, B_1, ...] at the rows [B_n, c] of every axis, a point a line.

    A ``target`` of the same shape is a last column.
    """
    width = sum(rows.shape[1] for rows in axes)
    more = [] if target is None else ["target"]
    lines = [",".join(["function", *(f"x{n}" for n in range(width)), "y", *more])]
    for place in np.ndindex(*y.shape):
        rows = [rows[n] for rows, n in zip(axes, place[1:], strict=True)]
        known = [] if target is None else [target[place]]
        numbers = np.concatenate([*rows, [y[place]], known])
        lines.append(",".join([f"{place[0]}", *(f"{value:.9g}" for value in numbers)]))
    return "\n".join(lines) + "\n"


def samples_csv(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    classes: Mapping[str, NDArray[Any]] | None = None,
) -> str:
    """Inputs [N, n_in] and outputs [N, n_out] as comma separated values, a sample a line.

    Frames [N, T, n_in] are columns ``x<step>_<input>``. Then columns of ``classes`` [N], or
    of targets, by their names.
    """
    names = ["_".join(map(str, place)) for place in np.ndindex(*x.shape[1:])]
    names = [*(f"x{name}" for name in names), *(f"y{n}" for n in range(y.shape[1]))]
    x = x.reshape(len(x), -1)
    more = [column[:, None] for column in (classes or {}).values()]
    lines = [",".join([*names, *(classes or {})])]
    lines += [",".join(f"{value:.9g}" for value in row) for row in np.hstack([x, y, *more])]
    return "\n".join(lines) + "\n"
