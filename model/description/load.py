"""Reading descriptions: TOML files and presets, with one clear line for every mistake."""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dualspike.model.description.description import Description
from dualspike.model.description.files.places import read_from
from dualspike.model.errors import BadInput, meant, not_one_of
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import head_sizes
from dualspike.model.system.text import DEPTH, bounded, read_text

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
    "int_parsing_size": "a whole number",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


_MOST_SHOWN = 200

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
# tomllib takes time by the square of the parts of a key: 20,000 are 7 seconds and 1.5 GB.
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEPTH},}}")


def presets() -> dict[str, str]:
    """Name and TOML text of every preset, those of perceptrons first."""
    folder = resources.files("dualspike.model.description").joinpath("presets")
    texts = {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    return dict(sorted(texts.items(), key=lambda one: ("[operator]" in one[1], one[0])))


def preset_text(name: str) -> str:
    """TOML text of a preset, in whose name hyphens may stand for underscores."""
    known = presets()
    text = known.get(name.replace("-", "_"))
    if text is None:
        raise BadInput(not_one_of("preset", known, name))
    return text


def load_preset(name: str) -> Description:
    """A preset as a description."""
    return parse(preset_text(name), f"preset {name}")


def load(path: Path) -> Description:
    """Read and check a TOML file; raises BadInput with the file's name in the line.

    Paths in it count from the folder that the file is in.
    """
    return read_from(parse(read_text(path), str(path)), path.parent)


def parse(text: str, where: str) -> Description:
    """Check a TOML text; ``where`` begins every error line."""
    return describe(tables_of(text, where), where)


def tables_of(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text; ``where`` begins the line of a BadInput."""
    if _LONG_KEY.search(text):
        raise BadInput(f"{where}: keys must have at most {DEPTH} parts, one has more")
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where}: not valid TOML: {error}") from error
    try:
        return bounded(tables)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error


def describe(tables: dict[str, Any], where: str) -> Description:
    """Check plain tables, and all sizes that follow; the first mistake is one BadInput line."""
    try:
        description = Description.model_validate(tables)
    except ValidationError as error:
        raise BadInput(f"{where}: {mistake(_first(error.errors()), tables)}") from error
    for n, part in enumerate(description.parts):
        try:
            geometry(part)
        except BadInput as error:
            raise BadInput(f"{where}: {description.where(n)}{error}") from error
    try:
        head_sizes(description)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    return description


def revised(d: Description, section: str, **keys: Any) -> Description:
    """The same description with other values for keys of a section, checked; None leaves one."""
    given = {key: value for key, value in keys.items() if value is not None}
    if not given:
        return d
    tables = d.model_dump()
    tables[section] |= given
    return describe(tables, "options")


def _first(errors: list[ErrorDetails]) -> ErrorDetails:
    """The first mistake; before a key that is missing one that nobody knows, which may be it."""
    unknown = (error for error in errors if error["type"] == "extra_forbidden")
    return next(unknown, errors[0]) if errors[0]["type"] == "missing" else errors[0]


def mistake(
    error: ErrorDetails,
    tables: Mapping[str, Any] | None = None,
    root: type[BaseModel] | None = None,
) -> str:
    """One line for one pydantic error: what, if it has a name, the allowed range, what came.

    ``tables`` are those of a description, if it is one; ``root`` is what has the keys otherwise.
    """
    return _line(error, tables, root).lstrip()


def _line(
    error: ErrorDetails, tables: Mapping[str, Any] | None, root: type[BaseModel] | None
) -> str:
    place = error["loc"]
    if tables and "network" in tables and place[:3] == ("operator", "parts", 0):
        place = ("network", *place[3:])
    if tables is not None and place == ("operator",) and error["type"] == "missing":
        place = ("network",)
    name = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    kind, limits, came = error["type"], error.get("ctx", {}), error["input"]
    shown = _shown(came)
    if kind == "value_error":
        text = str(limits["error"])
        section = isinstance(came, dict) and not text.startswith("must ")
        return f"{name}.{text}" if section and name else f"{name} {text}"
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        root = Description if tables is not None else root
        known = _keys(error["loc"][:-1], root) if root else []
        return f"{name} is not a known key{meant(str(place[-1]), known)}"
    if kind == "literal_error":
        words = re.findall("'([^']*)'", limits["expected"])
        return f"{name} must be {limits['expected']}, not {shown}{meant(str(came), words)}"
    if kind in _KINDS:
        return f"{name} must be {_KINDS[kind]}, not {shown}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{name} must be {words} {limits[key]}, not {shown}"
    if kind == "string_pattern_mismatch":
        return f"{name} must match {limits['pattern']}, not {shown}"
    return f"{name} must be of another kind, not {shown}"


def _keys(place: tuple[int | str, ...], section: type[BaseModel]) -> list[str]:
    """The keys there are at a place; of a description itself, ``network`` as well."""
    for step in place:
        kind = section.model_fields[step].annotation if isinstance(step, str) else section
        kinds = (kind, *get_args(kind))
        (section,) = (k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return [*section.model_fields, *(["network"] if section is Description else [])]


def _shown(came: object) -> str:
    """A value as Python writes it, cut where it would fill the screen."""
    text = repr(came)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
