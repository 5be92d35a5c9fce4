"""What goes with what: the tables of docs/support.md, asked of the model.

``python -m tests.pages.support`` prints them as they must stand there.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from dualspike.boards.catalog import BOARDS
from dualspike.hw.soc.soc import WRAPS, check_wrap
from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput

Tables = dict[str, Any]

NETWORK: Tables = {"layers": [2, 4, 4, 2], "time_steps": 4}
BRANCH: Tables = {"layers": [2, 4, 2], "time_steps": 4}
OPERATOR: Tables = {"kind": "deeponet", "parts": [BRANCH, BRANCH]}
ROWS: Tables = {"batch": [4, 4]}
SAMPLE: Tables = {"rule": "online", "every": "sample"}
KINDS: dict[str, Tables] = {
    "rfg": {"network": NETWORK, "learning": {}},
    "online": {"network": NETWORK, "learning": {"rule": "online"}},
    "online by sample": {"network": NETWORK, "learning": SAMPLE},
    "none": {"network": NETWORK, "learning": {"rule": "none"}},
    "operator, rfg": {"operator": OPERATOR, "learning": ROWS},
    "operator, online": {"operator": OPERATOR, "learning": ROWS | SAMPLE},
    "operator, none": {"operator": OPERATOR, "learning": ROWS | {"rule": "none"}},
}
"""Columns: a network and the rule by which it learns."""


class Option(NamedTuple):
    """A row: a key with a value, and what else the description needs for it."""

    section: str  # network (in an operator chip: of every part), learning, hardware or operator
    key: str
    value: Any
    needs: Mapping[str, Tables] = {}

    @property
    def text(self) -> str:
        """As it stands in the table."""
        value = self.value
        if isinstance(value, dict):
            value = ", ".join(f"{key} {one}" for key, one in value.items())  # pyright: ignore[reportUnknownVariableType]
        shown = "true" if value is True else value
        return f"`{self.section}.{self.key}` {shown}"


SPIKES, WHOLE = ({"formats": {"input": one}} for one in ("s1.0", "s4.0"))
PEAK = {"formats": {"surrogate": "u2.6"}}
OPTIONS = [
    *(Option("network", "coding", one) for one in ("direct", "bernoulli", "rate")),
    Option("network", "coding", "frames", WHOLE),
    *(Option("network", "reset", one) for one in ("detached", "attached")),
    *(
        Option("network", "surrogate", {"kind": kind}, PEAK)
        for kind in ("gaussian", "fast_sigmoid", "triangle", "rectangle")
    ),
    *(
        Option("network", "surrogate", {"kind": "stein", "draws": one})
        for one in ("fixed", "fresh")
    ),
    *(Option("network", "leak", one) for one in (0.875, 0.9)),
    *(Option("learning", "scope", one) for one in ("layer", "global")),
    *(Option("learning", "structure", one) for one in ("independent", "factored")),
    Option("learning", "directions", 2),
    Option("learning", "masks", [[0], [1], [1]]),
    Option("learning", "frozen", [0]),
    Option("learning", "layer_shift", "one a layer"),
    Option("learning", "mantissa", "one a layer"),
    *(Option("learning", "rounding", one) for one in ("nearest", "stochastic")),
    Option("learning", "momentum", 4),
    Option("learning", "local", True),
    Option("learning", "floor", 0.5),
    *(Option("learning", "schedule", one) for one in ("host", "chip")),
    *(
        Option("learning", "feedback", one)
        for one in ("forward", "signs", "forward-dfa", "kolen-pollack")
    ),
    *(Option("learning", "loss", one) for one in ("squared", "margin")),
    Option("hardware", "lanes", 1),
    Option("hardware", "skip", True),
    *(Option("hardware", "protection", one) for one in ("none", "parity", "ecc")),
    Option("hardware", "terms", 1),
]


def tables_with(kind: str, option: Option) -> Tables:
    """A description of this kind with the option."""
    tables = deepcopy(KINDS[kind])
    tables |= deepcopy(dict(option.needs))
    value = option.value
    if value == "one a layer":
        layers = 4 if "operator" in tables else 3
        value = [9 if option.key == "mantissa" else 1] * layers
    if option.key == "masks" and "operator" in tables:
        value = [[0], [2], [2]]
    if option.section == "network" and "operator" in tables:
        tables["operator"]["parts"] = [
            part | {option.key: value} for part in tables["operator"]["parts"]
        ]
    else:
        tables[option.section] = tables.get(option.section, {}) | {option.key: value}
    return tables


def goes(kind: str, option: Option) -> str:
    """``yes``, ``no``, or ``-`` where it says nothing: learning of a chip that does not."""
    if option.section == "learning" and KINDS[kind]["learning"].get("rule") == "none":
        return "-"
    try:
        describe(tables_with(kind, option), "test")
    except BadInput:
        return "no"
    return "yes"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Lines of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def options() -> str:
    """Options by kind of chip."""
    rows = [[one.text, *(goes(kind, one) for kind in KINDS)] for one in OPTIONS]
    return table(["option", *KINDS], rows)


def wraps() -> str:
    """Buses by coding."""

    def fits(d: Description, wrap: str) -> str:
        try:
            check_wrap(d, wrap)
        except BadInput:
            return "no"
        return "yes"

    frames = (
        tables_with("online", Option("network", "coding", "frames", one)) for one in (SPIKES, WHOLE)
    )
    chips = [describe(tables, "test") for tables in (KINDS["online"], *frames)]
    rows = [[f"`--wrap {wrap}`", *(fits(d, wrap) for d in chips)] for wrap in WRAPS]
    return table(["buses", "other codings", "frames of s1.0", "wider frames"], rows)


def devices() -> str:
    """FPGAs by what can be asked for them."""
    rows: list[list[str]] = []
    for name, device in DEVICES.items():
        boards = [board for board in BOARDS.values() if board.device_name == name]
        flow = sorted({board.flow for board in boards})
        made = {"open": "a bitstream"}
        nextpnr = "yes" if device.family.name in ("ecp5", "ice40") else "no"
        build = ", ".join(made.get(one, f"a project for {one}") for one in flow)
        rows.append([f"`{name}`", "yes", nextpnr, build or "no board", names(boards)])
    return table(["device", "estimate, `--fit`", "`synth`", "`build`", "boards"], rows)


def names(boards: list[Any]) -> str:
    """Names of boards, in code."""
    return ", ".join(f"`{board.name}`" for board in boards) or "none"


ALL = {"options": options, "wraps": wraps, "devices": devices}

if __name__ == "__main__":
    for name, made in ALL.items():
        print(f"<!-- support: {name} -->\n{made()}")
