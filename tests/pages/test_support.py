"""docs/support.md says what the model says, of every option there is."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest

from dualspike.api.engines import EngineName
from dualspike.model.description.hardware import Hardware
from dualspike.model.description.learning import Learning
from dualspike.model.description.network import Network
from tests.pages.blocks import ROOT
from tests.pages.support import ALL, OPTIONS

TEXT = (ROOT / "docs" / "support.md").read_text("utf-8")
SECTIONS = {"network": Network, "learning": Learning, "hardware": Hardware}


def values(annotation: Any) -> Iterator[Any]:
    """The choices that a key has."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)


@pytest.mark.parametrize("name", ALL)
def test_a_table_is_what_the_model_says(name: str) -> None:
    """Where it is not: python -m tests.pages.support prints it."""
    _, after = TEXT.split(f"<!-- support: {name} -->\n")
    assert after.startswith(ALL[name]() + "\n")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_and_choice_has_a_row_or_is_for_all(section: str) -> None:
    rows = {(one.section, one.key) for one in OPTIONS}
    shown = [(one.section, one.key, one.value) for one in OPTIONS]
    for_all = re.search(r"^Without a row.*", TEXT, re.M)
    by_column = {"rule", "every", "feedback_momentum"}
    assert for_all
    for key, field in SECTIONS[section].model_fields.items():
        assert (section, key) in rows or f"`{key}`" in for_all[0] or key in by_column, key
        if key not in by_column:
            for value in values(field.annotation):
                assert (section, key, value) in shown, (key, value)


def test_every_engine_has_a_row() -> None:
    assert re.findall(r"^\| `(\w+)` \| (?:NumPy|the Ver|a board)", TEXT, re.M) == list(EngineName)
