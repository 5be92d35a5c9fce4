"""docs/description.md has every key of the model with its range and its default, and no other."""

import re
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from dualspike.model.description.data import Data
from dualspike.model.description.formats import Formats
from dualspike.model.description.hardware import Hardware
from dualspike.model.description.learning import Learning
from dualspike.model.description.network import Network, Section, Surrogate
from dualspike.model.description.operator import Operator
from tests.pages.blocks import ROOT

TEXT = (ROOT / "docs" / "description.md").read_text("utf-8")
SECTIONS: dict[str, type[Section]] = {
    "network": Network,
    "network.surrogate": Surrogate,
    "operator": Operator,
    "learning": Learning,
    "hardware": Hardware,
    "data": Data,
}


class Row(NamedTuple):
    """A key as the page has it."""

    kind: str
    range: str
    default: str


def rows(section: str) -> dict[str, Row]:
    """The keys of a section: of the first table after its name."""
    start = TEXT.index(f"`{section}` is a table" if "." in section else f"## `[{section}]`")
    table = TEXT[TEXT.index("\n| ", start) + 1 :].split("\n\n")[0]
    found: dict[str, Row] = {}
    for line in table.splitlines()[2:]:
        name, *cells = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
        keys = re.findall(r"`(\w+)`", name)
        defaults = cells[2].split("; ") if len(keys) > 1 else [cells[2]]
        for key, default in zip(keys, defaults, strict=True):
            found[key] = Row(cells[0], cells[1], default)
    return found


def accepts(section: type[Section], key: str, value: Any) -> bool:
    """Whether the key may have this value, whatever else is missing or does not go with it."""
    try:
        section.model_validate({key: value})
    except ValidationError as error:
        return not any(one["loc"][:1] == (key,) for one in error.errors())
    return True


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_has_a_row(section: str) -> None:
    keys = set(SECTIONS[section].model_fields) - {"surrogate"}
    assert set(rows(section)) - {"surrogate"} == keys


@pytest.mark.parametrize("section", SECTIONS)
def test_ends_of_ranges_are_those_of_the_model(section: str) -> None:
    model = SECTIONS[section]
    for key, row in rows(section).items():
        spans = re.fullmatch(r"(-?[\d,.]+) to (-?[\d,.]+)", row.range)
        if spans and row.kind in ("whole number", "number"):
            low, high = (float(end.replace(",", "")) for end in spans.groups())
            whole = row.kind == "whole number"
            step = 1 if whole else 1e-3
            ends = [int(end) if whole else end for end in (low, high, low - step, high + step)]
            taken = [accepts(model, key, end) for end in ends]
            assert taken == [True, True, False, False], key
        for choice in re.findall(r'"([\w-]+)"', row.range) if row.kind == "text" else []:
            assert accepts(model, key, choice), (key, choice)


@pytest.mark.parametrize("section", SECTIONS)
def test_defaults_are_those_of_the_model(section: str) -> None:
    model = SECTIONS[section]
    for key, row in rows(section).items():
        default = model.model_fields[key].default
        said = row.default.split(";")[0].strip("`").strip('"').replace(",", "")
        if said == "must be given":
            continue
        if isinstance(default, bool):
            assert (said or "false") in (str(default).lower(), "left out"), key
        elif isinstance(default, int | float):
            assert float(said) == default, key
        elif isinstance(default, str) and said:
            assert said == default, key


def test_formats_have_the_defaults_of_the_model() -> None:
    said = dict(re.findall(r'^\| `(\w+)` \| (?:un)?signed \| `"([su][\d.]+)"` \|', TEXT, re.M))
    assert said
    for key, default in said.items():
        assert str(getattr(Formats(), key)) == default, key
