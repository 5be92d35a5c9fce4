"""Modules written out: a line for each port, declarations, then what the module does."""

from collections.abc import Iterator
from textwrap import wrap

from dualspike.hw.emit.verilog.comments import Comment
from dualspike.hw.emit.verilog.expressions import Expression, Naming, short, written
from dualspike.hw.emit.verilog.modules import (
    Assign,
    Edge,
    Function,
    Initial,
    Instance,
    Module,
    Statement,
    Step,
    Wire,
)
from dualspike.hw.emit.verilog.ports import Meaning, Port, place_of

_WIDTH = 100


class Writer:
    """Writes ``module`` as ``name``, with new ``names`` for all that it declares.

    ``modules`` and ``parts`` have the new names of all modules and of their ports.
    """

    def __init__(
        self,
        module: Module,
        names: dict[str, str],
        modules: dict[str, str],
        parts: dict[str, dict[str, str]],
    ) -> None:
        self._module, self._names, self._modules, self._parts = module, names, modules, parts
        self._naming: Naming = names.__getitem__

    def text(self, comment: Comment, meaning: Meaning | None) -> str:
        """The whole module; beside a port stands its ``meaning``, or else what it carries."""
        module = self._module
        lines = [f"// {line}".rstrip() for line in wrap(comment.text, _WIDTH - 3)]
        lines += [f"module {self._modules[module.name]} (", *self._ports(comment, meaning), ");"]
        inside = [one for one in module.wires.values() if not one.flow]
        lines += [self._declared(one) for one in sorted(inside, key=self._place)]
        if inside:
            lines.append("")
        for one in module.statements:
            lines += self._statement(one)
        return "\n".join([*lines, "endmodule", ""])

    def _place(self, one: Wire) -> tuple[bool, str]:
        return one.words > 0, self._names[one.name]

    def _ports(self, comment: Comment, meaning: Meaning | None) -> list[str]:
        wires = [self._module.wires[name] for name in self._module.ports]
        wires.sort(key=lambda one: place_of(self._names[one.name], out=one.flow == "output"))
        kinds = [f"{one.flow}{' reg' * (one.kind == 'reg')}" for one in wires]
        widths = [f"[{one.bits - 1}:0]" if one.bits > 1 else "" for one in wires]
        kind, width = max(map(len, kinds), default=0), max(map(len, widths), default=0)
        heads = [
            f"  {kinds[n]:{kind}} {widths[n]:>{width}} {self._names[one.name]}"
            + (f" = {short(one.init)}" if one.init else "")
            + ("," if n < len(wires) - 1 else "")
            for n, one in enumerate(wires)
        ]
        room = max(map(len, heads), default=0)
        said = [
            meaning(Port(self._names[one.name], one.flow[:-3], one.bits))
            if meaning
            else comment.ports.get(one.name, "")
            for one in wires
        ]
        return [
            f"{head:{room}}  // {words}" if words else head
            for head, words in zip(heads, said, strict=True)
        ]

    def _declared(self, one: Wire) -> str:
        width = f"[{one.bits - 1}:0] " if one.bits > 1 or one.words else ""
        words = f" [{one.words - 1}:0]" if one.words else ""
        init = f" = {short(one.init)}" if one.init else ""
        return f"  {one.kind} {width}{self._names[one.name]}{words}{init};"

    def _written(self, one: Expression) -> str:
        return written(one, self._naming)

    def _statement(self, one: Statement) -> list[str]:
        if isinstance(one, Assign):
            return _wrapped(f"  assign {self._written(one.target)} = {self._written(one.value)};")
        if isinstance(one, Edge):
            edge, _, signal = one.when.partition(" ")
            head = f"  always @({edge} {self._naming(signal.strip().removeprefix(chr(92)))})"
            steps = list(self._steps(one.steps, "    "))
            return [head, *steps] if len(one.steps) == 1 else [f"{head} begin", *steps, "  end"]
        if isinstance(one, Instance):
            return self._instance(one)
        if isinstance(one, Initial):
            name = self._naming(one.memory)
            words = [f"    {name}[{n}] = {short(word)};" for n, word in enumerate(one.words)]
            return ["  initial begin", *words, "  end"]
        return self._function(one)

    def _function(self, one: Function) -> list[str]:
        name = self._naming(one.name)
        return [line.replace(one.name, name) for line in [f"  {one.lines[0]}", *one.lines[1:]]]

    def _steps(self, steps: list[Step], indent: str) -> Iterator[str]:
        for one in steps:
            if one.target and one.value:
                text = f"{indent}{self._written(one.target)} <= {self._written(one.value)};"
                yield from _wrapped(text)
            else:
                yield from self._choice(one, indent)

    def _choice(self, one: Step, indent: str, before: str = "") -> Iterator[str]:
        assert one.condition
        head = f"{indent}{before}if ({self._written(one.condition)})"
        yield from self._branch(head, one.then, indent)
        if len(one.other) == 1 and one.other[0].condition:
            yield from self._choice(one.other[0], indent, "else ")
        elif one.other:
            yield from self._branch(f"{indent}else", one.other, indent)

    def _branch(self, head: str, steps: list[Step], indent: str) -> Iterator[str]:
        lines = list(self._steps(steps, f"{indent}  "))
        if len(lines) == 1 and len(head) + len(lines[0].strip()) < _WIDTH:
            yield f"{head} {lines[0].strip()}"
        elif len(steps) == 1 and steps[0].target:
            yield from [head, *lines]
        else:
            yield from [f"{head} begin", *lines, f"{indent}end"]

    def _instance(self, one: Instance) -> list[str]:
        ports = self._parts.get(one.module, {port: port for port in one.ports})
        values = [(new, one.ports[port]) for port, new in ports.items()]
        connected = [
            f"    .{port}({self._written(value) if value else ''})" for port, value in values
        ]
        name = self._names[f"instance {one.name}"]
        lines = [f"  {self._modules.get(one.module, one.module)} {one.parameters}{name} ("]
        for text in connected[:-1]:
            lines += _wrapped(f"{text},")
        return [*lines, *_wrapped(connected[-1]), "  );"]


def _wrapped(line: str) -> list[str]:
    """A long line in several, each further in than the first."""
    if len(line) <= _WIDTH:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    lines = wrap(line.strip(), _WIDTH - len(indent) - 2, break_long_words=False)
    return [indent + lines[0], *(f"{indent}  {rest}" for rest in lines[1:])]
