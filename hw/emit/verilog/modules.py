"""Modules of Verilog as Yosys writes them: declarations, and statements with their expressions."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dualspike.hw.emit.verilog.expressions import TOKEN, Expression, Reader, plain, rebuilt

_MODULE = re.compile(r"^module (\\\S+ |\w+) ?\((.*?)\);\n(.*?)^endmodule\n", re.M | re.S)
_DECLARED = re.compile(
    r"(input|output|wire|reg) (?:\[(\d+):0\] )?(\\\S+ |\w+)(?: = ([^;]+)| ?\[(\d+):0\])?;"
)
_INSTANCE = re.compile(r"(\\\S+ |\w+) ?(#\(.*?\n  \) ?)?(\\\S+ |\w+) ?\(\n(.*)\);", re.S)
_CONNECTED = re.compile(r"^    \.(\\\S+ |\w+) ?\((.*)\),?$", re.M)
_FUNCTION = re.compile(r"function (?:\[(\d+):0\] )?(\w+);")


@dataclass
class Wire:
    """A name of ``bits`` bits; ``flow`` is input, output or empty, ``kind`` wire or reg.

    ``init`` is its value at power-up; a memory has ``words``.
    """

    name: str
    bits: int
    kind: str = "wire"
    flow: str = ""
    init: str = ""
    words: int = 0


Change = Callable[[Expression, int | None], Expression]
"""Something new for a whole expression, and the width of what it is given to, if there is any."""


@dataclass
class Step:
    """Of what happens at an edge: a choice with two branches, or a value given to a target."""

    condition: Expression | None = None
    then: list["Step"] = field(default_factory=list)
    other: list["Step"] = field(default_factory=list)
    target: Expression | None = None
    value: Expression | None = None

    def change(self, change: Change) -> None:
        """Give all that is read here anew."""
        if self.condition:
            self.condition = change(self.condition, None)
        if self.target and self.value:
            self.target = _changed_target(self.target, change)
            self.value = change(self.value, self.target.width)
        for one in (*self.then, *self.other):
            one.change(change)


def _changed_target(target: Expression, change: Change) -> Expression:
    """The address of a word is read as well, and so is that of a part of it."""
    args = [_changed_target(one, change) for one in target.args]
    return rebuilt(target, args, [change(one, None) for one in target.select])


@dataclass
class Assign:
    """``target`` is ``value`` at all times."""

    target: Expression
    value: Expression

    def change(self, change: Change) -> None:
        """Give what is read here anew."""
        self.value = change(self.value, self.target.width)


@dataclass
class Edge:
    """What happens at an edge of a clock, ``when`` as in ``posedge clk``."""

    when: str
    steps: list[Step]

    def change(self, change: Change) -> None:
        """Give all that is read here anew, but for the clock."""
        for one in self.steps:
            one.change(change)


@dataclass
class Instance:
    """A part: ``module``, its ``parameters`` as they are written, and what its ports connect to."""

    module: str
    name: str
    parameters: str
    ports: dict[str, Expression | None]

    def change(self, change: Change) -> None:
        """Give all that the part is connected to anew."""
        self.ports = {name: one and change(one, None) for name, one in self.ports.items()}


@dataclass
class Initial:
    """What a memory holds at power-up, word by word."""

    memory: str
    words: list[str]

    def change(self, _: Change) -> None:
        """Nothing is read here."""


@dataclass
class Function:
    """A choice by the first bit that is 1, as Yosys writes it."""

    name: str
    lines: list[str]

    def change(self, _: Change) -> None:
        """Nothing of the module is read here."""


Statement = Assign | Edge | Instance | Initial | Function


@dataclass
class Module:
    """``ports`` in the order of its first line, ``wires`` all names by themselves."""

    name: str
    ports: list[str]
    wires: dict[str, Wire]
    statements: list[Statement]


def modules_of(verilog: str) -> list[Module]:
    """The modules of a text; ValueError for what is not as Yosys writes it."""
    return [_module(*found) for found in _MODULE.findall(verilog)]


def _module(name: str, ports: str, body: str) -> Module:
    module = Module(plain(name), [plain(one) for one in TOKEN.findall(ports) if one != ","], {}, [])
    texts: list[str] = []
    for text in _split(body):
        found = _DECLARED.fullmatch(text)
        if found is None:
            texts.append(text)
            continue
        kind, top, written, init, last = found.groups()
        wire = module.wires.setdefault(plain(written), Wire(plain(written), int(top or 0) + 1))
        if kind in ("input", "output"):
            wire.flow = kind
        else:
            wire.kind, wire.init, wire.words = kind, init or "", int(last) + 1 if last else 0
    reading = _Reading(module, texts)
    module.statements = [reading.statement(text) for text in texts]
    return module


def _split(body: str) -> Iterator[str]:
    """Statements of a module: what begins two places in goes on until the next such line."""
    lines: list[str] = []
    for line in body.splitlines():
        begins = line[:2] == "  " and line[2:3] not in ("", " ", ")")
        if begins and line not in ("  end", "  endfunction") and lines:
            yield "\n".join(lines)[2:]
            lines = []
        lines.append(line)
    if lines:
        yield "\n".join(lines)[2:]


class _Reading:
    """Statements of one module, whose names and functions are known."""

    def __init__(self, module: Module, texts: list[str]) -> None:
        wires = module.wires.values()
        self._bits = {one.name: one.bits for one in wires if not one.words}
        self._words = {one.name: one.bits for one in wires if one.words}
        found = [_FUNCTION.match(text) for text in texts]
        self._functions = {one[2]: int(one[1] or 0) + 1 for one in found if one}

    def _reader(self, text: str) -> Reader:
        return Reader(TOKEN.findall(text), self._bits, self._words, self._functions)

    def _expression(self, text: str) -> Expression:
        return self._reader(text).expression()

    def statement(self, text: str) -> Statement:
        """One statement, whatever it is."""
        word = text.partition(" ")[0]
        if word == "assign":
            target, _, value = text[7:-1].partition(" = ")
            return Assign(self._expression(target), self._expression(value))
        if word == "always":
            when, _, rest = text.removeprefix("always @(").partition(")")
            reader = self._reader(rest)
            return Edge(when, _steps(reader))
        if word == "initial":
            lines = text.splitlines()[1:-1]
            memory = plain(TOKEN.findall(lines[0])[0])
            return Initial(memory, [line.partition(" = ")[2][:-1] for line in lines])
        function = _FUNCTION.match(text)
        if function:
            return Function(function[2], text.splitlines())
        found = _INSTANCE.fullmatch(text)
        if found is None:
            raise ValueError(f"no statement that Yosys writes: {text[:80]!r}")
        module, parameters, name, inside = found.groups()
        ports = {
            plain(port): self._expression(value) if value else None
            for port, value in _CONNECTED.findall(inside)
        }
        return Instance(plain(module), plain(name), parameters or "", ports)


def _steps(reader: Reader) -> list[Step]:
    """One statement, or those between begin and end."""
    if reader.find("begin"):
        steps: list[Step] = []
        while not reader.find("end"):
            steps += _steps(reader)
        return steps
    if reader.find("if"):
        reader.take("(")
        condition = reader.expression()
        reader.take(")")
        then = _steps(reader)
        return [Step(condition, then, _steps(reader) if reader.find("else") else [])]
    target = reader.target()
    reader.take("<=")
    value = reader.expression()
    reader.take(";")
    return [Step(target=target, value=value)]
