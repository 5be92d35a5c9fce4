"""docs/choosing.md quotes: every figure of it stands on the page that it names."""

import re

import pytest

from tests.pages.blocks import ROOT

DOCS = ROOT / "docs"
FIGURE = re.compile(r"(?<![\w.^])\d[\d,]*\.?\d*(?: %)?")
LINES = [
    line
    for line in (DOCS / "choosing.md").read_text("utf-8").splitlines()
    if re.search(r"\]\(\w+\.md", line)
]


def figures(line: str) -> list[str]:
    """Figures with a point, a percent sign or thousands, outside code and links."""
    bare = re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)
    return [one for one in FIGURE.findall(bare) if re.search(r"\d[.,]\d|%", one)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_a_figure_stands_on_its_page(line: str) -> None:
    pages = "".join((DOCS / name).read_text("utf-8") for name in re.findall(r"\]\((\w+\.md)", line))
    pages = pages.replace(",", "")
    missing = [one for one in figures(line) if one.replace(",", "").rstrip(". %") not in pages]
    assert not missing, missing


def test_there_are_figures() -> None:
    assert sum(len(figures(line)) for line in LINES) > 30
