"""The table that hardware has against that of the golden model, and against known values."""

import random
from fractions import Fraction
from typing import Any

import pytest

from dualspike.golden.integer.surrogate_table import surrogate_table as golden_table
from dualspike.hw.layer.surrogate import surrogate_table
from dualspike.model.description.load import describe
from dualspike.model.description.network import SURROGATES
from dualspike.model.description.part import Part
from dualspike.model.errors import BadInput


def part(seed: int = 1, form: str = "u1.8", **surrogate: Any) -> Part:
    tables = {
        "network": {"layers": [1, 1, 1], "surrogate": surrogate},
        "learning": {"seed": seed},
        "formats": {"surrogate": form},
    }
    return describe(tables, "test").parts[0]


@pytest.mark.parametrize("kind", SURROGATES)
def test_hardware_and_golden_have_the_same_table(kind: str) -> None:
    r, found = random.Random(kind), 0
    for _ in range(60):
        try:
            d = part(
                r.randint(1, 2**32 - 1),
                f"u{r.randint(0, 2)}.{r.randint(1, 20)}",
                kind=kind,
                # Numbers of few bits put values on halves and on the edges of bins.
                sigma=r.choice([r.uniform(0.2, 3), r.randint(1, 24) / 8]),
                samples=r.choice([1, 5, 64]),
                entries=1 << r.randint(1, 8),
                span=1 << r.randint(0, 3),
            )
        except BadInput:
            continue
        half, found = d.network.surrogate.entries // 2, found + 1
        table = surrogate_table(d)
        assert [0, *table[half:], *table[:half], 0] == golden_table(d).tolist()
        assert max(table) <= d.formats.surrogate.highest
    assert found > 30


def test_a_triangle_and_a_rectangle_by_hand() -> None:
    """Bins of 1/4, centres at odd eighths; 1 / sigma = 1 at the middle."""
    triangle = surrogate_table(part(kind="triangle", sigma=1.0, entries=8, span=1))
    assert triangle == [round(256 * Fraction(n, 8)) for n in (7, 5, 3, 1, 1, 3, 5, 7)]
    rectangle = surrogate_table(part(kind="rectangle", sigma=0.625, entries=8, span=1))
    assert rectangle == [205, 205, 0, 0, 0, 0, 205, 205]  # 256 / 1.25 = 204.8; |5/8| is outside
