"""Lines about mistakes are in our words: pydantic's own never show, whatever is wrong."""

import copy
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, ValidationError

from dualspike.model.description.load import describe, mistake, preset_text
from dualspike.model.errors import BadInput

THEIRS = re.compile(
    r"input should|should (be|have)|valid (int|dict|list|str|num|bool|tup)|extra inputs|required|"
    r"value error|pydantic|unable to|instance of|after validation|_type|parsing",
    re.I,
)
VALUES = [None, True, -1, 1.5, float("nan"), 10**30, "", "x" * 300, [], [None], [[1]], {}, {"a": 1}]


def places(tables: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of all tables, lists and values in them."""
    pairs = tables.items() if isinstance(tables, dict) else enumerate(tables)
    for key, value in pairs:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from places(value, (*before, key))


@pytest.mark.parametrize("preset", ["hat", "poisson"])
def test_no_word_of_pydantic_shows(preset: str) -> None:
    base = describe(tomllib.loads(preset_text(preset)), "test").model_dump()
    refused = 0
    for place in places(base):
        for value in VALUES:
            tables: Any = copy.deepcopy(base)
            at = tables
            for step in place[:-1]:
                at = at[step]
            at[place[-1]] = value
            try:
                describe(tables, "here")
            except BadInput as error:
                line = str(error)
                assert line.startswith("here: ") and "\n" not in line
                assert not THEIRS.search(line.partition(", not ")[0]), line
                refused += 1
    assert refused > 400


class Record(BaseModel):
    """Kinds that files of results have."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    count: NonNegativeInt = 0
    share: PositiveFloat = 1.0
    is_equal: bool = True
    rows: list[list[int]] = []
    pair: tuple[int, int] = (1, 2)
    names: dict[str, str] = {}


@pytest.mark.parametrize("key", Record.model_fields)
def test_nor_where_files_of_results_are_damaged(key: str) -> None:
    for value in (*VALUES, "no", "1" * 5000, -1.0, 0.0):
        try:
            Record.model_validate({key: value})
        except ValidationError as error:
            line = mistake(error.errors()[0], None, Record)
            assert not THEIRS.search(line.partition(", not ")[0]), line
