import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dualspike.golden.experiments.cost import report as cost_report
from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.cost.report import CostRow, counts, over_bp
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.settings import PaperSettings, load_settings
from dualspike.golden.experiments.runner.study import to_json

Small = Callable[..., PaperSettings]


def test_rows_of_one_experiment(small: Small) -> None:
    rows = counts(small("poisson", directions=3))
    per_reading = [("forward", None), ("BP", None)]
    per_reading += [(rule, k) for k in (1, 3) for rule in ("RFG-L", "RFG-G", "RFG-N")]
    assert [(row.rule, row.directions) for row in rows] == 2 * per_reading
    assert [row.constant for row in rows] == [True] * 8 + [False] * 8
    assert len(counts(small("poisson", directions=1))) == 2 * 5


def test_all_rows_of_a_batch_are_counted(small: Small) -> None:
    """A batch of "all" points costs what the number of points does."""
    assert small("poisson").batch_rows == [8, 9]
    whole = counts(small("poisson", batch=[8, "all"], floor=None))
    assert whole == counts(small("poisson", batch=[8, 9], floor=None))
    assert whole != counts(small("poisson", batch=[8, 8], floor=None))


def test_ratios_are_to_back_propagation_of_the_same_reading() -> None:
    bp, half = (
        Count(8, 4, 2, reads=6, writes=2, kept_values=4),
        Count(4, 2, 1, reads=4, kept_bits=32),
    )
    rows = [
        CostRow("hat", True, "BP", None, bp),
        CostRow("hat", True, "RFG-L", 1, half),
        CostRow("hat", False, "BP", None, bp * 2),
        CostRow("hat", False, "RFG-L", 1, half),
    ]
    ratios = {"multiplications": 0.5, "sparse": 0.5, "dense": 0.5, "traffic": 0.5}
    assert over_bp(rows[1], rows) == ratios | {"kept_bytes": 0.25}
    assert over_bp(rows[3], rows)["dense"] == 0.25
    assert over_bp(rows[0], rows) == dict.fromkeys(over_bp(rows[0], rows), 1.0)


def test_the_papers_claim_beside_the_presets() -> None:
    """One direction costs most of what BP does, wherever it is counted, not a third of it."""
    rows = [row for name in METHODS for row in counts(load_settings(name))]
    ones = [row for row in rows if row.directions == 1]
    assert len(ones) == 3 * 2 * 3
    for row in ones:
        ratio = over_bp(row, rows)
        least, most = (0.6, 1.02) if row.rule == "RFG-N" else (0.75, 1)
        assert least < ratio["sparse"] < 1.05 and least < ratio["dense"] < 1.05
        assert ratio["traffic"] <= most
    # The memory: T-fold wherever BP has to keep traces, nothing where the input is used once.
    hat = next(row for row in ones if row.experiment == "hat")
    assert over_bp(hat, rows)["kept_bytes"] < 0.06
    single = next(row for row in ones if row.experiment == "poisson" and row.constant)
    assert over_bp(single, rows)["kept_bytes"] == 1


def test_results_tables_and_figures(small: Small, tmp_path: Path) -> None:
    rows = [row for name in METHODS for row in counts(small(name, directions=2))]
    results = json.loads(to_json(cost_report.results(rows)))
    assert results["claim"] == pytest.approx(1 / 3)
    assert results["rows"][1]["rule"] == "BP"
    assert results["rows"][1]["count"]["kept_values"] == rows[1].count.kept_values
    assert results["rows"][1]["over_bp"]["dense"] == 1
    lines = cost_report.markdown(rows).splitlines()
    titles = [line for line in lines if line.startswith("## ")]
    assert len(titles) == 6 and titles[0].startswith("## hat: a constant input")
    bp = next(line for line in lines if line.startswith("| BP"))
    assert bp.split("|")[3].strip() == f"{rows[1].count.multiplications / 1000:,.1f}"
    assert len(cost_report.text(rows).splitlines()) == 2 + 3 * 2 * 6
    assert cost_report.draw(rows, tmp_path) == ["cost.png", "cost.pdf"]
    assert (tmp_path / "cost.pdf").read_bytes().startswith(b"%PDF")
    changed = [replace(rows[0], count=rows[1].count), *rows[1:]]
    before = (tmp_path / "cost.png").read_bytes()
    cost_report.draw(changed, tmp_path)
    assert (tmp_path / "cost.png").read_bytes() != before
