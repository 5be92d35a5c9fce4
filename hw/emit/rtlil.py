r"""Amaranth's RTLIL text made ready for Yosys: every port has a name, equal modules are one.

Amaranth writes a module for every place in the tree, its ports in the order in which their nets
were made. A port is called ``\port$cell$bit`` where no signal of the module has just its bits.
"""

import re
from collections import Counter

_MODULE = re.compile(r"((?:^attribute [^\n]*\n)*)^module (\S+)\n(.*?^end\n)", re.M | re.S)
_PORT = re.compile(
    r"^((?:  attribute .*\n)*)(  wire .* (?:input|output|inout)) \d+ (.*?)(\\\S+)\n", re.M
)
_PART = re.compile(r"^  cell (\\\S+) (\S+\n)((?:    connect .*\n)*)", re.M)
_UNNAMED = re.compile(r"\\port\$\d+\$\d+")
_FEEDS = re.compile(r"^connect \\(\w+)\S* (.*\\port\$.*)", re.M)
_KIND = re.compile(r"^  cell \\kind\$(\d+) ", re.M)


def deduplicate_modules(rtlil: str) -> str:
    """The same hardware in fewer modules, with ports by name; depends on nothing but the text.

    Of modules that differ in nothing but their names the first is kept and stands for the others.
    Parts are compared before wholes, so that whole subtrees meet.
    """
    modules = _MODULE.findall(rtlil)
    names: dict[str, dict[str, str]] = {}
    kinds: dict[str, int] = {}
    kind_of: dict[str, int] = {}
    first: dict[int, str] = {}
    for head, module, body in reversed(modules):
        names[module] = _names(body)
        text = head + _in_order(_renamed(body, names[module], names, kind_of))
        kind_of[module] = kinds.setdefault(text, len(kinds))
        first[kind_of[module]] = module
    texts = {kind: text for text, kind in kinds.items()}
    written: list[str] = []
    for head, module, _ in modules:
        kind = kind_of[module]
        if first[kind] == module:
            body = texts[kind].removeprefix(head)
            body = _KIND.sub(lambda match: f"  cell {first[int(match[1])]} ", body)
            written.append(f"{head}module {module}\n{body}")
    return "\n".join(written)


def _names(body: str) -> dict[str, str]:
    """Old and new name of a module's unnamed ports: by the signal they feed, and a number."""
    feeds: dict[str, str] = {}
    for signal, value in _FEEDS.findall(body):
        for port in _UNNAMED.findall(value):
            feeds.setdefault(port, signal)
    count: Counter[str] = Counter()
    names: dict[str, str] = {}
    for *_, port in _PORT.findall(body):
        if _UNNAMED.fullmatch(port):
            signal = feeds.get(port, "port")
            names[port] = f"\\{signal}.{count[signal]}"
            count[signal] += 1
    return names


def _renamed(
    body: str, own: dict[str, str], names: dict[str, dict[str, str]], kind_of: dict[str, int]
) -> str:
    """A module's text with new names for its ports, and for its parts their kind."""

    def rename(text: str, ports: dict[str, str]) -> str:
        return _UNNAMED.sub(lambda match: ports.get(match[0], match[0]), text)

    pieces: list[str] = []
    done = 0
    for part in _PART.finditer(body):
        kind, name, lines = part.groups()
        if kind in names:
            connections: list[str] = []
            for line in lines.splitlines(keepends=True):
                _, inner, outer = line.split(maxsplit=2)
                connections.append(f"    connect {rename(inner, names[kind])} {rename(outer, own)}")
            pieces.append(rename(body[done : part.start()], own))
            pieces.append(f"  cell \\kind${kind_of[kind]} {name}")
            pieces += sorted(connections)
            done = part.end()
    return "".join(pieces) + rename(body[done:], own)


def _in_order(body: str) -> str:
    """A module's text with its ports in the order of their names."""
    ports = iter(enumerate(sorted(_PORT.findall(body), key=lambda port: port[-1]), 1))

    def line(_: re.Match[str]) -> str:
        number, (attributes, kind, sign, name) = next(ports)
        return f"{attributes}{kind} {number} {sign}{name}\n"

    return _PORT.sub(line, body)
