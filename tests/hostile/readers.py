"""How the product is given a folder of files, and what it makes of them, as text to be compared.

Commands run as a user runs them, but for what is slow and reads no file: pictures, Verilog,
compilers, the training of a study that has its data.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Generator, Sequence
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import typer.main

from dualspike.cli import main
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.experiments.opzo import study as opzo
from dualspike.golden.experiments.runner.processes import Notice
from dualspike.golden.experiments.runner.studies import STUDIES
from dualspike.golden.experiments.runner.study import Study
from dualspike.model.description.description import Description
from dualspike.testbench.cosim import verilate

from .trial import Ended

CORE = verilate.Source("module core; endmodule", "core", (), "")
TIMES = re.compile(r'((?:seconds|updates_per_second)"?:? +|checksum": ")[0-9a-f.e+-]+')
"""Times, and the checksum of what has a time in it."""
ROWS = re.compile(r"^((?:BP|RFG)\b.* )[0-9.]+$", re.MULTILINE)
"""Rows of an experiment's table, which end with seconds."""


class Heard(Exception):
    """What a study was given to train with."""


def said(folder: Path, *words: str) -> str:
    """What a command prints, without the folder's name; raises Ended unless it ends with 0.

    The command runs in the folder; ``@`` at the start of a word, or after ``=``, stands for it.
    """
    given = [re.sub(r"(^|=)@", rf"\1{folder}/", word) for word in words]
    kept = io.BytesIO()
    out = io.TextIOWrapper(kept, "utf-8", write_through=True)
    with redirect_stdout(out), _quick(), chdir(folder):
        status = main(given)
    if status:
        raise Ended(status)
    return _plain(kept.getvalue().decode(), folder)


def written(folder: Path, files: Sequence[str], *words: str) -> str:
    """What a command leaves in these files, and what it prints."""
    told = said(folder, *words)
    return "\n".join([told, *(_text(folder, folder / name) for name in files)])


def heard(folder: Path, data: str) -> str:
    """The samples that ``experiment opzo`` would train with."""
    try:
        said(folder, "experiment", "opzo", "--quick", "--data", data, "-o", "@out")
    except Heard as found:
        return str(found)
    raise AssertionError("experiment opzo has trained")


def built(folder: Path) -> str:
    """The library that a simulator is loaded from, its compilers replaced by `_compiler`."""
    kept = {"DUALSPIKE_CACHE": str(folder / "cache")}
    with patch.dict(os.environ, kept), patch.object(verilate.Tools, "run", _compiler):
        return verilate.build(CORE).read_bytes().hex()


@contextmanager
def _quick() -> Generator[None, None, None]:
    with (
        patch("os.fsync"),
        patch("typer.main.get_command", _commands),
        patch("dualspike.commands.train.run_figure"),
        patch("dualspike.hw.emit.files.core_verilog", _verilog),
        patch.dict(STUDIES, {name: _undrawn(STUDIES[name]) for name in ("hat", "widths")}),
        patch("dualspike.golden.experiments.paper.study.run_processes", _here),
        patch("dualspike.golden.experiments.widths.study.run_processes", _here),
        patch.object(opzo, "planned", _no_study),
    ):
        yield


_commands = cache(typer.main.get_command)
"""The tree of commands, built once: half the time of a short one."""


def _here(tasks: Sequence[Any], work: Any, _jobs: int, _show: Any) -> None:
    for place, task in enumerate(tasks):
        work(task, Notice(place, lambda _: None, lambda: False))


def _verilog(d: Description, **_: object) -> str:
    return f"module {d.name} (\n  input clk\n);\nendmodule\n"


def _undrawn(study: Study[Any]) -> Study[Any]:
    return replace(study, draw=lambda *_: [])


def _no_study(_plan: opzo.OpzoPlan, samples: ClassData, _seeds: int) -> None:
    parts = (samples.train, samples.validation, samples.test)
    arrays = [array for part in parts for array in (part.x, part.labels, np.array(part.unit))]
    raise Heard(" ".join(hashlib.sha256(array.tobytes()).hexdigest() for array in arrays))


def _compiler(tools: verilate.Tools, command: list[str], folder: str = ".") -> None:
    """Writes what each tool would write: all that it was given."""
    work = tools.work / folder
    if "-o" not in command:
        (work / "obj").mkdir()
        (work / "obj" / "Vcore.cpp").write_text("core")
        return
    inputs = [work / word for word in command if word.endswith((".cpp", ".o"))]
    output = work / command[command.index("-o") + 1]
    output.write_bytes(b"".join(file.read_bytes() for file in inputs if file != output))


def _text(folder: Path, file: Path) -> str:
    """A file's content, times left out; that of a NIR file in hexadecimal digits."""
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            return json.dumps({name: arrays[name].tolist() for name in arrays.files})
    content = file.read_bytes()
    return content.hex() if file.suffix == ".nir" else _plain(content.decode(), folder)


def _plain(text: str, folder: Path) -> str:
    return ROWS.sub(r"\1TIME", TIMES.sub(r"\1TIME", text.replace(str(folder), "FOLDER")))
