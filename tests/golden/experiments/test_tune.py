"""Tuning: the same grid for all, edges that are extended, seeds of its own, no test samples."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from dualspike.golden.experiments.paper.settings import PaperSettings, load_settings
from dualspike.golden.experiments.tune import study
from dualspike.golden.experiments.tune.report import STUDY
from dualspike.golden.experiments.tune.study import GRID, LADDER, MOST, Tuning, beyond, rules_of


@pytest.mark.parametrize("best", [LADDER[3], LADDER[5], GRID[0], GRID[1], GRID[-1], LADDER[-4]])
def test_edges_are_extended_until_the_best_lies_inside(best: float) -> None:
    """Or until there are as many rates as may be tried; errors fall towards the best one."""
    tried: dict[float, float] = {}
    while rates := beyond(tried):
        assert not set(rates) & set(tried)
        tried |= {rate: abs(math.log(rate / best)) for rate in rates}
    assert list(GRID) == list(tried)[: len(GRID)] and len(tried) <= MOST
    found = Tuning(load_settings("hat"), (101,), {("ours", "BP"): tried})
    inside = best >= LADDER[5]
    assert found.inside(("ours", "BP")) == inside
    assert (found.best(("ours", "BP")) == best) or not inside


def test_of_equals_the_lowest_and_what_diverged_is_the_worst() -> None:
    tried = {1e-3: 0.2, 3e-3: 0.1, 1e-2: 0.1, 3e-2: math.inf}
    found = Tuning(load_settings("hat"), (101,), {("ours", "BP"): tried})
    assert found.best(("ours", "BP")) == 3e-3 and found.inside(("ours", "BP"))
    assert "| ours | BP | 0.003 | 0.1000 | yes | 0.001, 0.003, 0.01, 0.03 |" in STUDY.table(found)
    assert STUDY.results(found)["rules"][0]["errors"]["0.03"] is None


def test_every_column_has_the_rules_that_it_has_rates_for() -> None:
    rules = rules_of(load_settings("hat"), ["ours", "faithful"])
    assert rules[-3:] == [("faithful", rule) for rule in ("BP", "RFG-L", "RFG-G")]
    assert len(rules) == 5 + 3


def test_a_small_one(
    small: Callable[..., PaperSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of seed 101 alone, with a rate in their names; the same again finds all of them."""
    tables = small("hat", updates=6).model_dump()
    tables["training"]["rates"] = dict.fromkeys(("BP", "RFG-L", "RFG-G"), 1e-3)
    settings = PaperSettings.model_validate(tables)
    monkeypatch.setattr(study, "load_settings", lambda _: settings)
    monkeypatch.setattr(study, "GRID", (1e-2, 3e-2))
    monkeypatch.setattr(study, "MOST", 3)

    def carried_out() -> dict[str, Any]:
        shown: list[int] = []
        options = {"columns": "ours", "seeds": 1, "jobs": 1}
        found, _, files = STUDY.carry_out(
            options, tmp_path, lambda _: nullcontext(lambda done, __: shown.append(done))
        )
        assert files == ["results.json", "table.md", "tune.png", "tune.pdf"]
        return found | {"ran": bool(shown)}

    found = carried_out()
    assert [rule["rule"] for rule in found["rules"]] == ["BP", "RFG-L", "RFG-G"]
    assert found["seeds"] == [101] and all(2 <= len(rule["errors"]) <= 3 for rule in found["rules"])
    names = {path.name for path in (tmp_path / "runs").iterdir()}
    assert "ours_0.01-BP-101.npz" in names and all(name.endswith("-101.npz") for name in names)
    assert carried_out() == found | {"ran": False}
