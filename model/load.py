"""Reading descriptions: TOML files and presets, with one clear line for every mistake."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.geometry import geometry

_KINDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "finite_number": "a finite number",
}


def presets(*below: str) -> dict[str, str]:
    """Name and TOML text of every preset, or of those in the folder ``below`` them."""
    folder = resources.files("dualspike.model").joinpath("presets", *below)
    return {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def preset_text(name: str, *below: str) -> str:
    """TOML text of a preset (see `presets`); BadInput names the known ones."""
    return preset_among(presets(*below), name)


def preset_among(known: dict[str, str], name: str) -> str:
    """The text of that name, in which hyphens may stand for underscores."""
    text = known.get(name.replace("-", "_"))
    if text is None:
        raise BadInput(f"preset must be one of {', '.join(known)}, not {name!r}")
    return text


def load_preset(name: str) -> Description:
    """A preset as a description."""
    return parse(preset_text(name), f"preset {name}")


def load(path: Path) -> Description:
    """Read and check a TOML file; raises BadInput with the file's name in the line."""
    return parse(read_toml(path), str(path))


def parse(text: str, where: str) -> Description:
    """Check a TOML text; ``where`` begins every error line."""
    return describe(tables_of(text, where), where)


def read_toml(path: Path) -> str:
    """The text of a file, unchecked; raises BadInput with the path and the reason."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise BadInput(f"cannot read {path}: {reason}") from error


def tables_of(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text; ``where`` begins the line of a BadInput."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where}: not valid TOML: {error}") from error


def describe(tables: dict[str, Any], where: str) -> Description:
    """Check plain tables; the first mistake becomes one BadInput line."""
    try:
        description = Description.model_validate(tables)
        geometry(description)
    except ValidationError as error:
        raise BadInput(f"{where}: {mistake(error.errors()[0])}") from error
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    return description


def mistake(error: ErrorDetails) -> str:
    """One line for one pydantic error: what, the allowed range, what came."""
    name = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error["loc"]).lstrip(".")
    kind, limits, came = error["type"], error.get("ctx", {}), error["input"]
    if kind == "value_error":
        text = str(limits["error"])
        section = isinstance(came, dict) and not text.startswith("must ")
        return f"{name}.{text}" if section and name else f"{name} {text}".strip()
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        return f"{name} is not a known key"
    if kind == "literal_error":
        return f"{name} must be {limits['expected']}, not {came!r}"
    if kind in _KINDS:
        return f"{name} must be {_KINDS[kind]}, not {came!r}"
    if kind == "string_pattern_mismatch":
        return f"{name} must match {limits['pattern']}, not {came!r}"
    return f"{name}: {error['msg']}, not {came!r}"
