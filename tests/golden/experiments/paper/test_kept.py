"""Tables of docs/results.md are those of the results.json files next to it."""

import json
from pathlib import Path

import pytest

from dualspike.golden.experiments.paper.kept import main, rows_of, stale, tables, wrong

DOCS = Path(__file__).parents[4] / "docs"
TEXT = (DOCS / "results.md").read_text("utf-8")
FILES = sorted((DOCS / "results").glob("*.json"))


def test_every_figure_is_what_its_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(DOCS) == 0, capsys.readouterr().out
    assert {name for name, _ in tables(TEXT)} == {f"results/{path.name}" for path in FILES}
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_results_are_of_the_preset(path: Path) -> None:
    results = json.loads(path.read_text("utf-8"))
    assert stale(results) is None
    assert set(rows_of(results))
    if results["experiment"] == "estimator":
        results["settings"]["hat"]["training"]["updates"] = 7
        assert stale(results) == "settings.hat.training.updates was 7, is 10000"
        return
    rates = results["columns"]["faithful"]["rates"]
    rule, rate = next(iter(rates.items()))
    rates[rule] = 7
    assert stale(results) == f"columns.faithful.rates.{rule} was 7, is {rate}"
