"""Blocks of code in the documents, and the marks above them.

A comment right above a block says what is done with it; without one it is run by `make test`:
``<!-- run: long -->`` by `make pages`, ``<!-- run by: FILE -->`` by another test,
``<!-- not run: REASON -->`` never. What is not run is still read: its commands must exist.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
LANGUAGES = {"c", "mermaid", "python", "sh", "text", "toml", "verilog"}
CODE = {"c", "python", "sh"}  # run or marked; TOML is read, the others are there to be seen
REASONS = {"hours", "installs", "needs a board", "runs tests"}

_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
_SPAN = re.compile(r"(?<!`)`(dualspike [^`\n]*)`(?!`)")


class Block(NamedTuple):
    """A block of code."""

    page: Path
    line: int
    language: str
    mark: str  # what the comment says, "" without one
    text: str

    @property
    def place(self) -> str:
        """Where it is, as an editor finds it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_long(self) -> bool:
        """Whether it takes more than seconds."""
        return self.mark == "run: long"

    @property
    def is_run(self) -> bool:
        """Whether it is run from here, in `make test` or `make pages`."""
        return self.language in CODE and (not self.mark or self.is_long)


def blocks(page: Path) -> list[Block]:
    """Those of a page, from above."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("text"))
        mark = match["mark"] or ""
        found.append(Block(page, line, match["language"], mark, match["text"]))
    return found


def commands(text: str) -> Iterator[list[str]]:
    """The words of every command in lines of a shell, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in [*shlex.split(line, comments=True), "&&"]:
            if word != "&&":
                words.append(word)
            elif words:
                yield words
                words = []


def spoken(page: Path) -> list[list[str]]:
    """The commands of dualspike that the text of a page names in passing, without open ends."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    found = [span for span in _SPAN.findall(text) if not re.search(r"\.\.\.|…|\|", span)]
    return [shlex.split(span) for span in found]
