"""The C driver that comes with a core, compiled as for a microcontroller, drives its simulation."""

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.api.chip import Chip
from dualspike.api.core_files import words_of
from dualspike.golden.numeric import Matrix
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.emit.files import companions, software
from dualspike.hw.emit.unwrapped import unwrapped
from dualspike.model.description.load import describe
from dualspike.testbench.cosim.simulation import source
from dualspike.testbench.cosim.strain import random_batch, random_inputs
from dualspike.testbench.cosim.verilate import build
from tests.api.test_golden_vectors import KINDS, WRAPS
from tests.api.test_shipping import NET

FRAMES = {"layers": [4, 5, 3], "time_steps": 3, "coding": "frames"}
CODER = {"layers": [4, 5, 3], "time_steps": 3, "coding": "bernoulli"}
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Werror")
C99 = ("gcc", "-std=c99", *STRICT, "-ffreestanding")
CPP = ("g++", "-x", "c++", "-std=c++17", *STRICT, "-ffreestanding")
WRAPPED: dict[str, tuple[dict[str, Any], str]] = {
    "frames": ({"network": FRAMES, "learning": {"rule": "online"}}, "axi"),
    "coder": ({"network": CODER, "learning": {"schedule": "chip"}}, "wishbone"),
}
HERE = Path(__file__).parent


def arrays(**numbers: Matrix) -> str:
    """C arrays of the types of the streams, by name: the stream's and anything after it."""
    text = ""
    for name, rows in numbers.items():
        words = ", ".join(map(str, rows.ravel().tolist()))
        text += f"static const tiny_{name.split('_')[0]}_t {name}[] = {{ {words} }};\n"
    return text


def filled(rows: Matrix, width: int) -> Matrix:
    """With numbers that have no meaning at the end of every row."""
    return np.concatenate([rows, np.full((len(rows), width - rows.shape[1]), 77)], axis=1)


def test_the_driver_loads_learns_and_infers_as_the_model_does(tmp_path: Path) -> None:
    d = describe(NET, "test")
    Chip(d).generate(tmp_path, "axi", baked=True)
    verilog = (tmp_path / "tiny_axi.v").read_text("utf-8") + unwrapped(d, "axi", "tiny")
    library = build(source(d, verilog=verilog), quick=True)
    rng, chip = np.random.default_rng(3), first_chip(d)
    batches = [random_batch(d, rng) for _ in range(2)]
    questions = random_inputs(d, rng, [5])
    expected = [
        f"learned {record.loss} {' '.join(map(str, record.jvp))} {record.flags}"
        for record in [chip.update(*one.to_learn(1)) for one in batches]
    ][-1:]
    expected += [
        f"memory {n} {' '.join(map(str, one.ravel()))}" for n, one in enumerate(chip.memories)
    ]
    expected += [f"results {' '.join(map(str, chip.infer(questions).ravel()))}"]
    assert d.passes > 1

    targets = [one.target for one in batches]
    text = arrays(
        inputs=filled(np.concatenate([one.inputs[0] for one in batches]), 4),
        targets=np.concatenate([one for one in targets if one is not None]),
        inputs_asked=filled(questions[0], 4),
    )
    (tmp_path / "given.h").write_text(text)
    compiled = [*C99, "-DTINY_POLLS=50u", "-c", "-fPIC", "tiny_driver.c"]
    subprocess.run(compiled, cwd=tmp_path, check=True)
    program = ["gcc", "-std=c99", *STRICT, "-I.", HERE / "driver_main.c", "tiny_driver.o", library]
    subprocess.run([*program, "-o", "program"], cwd=tmp_path, check=True)
    ran = subprocess.run(["./program"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == expected


@pytest.mark.parametrize("kind", [*KINDS, *WRAPPED])
def test_a_driver_of_any_kind_is_freestanding_c99_and_also_cpp(kind: str, tmp_path: Path) -> None:
    """With the functions for registers in memory that its head shows."""
    keys, wrap = WRAPPED[kind] if kind in WRAPPED else (KINDS[kind], WRAPS.get(kind))
    d = describe({"name": "tiny", **keys}, "test")
    files = software(d, words_of(first_chip(d)), wrap)
    files["tiny.h"] = companions(d, wrap, ecp5=False)["tiny.h"]
    shown = re.findall(r"^     (\S.*)$", files["tiny_driver.h"].partition("*/")[0], re.MULTILINE)
    assert len(shown) == 4
    files["port.c"] = "\n".join(['#include "tiny_driver.h"', *shown, ""])
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        assert max(map(len, text.splitlines())) < 110 or name.endswith(("weights.h", "tiny.h"))
    for compiler in (C99, CPP):
        command = [*compiler, "-fsyntax-only", "tiny_driver.c", "port.c"]
        subprocess.run(command, cwd=tmp_path, check=True)
    takes = "tiny_infer(" in files["tiny_driver.h"]
    assert takes == (kind != "online, events")
