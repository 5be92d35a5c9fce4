"""The C driver that comes with a core, compiled as for a microcontroller, drives its simulation."""

import math
import re
import subprocess
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.api.core_files import words_of
from dualspike.golden.integer.online.chip import OnlineChip
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Matrix
from dualspike.golden.training.fixed_engine import StoredBatch, first_chip
from dualspike.hw.emit.files import companions, software
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.feeds import Feed, feeds_of
from dualspike.model.interface.memory_map import memory_map
from dualspike.testbench.cosim.strain import random_batch, random_inputs
from tests.api.driven import KINDS as DRIVEN
from tests.api.driven import described, library_of
from tests.api.test_golden_vectors import KINDS, WRAPS

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


def filled(feed: Feed, rows: Matrix) -> Matrix:
    """With numbers that have no meaning at the end of every row."""
    rows = rows.reshape(-1, feed.width)
    spare = feed.chunks * feed.simd - feed.width
    return np.concatenate([rows, np.full((len(rows), spare), 77)], axis=1)


def shapes(d: Description) -> str:
    """C of the streams' numbers: bytes of one, numbers of a row, and those that mean something."""
    lines = [
        f"    {{ sizeof(tiny_{one.name}_t), TINY_{one.name.upper()}_ROW, {one.width} }},"
        for one in feeds_of(d)
    ]
    head = ["struct shape {", "    size_t size, row, width;", "};"]
    streams = [f"#define STREAMS {len(lines)}", "static const struct shape shapes[] = {"]
    return "\n".join([*head, *streams, *lines, "};", ""])


def given(d: Description, batches: list[StoredBatch], asked: StoredBatch) -> str:
    """C arrays of what is learned and of what is asked."""
    feeds, lines = feeds_of(d), list[str]()
    if batches:
        lines.append(f"#define BATCHES {len(batches)}")
    if d.classes:
        lines.append(f"#define LABELS {d.basis}")
    lines += [f"#define LANES {d.lanes}", f"#define ASKED {len(asked.inputs[0])}"]
    sizes = [math.prod(one.shape) for one in memory_map(d)]
    lines.append(f"static const uint32_t counts[] = {{ {', '.join(map(str, sizes))} }};")
    for name, some in [("data", batches), ("asked", [asked])]:
        fields: list[str] = []
        turns = zip(*(streamed(one) for one in some), strict=True)
        for feed, rows in zip_longest(feeds, turns):
            fields.append(f"{name}_{feed.name}" if rows else "NULL")
            if rows:
                numbers = filled(feed, np.concatenate(rows)).ravel().tolist()
                words = ", ".join(map(str, numbers))
                lines.append(f"static const tiny_{feed.name}_t {fields[-1]}[] = {{ {words} }};")
        if some:
            lines.append(f"static const tiny_data {name} = {{ {', '.join(fields)} }};")
    return "\n".join([*lines, ""])


def streamed(batch: StoredBatch) -> list[Matrix]:
    """What it has for every stream, those that it has nothing for at the end."""
    inputs = [rows.reshape(-1, rows.shape[-1]) for rows in batch.inputs]
    return [*inputs, *(one for one in (batch.target, batch.scale) if one is not None)]


def run(folder: Path, main: str, library: Path) -> list[str]:
    """What the program prints that a driver in the folder, and a simulation, make with ``main``."""
    compiled = [*C99, "-DTINY_POLLS=50u", "-c", "-fPIC", "tiny_driver.c"]
    subprocess.run(compiled, cwd=folder, check=True)
    sources = [HERE / main, HERE / "driver_port.c", "tiny_driver.o", library]
    program = ["gcc", "-std=c99", *STRICT, "-I.", *sources, "-o", "program"]
    subprocess.run(program, cwd=folder, check=True)
    ran = subprocess.run(["./program"], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def line(name: str, *numbers: object) -> str:
    """Of the program's output."""
    return " ".join(map(str, [name, *numbers]))


def learned(d: Description, chip: IntegerChip, batches: list[StoredBatch]) -> list[str]:
    """What is told of the last of these batches, at half the rate, and of what the chip holds."""
    told = [chip.update(*one.to_learn(1)) for one in batches][-1:]
    lines = [line("learned", one.loss, *one.jvp, one.flags) for one in told]
    return lines + [line("memory", *one.ravel()) for one in chip.memories]


def test_the_driver_loads_learns_and_infers_as_the_model_does(tmp_path: Path) -> None:
    d, library = described("learns"), library_of("learns", tmp_path)
    rng, chip = np.random.default_rng(3), first_chip(d)
    batches = [random_batch(d, rng) for _ in range(2)]
    asked = StoredBatch(random_inputs(d, rng, [5]), None)
    expected = learned(d, chip, batches)
    expected.append(line("results", *chip.infer(asked.inputs).ravel()))
    assert d.passes > 1
    (tmp_path / "shapes.h").write_text(shapes(d))
    (tmp_path / "given.h").write_text(given(d, batches, asked))
    assert run(tmp_path, "driver_main.c", library) == expected


@pytest.mark.parametrize("kind", [kind for kind in DRIVEN if kind != "learns"])
def test_drivers_of_other_kinds_do_so_too(kind: str, tmp_path: Path) -> None:
    """Chips that infer alone, learn classes online from frames, and operators with scales."""
    d = described(kind)
    chip = first_chip(d)
    files = software(d, words_of(chip), None) | companions(d, None, ecp5=False)
    files |= {"shapes.h": shapes(d)}
    library = library_of(kind, tmp_path)
    rng = np.random.default_rng(4)
    batches = [random_batch(d, rng) for _ in range(2 if d.learns else 0)]
    labels = rng.integers(0, d.basis, (3, 1)) if d.classes else None
    inputs = random_inputs(d, rng, [3, *d.batch[1:]])
    expected = learned(d, chip, batches)
    results = chip.infer(inputs)
    expected.append(line("results", *results.ravel()))
    if labels is not None:
        assert isinstance(chip, OnlineChip)
        seen, correct, *matrix = chip.answered(results, labels)
        expected += [line("answers", seen, correct), line("confusion", *matrix)]
    files["given.h"] = given(d, batches, StoredBatch(inputs, labels))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert run(tmp_path, "driver_any.c", library) == expected


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
