"""Comments: above modules what the docstrings of components say, beside ports what they carry."""

import inspect
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from amaranth.hdl import Elaboratable, Shape, Signal, ValueCastable
from amaranth.hdl._ir import Design, DesignFragmentInfo  # the version is fixed
from amaranth.lib import data, wiring

_DOCUMENTED = (__name__.partition(".")[0], "amaranth.lib")
_MOST = 80


class Comment(NamedTuple):
    """``text`` of a module, and what ``ports`` carry, by the names that RTLIL has for both."""

    text: str = ""
    ports: Mapping[str, str] = MappingProxyType({})


def comments(design: Design) -> dict[str, Comment]:
    """By module; of components of ours, and of those that come with Amaranth."""
    found: dict[str, Comment] = {}
    for one, fragment in design.elaboratables.items():
        if type(one).__module__.startswith(_DOCUMENTED):
            place = design.fragments[fragment]
            ports = _ports(one, place) if isinstance(one, wiring.Component) else {}
            found[".".join(place.name)] = Comment(_text(one), ports)
    return found


def _text(component: Elaboratable) -> str:
    """Of the docstrings of the file and of the class the first paragraphs."""
    kind = type(component)
    said = [_first(sys.modules[kind.__module__].__doc__), _first(inspect.getdoc(kind))]
    text = " ".join([f"{kind.__name__.strip('_')}:", *filter(None, said)])
    text = re.sub(r"``([^`]+)``", r"'\1'", text)
    return re.sub(r"`(?:[\w.]+\.)?([^`]+)`", r"\1", text)


def _first(docstring: str | None) -> str:
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())


def _ports(component: wiring.Component, place: DesignFragmentInfo) -> dict[str, str]:
    """The fields of each port that has any."""
    ports: dict[str, str] = {}
    for path, member, value in component.signature.flatten(component):
        if isinstance(value, ValueCastable):
            signal = value.as_value()
            name = place.signal_names.get(signal) if isinstance(signal, Signal) else None
            fields = ", ".join(_fields(member.shape))
            if fields:
                # A port that only passes a signal on is called as the member is.
                for key in (name, "__".join(map(str, path))):
                    said = fields if len(fields) <= _MOST else f"{fields[:_MOST]}..."
                    ports.setdefault(key or "", said)
    return ports


def _fields(shape: Any, name: str = "", low: int = 0) -> list[str]:
    """Of what is in a layout the names, bits, and formats, with numbers in front for arrays."""
    if isinstance(shape, data.Layout) and not isinstance(shape, data.ArrayLayout):
        return [
            one
            for key, field in shape
            for one in _fields(field.shape, f"{name}.{key}".strip("."), low + field.offset)
        ]
    counts, inner = "", shape
    while isinstance(inner, data.ArrayLayout):
        counts, inner = f"{counts}{inner.length} x ", inner.elem_shape
    one, high = Shape.cast(inner), low + Shape.cast(shape).width - 1
    form = f"{counts}{'s' if one.signed else 'u'}{one.width}"
    if not name:
        return [form] if counts else []
    return [f"{name}[{high}{f':{low}' * (high > low)}] {form}"]
