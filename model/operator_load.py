"""Reading descriptions of operator chips: TOML files and presets, one line for every mistake."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dualspike.model.errors import BadInput
from dualspike.model.geometry import geometry
from dualspike.model.load import mistake
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry


def operator_presets() -> dict[str, str]:
    """Name and TOML text of every preset of an operator chip."""
    folder = resources.files("dualspike.model").joinpath("presets", "operators")
    return {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def load_operator_preset(name: str) -> OperatorDescription:
    """A preset as a description; BadInput names the known ones."""
    known = operator_presets()
    if name not in known:
        raise BadInput(f"preset must be one of {', '.join(known)}, not {name!r}")
    return parse_operator(known[name], f"preset {name}")


def load_operator(path: Path) -> OperatorDescription:
    """Read and check a TOML file; raises BadInput with the file's name in the line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise BadInput(f"cannot read {path}: {reason}") from error
    return parse_operator(text, str(path))


def parse_operator(text: str, where: str) -> OperatorDescription:
    """Check a TOML text; ``where`` begins every error line."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where}: not valid TOML: {error}") from error
    return describe_operator(tables, where)


def describe_operator(tables: dict[str, Any], where: str) -> OperatorDescription:
    """Check plain tables, every part as a core, and all sums; one BadInput line for a mistake."""
    try:
        description = OperatorDescription.model_validate(tables)
    except ValidationError as error:
        raise BadInput(f"{where}: {mistake(error.errors()[0])}") from error
    for part in range(len(description.parts)):
        try:
            geometry(description.part(part))
        except ValidationError as error:
            line = f"operator.parts[{part}]: {mistake(error.errors()[0])}"
            raise BadInput(f"{where}: {line}") from error
        except BadInput as error:
            raise BadInput(f"{where}: operator.parts[{part}]: {error}") from error
    try:
        product_geometry(description)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    return description
