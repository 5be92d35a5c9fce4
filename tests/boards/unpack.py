"""What an ECP5 bitstream says of its pins, found again from its bits with Project Trellis.

``ecpunpack`` turns a bitstream into text: for every tile the settings of its cells. The four cells
of a pin group on the left or the right edge are set in the tile below them, those on the bottom or
the top edge in the tile of their own column or the next one, as nextpnr has it.
"""

import json
import re
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dualspike.boards.flow.tools import UNPACK, run

_TILE = re.compile(r"^\.tile \w+_R(\d+)C(\d+):(\w+)$")
_SETTING = re.compile(r"^enum: PIO([A-D])\.(\w+) (\S+)$")
_PLL = re.compile(r"^word: (\w+_DIV) ([01]+)$")


@dataclass(frozen=True)
class Site:
    """One pin that is in use: its direction, and the strength or pull where they are set."""

    direction: str
    drive: str | None
    pull: str | None


def unpacked(bitstream: bytes) -> str:
    """The text of ``ecpunpack``; RuntimeError where it finds no bitstream."""
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        (Path(name) / "in.bit").write_bytes(bitstream)
        run(UNPACK, ["--input", "in.bit", "--textcfg", "out.config"], Path(name))
        return (Path(name) / "out.config").read_text("utf-8")


def sites(text: str, device: str, package: str) -> dict[str, Site]:
    """The pins in use by their names on the package, from the text of a bitstream."""
    pads = _pads(device, package)
    found: dict[str, dict[str, str]] = {}
    for row, column, kind, lines in _tiles(text):
        for line in lines:
            setting = _SETTING.match(line)
            if setting and (pin := pads.get(_pad_of(row, column, kind, setting[1]))):
                found.setdefault(pin, {})[setting[2]] = setting[3]
    return {
        pin: Site(has["BASE_TYPE"].split("_")[0], has.get("DRIVE"), has.get("PULLMODE"))
        for pin, has in found.items()
        if "BASE_TYPE" in has
    }


def dividers(text: str) -> dict[str, int]:
    """The dividers of the PLL in use, by parameter; the bits hold one less."""
    return {
        found[1]: int(found[2], 2) + 1 for line in text.splitlines() if (found := _PLL.match(line))
    }


def _tiles(text: str) -> list[tuple[int, int, str, list[str]]]:
    found: list[tuple[int, int, str, list[str]]] = []
    for line in text.splitlines():
        tile = _TILE.match(line)
        if tile:
            found.append((int(tile[1]), int(tile[2]), tile[3], []))
        elif found:
            found[-1][3].append(line)
    return found


def _pad_of(row: int, column: int, kind: str, letter: str) -> tuple[int, int, str] | None:
    """Where the cell is that this tile sets, if the tile sets cells of this letter."""
    if kind.startswith(("PICL1", "PICR1")):
        return row - 1, column, letter
    if re.search(r"PI(CB|OT)0", kind) and letter == "A":
        return row, column, letter
    if re.search(r"PI(CB|OT)1", kind) and letter == "B":
        return row, column - 1, letter
    return None


def _pads(device: str, package: str) -> dict[tuple[int, int, str] | None, str]:
    """Pin names by row, column and letter, from the database that comes with nextpnr."""
    spec = find_spec(UNPACK[0])
    assert spec and spec.origin
    database = Path(spec.origin).parent / "share" / "trellis" / "database" / "ECP5"
    packages: dict[str, Any] = json.loads((database / device / "iodb.json").read_text("utf-8"))
    pins = packages["packages"][package]
    return {(pin["row"], pin["col"], pin["pio"]): name for name, pin in pins.items()}
