"""Plain names for Verilog: escaped identifiers become readable ones."""

import re

from dualspike.model.interface.keywords import VERILOG_KEYWORDS

_ESCAPED = re.compile(r"\\(\S+) ")
_PLAIN = re.compile(r"\b[A-Za-z_][A-Za-z0-9_$]*\b")


def plain_names(verilog: str) -> str:
    r"""Rename every escaped identifier, as ``\rows[0]`` or ``\hat.dense_0``, to a plain one.

    Anything but letters, digits and underscores becomes one underscore; where two names would
    meet, a number tells them apart. Depends on nothing but the text.
    """
    taken = set(_PLAIN.findall(verilog)) | VERILOG_KEYWORDS
    names: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        old = match[1]
        if old not in names:
            base = re.sub(r"[^A-Za-z0-9]+", "_", old).strip("_") or "signal"
            base = f"n_{base}" if base[0].isdigit() else base
            new, count = base, 1
            while new in taken:
                count += 1
                new = f"{base}_{count}"
            taken.add(new)
            names[old] = new
        return names[old] + " "

    return _ESCAPED.sub(rename, verilog)
