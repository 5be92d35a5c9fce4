"""Amaranth's layouts, with signals that are written whole.

Amaranth makes a wire for every field of a signal, nested ones too. Nothing reads them, so that
Yosys takes them out again: they only cost time.
"""

from amaranth.hdl import Format, Value
from amaranth.lib import data


class StructLayout(data.StructLayout):
    """Named fields."""

    def format(self, value: Value, format_spec: str) -> Format:
        """One number."""
        return Format("{}", Value.cast(value))


class ArrayLayout(data.ArrayLayout):
    """Fields by number."""

    def format(self, value: Value, format_spec: str) -> Format:
        """One number."""
        return Format("{}", Value.cast(value))
