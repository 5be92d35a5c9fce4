"""Writing descriptions: the TOML text that reads back as the same description."""

import json
from typing import Any, cast

from dualspike.model.description import Description


def toml_text(description: Description) -> str:
    """A description as TOML, keys with their default values left out."""
    tables = description.model_dump(exclude_defaults=True)
    return "\n".join(_lines(tables, "")) + "\n"


def _lines(table: dict[str, Any], name: str) -> list[str]:
    lines = [f"[{name}]"] if name else []
    lines += [f"{key} = {_value(v)}" for key, v in table.items() if not isinstance(v, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            inner = cast(dict[str, Any], value)
            lines += ["", *_lines(inner, f"{name}.{key}" if name else key)]
    return lines


def _value(value: Any) -> str:
    """One value; what JSON writes for finite numbers, lists and texts, TOML reads alike.

    But for the character DEL, which TOML wants escaped.
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
