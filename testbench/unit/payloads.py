"""Payloads by their fields: nested lists and dictionaries of integers to and from port bits."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amaranth.hdl import Shape, ShapeLike
from amaranth.lib import data

Fields = int | Sequence[Any] | Mapping[str, Any]


class Codec:
    """Fields of one shape to and from bits.

    What the shape says is looked up once: a bench packs and unpacks in every cycle.
    """

    def __init__(self, shape: ShapeLike) -> None:
        self.width = Shape.cast(shape).width
        self._parts: dict[Any, tuple[int, Codec]] | None = None
        if isinstance(shape, data.Layout):
            self._parts = {key: (field.offset, Codec(field.shape)) for key, field in shape}
            self._array = isinstance(shape, data.ArrayLayout)
        else:
            form = Shape.cast(shape)
            self._mask = (1 << form.width) - 1
            self._lowest = -(1 << (form.width - 1)) if form.signed else 0
            self._highest = self._lowest + self._mask

    def pack(self, fields: Fields) -> int:
        """The bits of ``fields``: nested as the layout is, an integer for a plain shape.

        ValueError where a number does not fit, or where fields are missing or too many.
        """
        if self._parts is None:
            return self._pack_number(fields)
        given: Any = fields
        if not isinstance(fields, Mapping):
            given = dict(enumerate(_sequence(fields)))
        if given.keys() != self._parts.keys():
            raise ValueError(f"fields must be {list(self._parts)}, not {list(given)}")
        bits = 0
        for key, (offset, part) in self._parts.items():
            bits |= part.pack(given[key]) << offset
        return bits

    def unpack(self, bits: int) -> Any:
        """The fields that `pack` makes ``bits`` of: an int, or lists and dictionaries of them."""
        if self._parts is None:
            number = bits & self._mask
            return number - self._mask - 1 if number > self._highest else number
        if self._array:
            return [part.unpack(bits >> offset) for offset, part in self._parts.values()]
        return {key: part.unpack(bits >> offset) for key, (offset, part) in self._parts.items()}

    def _pack_number(self, number: Any) -> int:
        number = int(number)
        if not self._lowest <= number <= self._highest:
            raise ValueError(f"number must be in [{self._lowest}, {self._highest}], not {number}")
        return number & self._mask


def pack(shape: ShapeLike, fields: Fields) -> int:
    """`Codec.pack` of one payload."""
    return Codec(shape).pack(fields)


def unpack(shape: ShapeLike, bits: int) -> Any:
    """`Codec.unpack` of one payload."""
    return Codec(shape).unpack(bits)


def made(shape: ShapeLike, number: Callable[[Shape], int]) -> Any:
    """Fields of a port of ``shape``, with ``number`` asked for each integer in it."""
    if not isinstance(shape, data.Layout):
        return number(Shape.cast(shape))
    fields = {key: made(field.shape, number) for key, field in shape}
    return list(fields.values()) if isinstance(shape, data.ArrayLayout) else fields


def _sequence(fields: Any) -> Sequence[Any]:
    if isinstance(fields, int):
        raise ValueError(f"fields must be a list or a dictionary, not {fields}")
    return fields
