"""Payloads by their fields: nested lists and dictionaries of integers to and from port bits."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amaranth.hdl import Shape, ShapeLike
from amaranth.lib import data

Fields = int | Sequence[Any] | Mapping[str, Any]


def pack(shape: ShapeLike, fields: Fields) -> int:
    """The bits of ``fields`` in a port of ``shape``: a layout, or a plain shape for an integer.

    ValueError where a number does not fit, or where fields are missing or too many.
    """
    if not isinstance(shape, data.Layout):
        return _pack_number(Shape.cast(shape), fields)
    given: dict[Any, Any] = dict(
        fields if isinstance(fields, Mapping) else enumerate(_sequence(fields))
    )
    known = dict(iter(shape))
    if set(given) != set(known):
        raise ValueError(f"fields must be {list(known)}, not {list(given)}")
    bits = 0
    for key, field in known.items():
        bits |= pack(field.shape, given[key]) << field.offset
    return bits


def unpack(shape: ShapeLike, bits: int) -> Any:
    """The fields that `pack` would make ``bits`` of: an int, a list, or a dictionary of them."""
    if not isinstance(shape, data.Layout):
        form = Shape.cast(shape)
        bits &= (1 << form.width) - 1
        negative = form.signed and form.width and bits >> (form.width - 1)
        return bits - (1 << form.width) if negative else bits
    fields = {key: unpack(field.shape, bits >> field.offset) for key, field in shape}
    return list(fields.values()) if isinstance(shape, data.ArrayLayout) else fields


def made(shape: ShapeLike, number: Callable[[Shape], int]) -> Any:
    """Fields of a port of ``shape``, with ``number`` asked for each integer in it."""
    if not isinstance(shape, data.Layout):
        return number(Shape.cast(shape))
    fields = {key: made(field.shape, number) for key, field in shape}
    return list(fields.values()) if isinstance(shape, data.ArrayLayout) else fields


def _pack_number(form: Shape, number: Any) -> int:
    number = int(number)
    lowest = -(1 << (form.width - 1)) if form.signed else 0
    highest = lowest + (1 << form.width) - 1
    if not lowest <= number <= highest:
        raise ValueError(f"number must be in [{lowest}, {highest}], not {number}")
    return number & ((1 << form.width) - 1)


def _sequence(fields: Any) -> Sequence[Any]:
    if isinstance(fields, int):
        raise ValueError(f"fields must be a list or a dictionary, not {fields}")
    return fields
