"""Writing descriptions: the TOML text that reads back as the same description."""

import json
from pathlib import Path
from typing import Any, cast

from dualspike.model.description.description import Description
from dualspike.model.description.files.places import written_to
from dualspike.model.description.kinds import without_defaults


def toml_text(description: Description, folder: Path | None = None) -> str:
    """A description as TOML, keys with their default values left out.

    Paths in it count from the ``folder`` that it is to be in; left out, they stay as they are.
    """
    if folder is not None:
        description = written_to(description, folder)
    tables = without_defaults(description)
    return "\n".join(_lines(tables, "")) + "\n"


def _lines(table: dict[str, Any], name: str) -> list[str]:
    """The plain values of a table, then the tables in it and those in its lists."""
    plain, inner = list[str](), list[str]()
    for key, value in table.items():
        full = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            inner += ["", f"[{full}]", *_lines(cast(dict[str, Any], value), full)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for one in cast(list[dict[str, Any]], value):
                inner += ["", f"[[{full}]]", *_lines(one, full)]
        else:
            plain.append(f"{key} = {_value(value)}")
    return plain + inner


def _value(value: Any) -> str:
    """One value; what JSON writes for finite numbers, lists and texts, TOML reads alike.

    But for the character DEL, which TOML wants escaped.
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
