"""Perceptron or operator network: how a description says which, and keys that only one kind has."""

from typing import Any, cast

from pydantic import BaseModel

from dualspike.model.description.data import OF_FILES
from dualspike.model.description.network import Section

OF_NETWORKS = (
    *(("learning", "local"), ("hardware", "lanes"), ("hardware", "skip")),
    *(("data", key) for key in ("folder", *OF_FILES, "tested")),
)
OF_OPERATORS = (
    *(("formats", name) for name in ("factor", "error", "cotangent", "scale")),
    *(("learning", "floor"), ("hardware", "terms"), ("data", "length")),
)
"""Keys, with their sections, that only one kind of chip has."""

OPERATOR_DEFAULTS: dict[tuple[str, ...], str | int] = {
    ("name",): "dualspike_operator",
    ("learning", "updates"): 20000,
    ("data", "source"): "poisson",
}
"""Defaults of operator networks, where they are not those of perceptrons."""

OF_ONLINE = (("formats", "error"), ("formats", "cotangent"))
"""Those of them that a network with the online learner has too."""

ONLINE_DEFAULTS: dict[tuple[str, ...], str | int] = {
    ("network", "surrogate", "kind"): "rectangle",
    ("formats", "weight"): "s2.9",
    ("formats", "membrane"): "s4.12",
    ("formats", "tangent"): "s7.8",
    ("formats", "input"): "s1.8",
    ("formats", "target"): "s1.12",
    ("formats", "error"): "s1.8",
    ("formats", "cotangent"): "s5.8",
}
"""Defaults of networks with the online learner, where they are not those of the others."""

SAMPLE_DEFAULTS: dict[tuple[str, ...], str | int] = {("formats", "cotangent"): "s5.12"}
"""Defaults of those that change once a sample: but for this one they are those of rfg."""

ROW_DEFAULTS: dict[tuple[str, ...], str | int] = {("formats", "cotangent"): "s5.15"}
"""The same of operator networks, which change once for every row."""

FRAMES_DEFAULTS: dict[tuple[str, ...], str | int] = {("formats", "input"): "s1.0"}
"""And those of networks whose inputs come over time."""

Tables = dict[str, Any]


def unified(tables: Any) -> Any:
    """The tables with ``operator`` in any case: a ``network`` is an mlp of one part.

    Defaults that only operator networks have are filled in. Raises ValueError for tables with both;
    those with neither stay as they are, and the validation tells what is missing.
    """
    if not isinstance(tables, dict):
        return tables
    given = {name: one for name, one in cast(Tables, tables).items() if one is not None}
    if "network" in given:
        if "operator" in given:
            raise ValueError("network must be left out where there is an operator")
        for (*path, key), value in _defaults(given).items():
            _fill(given, path, key, value)
        network = given.pop("network")
        return {**given, "operator": {"kind": "mlp", "parts": [network]}}
    if "operator" not in given:
        return given
    _refuse_mlp(given["operator"])
    for (*path, key), value in _defaults(given).items():
        _fill(given, path, key, value)
    return given


def _refuse_mlp(operator: Any) -> None:
    if not isinstance(operator, dict):
        return
    described = cast(Tables, operator)
    parts = described.get("parts")
    one = isinstance(parts, list) and len(cast(list[Any], parts)) == 1
    if one and described.get("kind", "mlp") == "mlp":
        raise ValueError(
            "operator.kind must be deeponet or seponet, not mlp: describe it as [network]"
        )


def _defaults(tables: Tables) -> dict[tuple[str, ...], str | int]:
    """Defaults that the kind of chip has and others have not."""
    online = _given(tables, "learning", "rule") == "online"
    if "operator" in tables:
        return OPERATOR_DEFAULTS | (ROW_DEFAULTS if online else {})
    frames = _given(tables, "network", "coding") == "frames"
    by_sample = _given(tables, "learning", "every") == "sample"
    own = SAMPLE_DEFAULTS if by_sample else ONLINE_DEFAULTS
    return (own if online else {}) | (FRAMES_DEFAULTS if frames else {})


def _given(tables: Tables, section: str, key: str) -> object:
    """What a section says, None where it does not."""
    given = tables.get(section)
    if isinstance(given, Section):
        return getattr(given, key, None)
    return cast(Tables, given).get(key) if isinstance(given, dict) else None


def _fill(tables: Tables, path: list[str], key: str, value: Any) -> None:
    """Put a default where nothing is given; never into the tables of the caller."""
    for name in path:
        given = tables.get(name, {})
        if isinstance(given, Section):
            given = given.model_dump(exclude_unset=True)
        if not isinstance(given, dict):
            return
        tables[name] = tables = {**cast(Tables, given)}
    tables.setdefault(key, value)


def of_others(*, mlp: bool, online: bool) -> list[tuple[str, str]]:
    """Keys, with their sections, that only other kinds of chip have."""
    others = OF_OPERATORS if mlp else OF_NETWORKS
    return [key for key in others if not (mlp and online and key in OF_ONLINE)]


def plain(tables: Tables, *, mlp: bool, online: bool) -> Tables:
    """What was dumped of a description, as its kind is written: see `unified`."""
    if mlp:
        tables = {{"operator": "network"}.get(name, name): one for name, one in tables.items()}
        tables["network"] = tables["network"]["parts"][0]
    for section, key in of_others(mlp=mlp, online=online):
        tables.get(section, {}).pop(key, None)
    return {name: one for name, one in tables.items() if one != {}}


def without_defaults(description: BaseModel) -> Tables:
    """The tables of a description, in which keys that its kind has by default are left out."""
    tables, whole = description.model_dump(exclude_defaults=True), description.model_dump()
    for (*path, key), default in _defaults(tables).items():
        value, place = whole, tables
        for name in path:
            value, place = value[name], place.setdefault(name, {})
        place.pop(key, None)
        if value[key] != default:
            place[key] = value[key]
    return {name: one for name, one in tables.items() if one != {}}


def check_keys(description: Any, *, mlp: bool, online: bool) -> None:
    """ValueError for a key that only the other kind of chip has."""
    for section, key in of_others(mlp=mlp, online=online):
        if key in getattr(description, section).model_fields_set:
            here, there = ("network", "operator") if mlp else ("operator", "network")
            raise ValueError(f"{section}.{key} must be left out with [{here}]: it is for [{there}]")
