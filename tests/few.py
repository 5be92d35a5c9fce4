"""Tests with many cases: `make test` runs a few of them, `make thorough` all."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def few(cases: Mapping[str, Any], quick: Iterable[str]) -> list[Any]:
    """A parameter for each case, with its name as id; all but the ``quick`` ones are `long`."""
    names = set(quick)
    assert names < set(cases), sorted(names - set(cases))
    return [
        pytest.param(case, id=name, marks=[] if name in names else [pytest.mark.long])
        for name, case in cases.items()
    ]
