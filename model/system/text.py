"""Text from outside, whatever system wrote it, and JSON in it: bounded before it is used."""

import json
from pathlib import Path
from typing import Any, cast

from dualspike.model.errors import BadInput

MOST = 1 << 20
"""Characters of a text."""

DEPTH = 32
"""Tables and lists within one another."""

BITS = 1023
"""Of a whole number: what a float can still hold."""


def read_text(path: Path) -> str:
    """The UTF-8 text of a file, lines ended in any system's way; a mark at its start is left out.

    Raises BadInput with the path for a file that cannot be read, and for more than ``MOST``
    characters.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MOST + 1)
    except UnicodeDecodeError as error:
        raise BadInput(f"cannot read {path}: not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"cannot read {path}: {reason}") from error
    if len(text) > MOST:
        raise BadInput(f"{path} must be a text of at most {MOST} characters, it has more")
    return text


def parse_json(text: str) -> Any:
    """What a JSON text says; raises ValueError for anything that is not, and as `bounded` does."""
    try:
        content = bounded(json.loads(text))
    except RecursionError:
        raise BadInput(_TOO_DEEP) from None
    json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair cannot be printed
    return content


def bounded(content: Any) -> Any:
    """Plain data as they are.

    Raises BadInput for tables and lists more than ``DEPTH`` deep, which no recursion survives, and
    for whole numbers of more than ``BITS`` bits, which neither become floats nor print.
    """
    level, depth = [content], 0
    while level:
        depth += 1
        if depth > DEPTH + 1:
            raise BadInput(_TOO_DEEP)
        for value in level:
            if isinstance(value, int) and value.bit_length() > BITS:
                raise BadInput(
                    f"whole numbers must have at most {BITS} bits, not {value.bit_length()}"
                )
        level = [inner for value in level for inner in _inside(value)]
    return content


_TOO_DEEP = f"tables and lists must be at most {DEPTH} deep"


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(cast(dict[str, Any], value).values())
    return cast(list[Any], value) if isinstance(value, list) else []
