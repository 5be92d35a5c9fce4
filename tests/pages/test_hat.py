"""docs/results.md: what ten seeds of the preset hat come to on the chip."""

import re
from statistics import median

import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import train
from dualspike.model.description.load import load_preset, revised
from tests.pages.blocks import ROOT

TEXT = (ROOT / "docs/results.md").read_text("utf-8")
PAPER = 0.0342
TABLE = re.search(r"^\| seed \|(.*)\|\n\|[-|]*\|\n\| rel l2 \|(.*)\|$", TEXT, re.MULTILINE)
assert TABLE
SEEDS, ERRORS = (row.replace("|", " ").split() for row in TABLE.groups())


def test_the_median_and_the_ends_are_those_of_the_table() -> None:
    assert len(SEEDS) == len(ERRORS) == 10
    numbers = [float(one) for one in ERRORS]
    assert max(numbers) < PAPER
    at = TEXT.index(f"a median of {median(numbers):.4f} of ten fresh seeds")
    assert f"({min(ERRORS)} to {max(ERRORS)}" in TEXT[at:][:80]
    assert f"The median is {median(numbers):.4f}, and all ten are below the paper's {PAPER}" in TEXT


@pytest.mark.long
@pytest.mark.parametrize(("seed", "wanted"), list(zip(SEEDS, ERRORS, strict=True)))
def test_a_seed_comes_to_what_its_table_says(seed: str, wanted: str) -> None:
    d = revised(load_preset("hat"), "learning", seed=int(seed))
    assert f"{train(FixedEngine(d), d, load_problem(d)).after:.4f}" == wanted
