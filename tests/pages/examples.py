"""Examples as scripts and as notebooks: cells, and running them.

``python -m tests.pages.examples`` runs the examples that are notebooks as well, and writes these
with what their cells print and show.
"""

import ast
import base64
import contextlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.pages.blocks import ROOT

FOLDER = ROOT / "examples"
NOTEBOOKS = [FOLDER / f"{name}.py" for name in ("regression", "digits", "operator_network")]
_CELL = re.compile(r"^# %%(?P<kind> \[markdown\])?\n", re.M)


class Cell(NamedTuple):
    """A part of a script: code, or text without its ``# ``."""

    is_text: bool
    source: str


def cells(script: str) -> list[Cell]:
    """Those of a script with ``# %%`` between them."""
    begins = [*_CELL.finditer(script)]
    ends = [*(match.start() for match in begins[1:]), len(script)]
    found: list[Cell] = []
    for match, end in zip(begins, ends, strict=True):
        source = script[match.end() : end].strip("\n")
        if match["kind"]:
            source = re.sub(r"^# ?", "", source, flags=re.M)
        found.append(Cell(bool(match["kind"]), source))
    return found


def run(code: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell prints, and what its last expression shows, as outputs of a notebook."""
    parsed, value = ast.parse(code), None
    last = parsed.body[-1]
    if isinstance(last, ast.Expr):
        parsed.body.pop()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(parsed, "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if text := printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": lines(text)})
    if value is not None:
        data = {"text/plain": [repr(value)[:60]]}
        if hasattr(value, "_repr_html_"):
            data = shown(value._repr_html_())
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    return outputs


def shown(html: str) -> dict[str, Any]:
    """An object's table and picture; viewers take pictures by themselves, not inside HTML."""
    data: dict[str, Any] = {"text/html": lines(re.sub(r"<img[^>]*>", "", html))}
    if picture := re.search(r"data:image/png;base64,([^\"]+)", html):
        base64.b64decode(picture[1], validate=True)
        data = {"image/png": picture[1], "text/plain": ["a picture"]}
    return data


def lines(text: str) -> list[str]:
    """As notebooks keep text."""
    return text.splitlines(keepends=True)


def notebook(script: str) -> dict[str, Any]:
    """The notebook of a script, whose cells are run here."""
    made: list[dict[str, Any]] = []
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells(script)):
        one: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}, "source": lines(cell.source)}
        if cell.is_text:
            one["cell_type"] = "markdown"
        else:
            one |= {
                "cell_type": "code",
                "execution_count": None,
                "outputs": run(cell.source, names),
            }
        made.append(one)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """In a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield


def main() -> None:
    """Write the notebooks."""
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    for path in NOTEBOOKS:
        with elsewhere():
            made = notebook(path.read_text("utf-8"))
        path.with_suffix(".ipynb").write_text(json.dumps(made, indent=1) + "\n", "utf-8")
        print(f"wrote {path.with_suffix('.ipynb')}")


if __name__ == "__main__":
    main()
