"""Tables of the documents are those of the results.json files next to it."""

import json
from pathlib import Path

import pytest

from dualspike.golden.experiments.paper.kept import (
    TABLES,
    kind_of,
    main,
    rows_of,
    stale,
    tables,
    wrong,
)

DOCS = Path(__file__).parents[4] / "docs"
TEXT = (DOCS / "results.md").read_text("utf-8")
PAGES = [path.read_text("utf-8") for path in sorted(DOCS.glob("*.md"))]
FILES = sorted((DOCS / "results").glob("*.json"))


def test_every_figure_is_what_its_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DOCS)]) == 0, capsys.readouterr().out
    bound = {name for page in PAGES for name, _ in tables(page)}
    assert bound == {f"results/{path.name}" for path in FILES}
    assert sum(len(rows) for _, rows in tables(TEXT)) > 10


def test_any_other_figure_is_found() -> None:
    """Every number of every bound table, changed in its last digit, by itself."""
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith(("| ours |", "| faithful |", "| baseline |", "| arithmetic_")):
            continue
        changed = line.replace("0.0", "0.9", 1)
        if changed != line:
            text = "\n".join([*lines[:number], changed, *lines[number + 1 :]])
            assert len(wrong(text, DOCS)) == 1, line
    gone = TEXT.replace("| faithful | BP |", "| faithful | PB |", 1)
    assert wrong(gone, DOCS) == ["results/hat.json: has no row faithful PB"]


def test_any_other_figure_of_an_online_chip_is_found() -> None:
    """Each table has rows of many sources and widths; a digit of one is another."""
    page = next(one for one in PAGES if "<!-- results/on_chip.json -->" in one)
    row = next(line for line in page.splitlines() if line.startswith("| fixed signs | 12 |"))
    cells = row.split("|")
    for place in range(3, len(cells) - 1):
        digit = next(one for one in cells[place] if one.isdigit())
        other = cells[place].replace(digit, str(9 - int(digit)), 1)
        changed = "|".join([*cells[:place], other, *cells[place + 1 :]])
        assert len(wrong(page.replace(row, changed, 1), DOCS)) == 1, changed


@pytest.mark.parametrize("name", [path.stem for path in FILES if path.stem in TABLES])
def test_any_other_figure_of_a_study_is_found(name: str) -> None:
    """Every cell of its table that is no name."""
    mark = f"<!-- results/{name}.json -->"
    page = next((one for one in PAGES if mark in one), "")
    block = page.partition(mark)[2].strip().partition("\n\n")[0]
    rows = block.splitlines()[2:]
    assert len(rows) > 5
    for row in rows:
        cells = row.split("|")
        for place in range(3, len(cells) - 1):
            digit = next((one for one in cells[place] if one.isdigit()), "")
            if digit:
                other = cells[place].replace(digit, str(9 - int(digit)), 1)
                changed = "|".join([*cells[:place], other, *cells[place + 1 :]])
                assert len(wrong(f"{mark}\n" + block.replace(row, changed), DOCS)) == 1, changed


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_results_are_of_the_preset(path: Path) -> None:
    results = json.loads(path.read_text("utf-8"))
    assert stale(results, path.stem) is None
    assert set(rows_of(results))
    if kind_of(results) == "tune":
        results["settings"]["training"]["directions"] += 1
        assert stale(results, path.stem) == "settings.training.directions was 5, is 4"
        return
    if kind_of(results) in TABLES:
        results["plan"]["seeds"] += 1
        assert stale(results, path.stem) == "plan.seeds was 4, is 3"
        return
    if kind_of(results) == "on-chip":
        results["samples"] += 1
        assert (
            stale(results, path.stem)
            == f"samples was {results['samples']}, is {results['samples'] - 1}"
        )
        return
    if kind_of(results) == "estimator":
        results["settings"]["hat"]["training"]["updates"] = 7
        assert stale(results, path.stem) == "settings.hat.training.updates was 7, is 10000"
        return
    rates = results["settings"]["training"]["rates"]
    rule, rate = next(iter(rates.items()))
    rates[rule] = 7
    assert stale(results, path.stem) == f"training.rates.{rule} was 7, is {rate}"
