"""What Yosys writes, as text that people read."""

from collections.abc import Mapping

from dualspike.hw.emit.verilog.comments import Comment
from dualspike.hw.emit.verilog.folding import fold
from dualspike.hw.emit.verilog.modules import modules_of
from dualspike.hw.emit.verilog.names import Taken, names_of
from dualspike.hw.emit.verilog.ports import Meaning, place_of
from dualspike.hw.emit.verilog.writing import Writer


def readable(verilog: str, comments: Mapping[str, Comment], meaning: Meaning | None) -> str:
    """The same modules, for people: expressions, names, comments, ports in a natural order.

    ``comments`` go by the names of modules in ``verilog``; in the first of them ``meaning`` says
    what stands beside a port. Depends on nothing but its arguments.
    """
    modules = modules_of(verilog)
    taken = Taken()
    called = {one.name: taken.free(one.name) for one in modules}
    names: dict[str, dict[str, str]] = {}
    parts: dict[str, dict[str, str]] = {}
    for one in reversed(modules):
        fold(one)
        new = names[one.name] = names_of(one, parts)
        flows = {port: one.wires[port].flow == "output" for port in one.ports}
        order = sorted(one.ports, key=lambda port: place_of(new[port], out=flows[port]))
        parts[one.name] = {port: new[port] for port in order}
    return "\n".join(
        Writer(one, names[one.name], called, parts).text(
            comments.get(one.name, Comment()), meaning if n == 0 else None
        )
        for n, one in enumerate(modules)
    )
