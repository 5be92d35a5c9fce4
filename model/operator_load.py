"""Reading descriptions of operator chips, or of either kind, with one line for every mistake."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.geometry import geometry
from dualspike.model.load import (
    describe,
    mistake,
    preset_among,
    preset_text,
    presets,
    tables_of,
)
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry
from dualspike.model.text import read_text


def load_operator_preset(name: str) -> OperatorDescription:
    """A preset as a description; BadInput names the known ones."""
    return parse_operator(preset_text(name, "operators"), f"preset {name}")


def load_operator(path: Path) -> OperatorDescription:
    """Read and check a TOML file; raises BadInput with the file's name in the line."""
    return parse_operator(read_text(path), str(path))


def parse_operator(text: str, where: str) -> OperatorDescription:
    """Check a TOML text; ``where`` begins every error line."""
    return describe_operator(tables_of(text, where), where)


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


def load_any(path: Path) -> Description | OperatorDescription:
    """Read and check a TOML file of either kind: one with [operator] is an operator chip's."""
    return parse_any(read_text(path), str(path))


def load_any_preset(name: str) -> Description | OperatorDescription:
    """A preset of either kind; BadInput names them all."""
    text = preset_among(presets() | presets("operators"), name)
    return parse_any(text, f"preset {name}")


def parse_any(text: str, where: str) -> Description | OperatorDescription:
    """Check a TOML text of either kind; ``where`` begins every error line."""
    return describe_any(tables_of(text, where), where)


def describe_any(tables: dict[str, Any], where: str) -> Description | OperatorDescription:
    """Check plain tables of either kind, as `parse_any` does."""
    return (describe_operator if "operator" in tables else describe)(tables, where)
