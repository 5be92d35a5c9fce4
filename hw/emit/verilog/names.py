"""Names of modules, ports and wires: plain ones that say where a wire comes from or goes to."""

import re
from collections.abc import Iterable

from dualspike.hw.emit.verilog.expressions import Expression, names_in
from dualspike.hw.emit.verilog.folding import UNNAMED
from dualspike.hw.emit.verilog.modules import Assign, Edge, Function, Instance, Module, Step
from dualspike.model.interface.keywords import VERILOG_KEYWORDS

_NUMBERED = re.compile(r"\$\d+$")
_MADE_BY = {
    "+": "sum", "-": "difference", "*": "product", "&": "and", "|": "or", "^": "xor", "~": "not",
    "!": "not", "==": "equal", "!=": "differs", "<": "below", "<=": "at_most", ">": "above",
    ">=": "at_least", "<<": "shifted", ">>": "shifted", "<<<": "shifted", ">>>": "shifted",
    "choice": "choice", "cat": "bits", "repeat": "copies", "call": "picked",
}  # fmt: skip
"""The end of the name of a wire that has none: what makes it."""


class Taken:
    """Names in use in one place."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {*VERILOG_KEYWORDS, *names}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def free(self, wanted: str) -> str:
        """``wanted`` in letters, digits and underscores; with a number if it is in use."""
        base = wanted
        if re.search(r"\W", wanted):
            base = re.sub(r"[^A-Za-z0-9]+", "_", wanted).strip("_") or "signal"
        base = f"n_{base}" if base[0].isdigit() else base
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name


def plain_names(verilog: str) -> str:
    r"""What Yosys writes, with plain names in place of escaped ones, as ``\rows[0]`` is."""
    taken, names = Taken(re.findall(r"\b[A-Za-z_][\w$]*\b", verilog)), dict[str, str]()

    def rename(match: re.Match[str]) -> str:
        if match[1] not in names:
            names[match[1]] = taken.free(match[1])
        return names[match[1]] + " "

    return re.sub(r"\\(\S+) ", rename, verilog)


def names_of(module: Module, parts: dict[str, dict[str, str]]) -> dict[str, str]:
    """Old name and new of all that ``module`` declares; depends on nothing but the text.

    A name of its own stays, as far as it is one of Verilog. A number that Amaranth gave to tell two
    signals apart goes: such a wire is called after the part and the port that it comes from or goes
    to, one without a name after what it is made into, and by which operator; a port by its own name
    if no other has it. ``parts`` has the new names of the ports of other modules.
    """
    instances = [one for one in module.statements if isinstance(one, Instance)]
    ends = _ends(instances, parts) | _memory_ends(module)
    taken, names = Taken(), dict[str, str]()
    inside = [one for one in module.wires if one not in module.ports]
    for wire in sorted(module.ports, key=_is_numbered):
        bare = _NUMBERED.sub("", wire)
        names[wire] = taken.free(ends.get(wire, bare) if bare in taken else bare)
    for one in instances:
        names[f"instance {one.name}"] = taken.free(one.name)
    for wire in sorted(inside, key=_is_numbered):
        if not UNNAMED.fullmatch(wire):
            bare = _NUMBERED.sub("", wire)
            given = _is_numbered(wire) or wire in taken
            names[wire] = taken.free(ends.get(wire, bare) if given else bare)
    sinks = _Sinks(module, names, ends)
    for wire in module.wires:
        if wire not in names:
            names[wire] = taken.free(sinks.name(wire))
    for one in module.statements:
        if isinstance(one, Function):
            names[one.name] = taken.free(f"{sinks.base(one.name)}_pick")
    return names


def _is_numbered(name: str) -> bool:
    return name[0] == "$" or bool(_NUMBERED.search(name))


def _ends(instances: list[Instance], parts: dict[str, dict[str, str]]) -> dict[str, str]:
    """For each wire the first port of a part that is the whole of it."""
    ends: dict[str, str] = {}
    for one in instances:
        for port, value in one.ports.items():
            if value and value.kind == "name" and not value.select:
                name = parts.get(one.module, {}).get(port, port)
                ends.setdefault(value.text, f"{one.name}__{name}")
    return ends


def _memory_ends(module: Module) -> dict[str, str]:
    """For each wire what it is to a memory."""
    memories = {one.name for one in module.wires.values() if one.words}
    ends: dict[str, str] = {}

    def note(one: Expression | None, name: str) -> None:
        if one and one.kind == "name" and not one.select:
            ends.setdefault(one.text, name)

    def read(target: Expression, value: Expression) -> None:
        if value.text in memories and value.select:
            note(target, f"{value.text}__word")
            note(value.select[0], f"{value.text}__read_addr")

    def walk(steps: list[Step], condition: Expression | None) -> None:
        for one in steps:
            if one.target and one.value:
                whole = one.target.args[0] if one.target.args else one.target
                if whole.text in memories:
                    note(condition, f"{whole.text}__write_en")
                    note(whole.select[0], f"{whole.text}__write_addr")
                    note(one.value, f"{whole.text}__write_data")
                read(one.target, one.value)
            walk(one.then, one.condition)
            walk(one.other, None)

    for one in module.statements:
        if isinstance(one, Assign):
            read(one.target, one.value)
        elif isinstance(one, Edge):
            walk(one.steps, None)
    return ends


class _Sinks:
    """What wires without a name are made into."""

    def __init__(self, module: Module, names: dict[str, str], ends: dict[str, str]) -> None:
        self._names, self._ends = names, ends
        self._made = {
            one.target.text: one.value for one in module.statements if isinstance(one, Assign)
        }
        self._into: dict[str, tuple[str, str]] = {}
        self._seen: set[str] = set()
        for one in module.statements:
            if isinstance(one, Assign):
                self._note(one.value, one.target.text)
                for part in one.target.args[1:]:
                    self._note(part, one.target.args[0].text, "rest")
            elif isinstance(one, Instance):
                for port, value in one.ports.items():
                    if value:
                        self._note(value, f"{one.name}__{port}")
            elif isinstance(one, Edge):
                self._walk(one.steps)

    def _note(self, value: Expression, sink: str, end: str = "") -> None:
        for name in names_in(value):
            known = self._into.get(name)
            if known is None or (UNNAMED.fullmatch(known[0]) and not UNNAMED.fullmatch(sink)):
                self._into[name] = sink, end if value.text == name else ""

    def _walk(self, steps: list[Step]) -> None:
        for one in steps:
            if one.condition:
                self._note(one.condition, _first_target(one), "enable")
            if one.target and one.value:
                self._note(one.value, one.target.text or one.target.args[0].text, "next")
            self._walk(one.then)
            self._walk(one.other)

    def base(self, wire: str) -> str:
        """The name of the first thing with one that is made of ``wire``."""
        while wire not in self._names:
            if wire in self._seen or wire not in self._into:
                return "part"
            self._seen.add(wire)
            wire = self._into[wire][0]
            if "__" in wire and wire not in self._names and wire not in self._into:
                return wire
        self._seen.clear()
        return self._names[wire]

    def name(self, wire: str) -> str:
        """A name for ``wire``: of what it is made into, and what it is to that or is made by."""
        self._seen.clear()
        if wire in self._ends:
            return self._ends[wire]
        made = self._made.get(wire)
        end = self._into.get(wire, ("", ""))[1]
        if not end and made:
            end = _MADE_BY.get(made.text if made.kind in ("unary", "binary") else made.kind, "")
        return f"{self.base(wire)}_{end or 'part'}"


def _first_target(step: Step) -> str:
    while not step.target:
        step = (step.then or step.other)[0]
    return step.target.text or step.target.args[0].text
