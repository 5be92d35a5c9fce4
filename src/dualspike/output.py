"""What commands print: text for people, and one JSON object for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

JsonFlag = Annotated[
    bool, typer.Option("--json", help="End with one JSON object; other text goes to stderr.")
]


def console(as_json: bool = False) -> Console:
    """Where text for people goes: standard output, or stderr when --json claims that.

    Lines are neither wrapped nor read as markup: a path is printed as it is.
    """
    return Console(stderr=as_json, highlight=False, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """Print one line of warning on stderr; the command goes on."""
    print(f"dualspike: warning: {' '.join(line.split())}", file=sys.stderr)


def emit_json(result: dict[str, Any]) -> None:
    """Print one JSON object as the last line of standard output."""
    print(json.dumps(result, allow_nan=False), flush=True)


def grid_csv(axes: Sequence[NDArray[np.float64]], y: NDArray[np.float64]) -> str:
    """Functions' outputs y [F, B_1, ...] at the rows [B_n, c] of every axis, a point a line."""
    width = sum(rows.shape[1] for rows in axes)
    lines = [",".join(["function", *(f"x{n}" for n in range(width)), "y"])]
    for place in np.ndindex(*y.shape):
        rows = [rows[n] for rows, n in zip(axes, place[1:], strict=True)]
        numbers = np.concatenate([*rows, [y[place]]])
        lines.append(",".join([f"{place[0]}", *(f"{value:.9g}" for value in numbers)]))
    return "\n".join(lines) + "\n"


def samples_csv(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Inputs [N, n_in] and outputs [N, n_out] as comma separated values, a sample a line."""
    lines = [",".join([f"x{n}" for n in range(x.shape[1])] + [f"y{n}" for n in range(y.shape[1])])]
    lines += [",".join(f"{value:.9g}" for value in row) for row in np.hstack([x, y])]
    return "\n".join(lines) + "\n"
