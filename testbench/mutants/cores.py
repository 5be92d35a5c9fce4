"""Mutants of whole small cores, one of each learner, before a short co-simulation.

One build of a core has all its mutants, a C function chooses which is there, and each is tried in a
process of its own that this one forks: a mutant may end it, or never end.
"""

import ctypes
import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.chip.core import Core as Chip
from dualspike.hw.emit.generate import plain_verilog
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import NoAnswer
from dualspike.model.interface.identity import config_word
from dualspike.testbench.cosim.compare import compare_update
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.strain import random_batch, strain
from dualspike.testbench.cosim.verilate import build
from dualspike.testbench.mutants.campaign import STOPPED, Outcome, digest, standing
from dualspike.testbench.mutants.planting import NONE, plant

CORE_COUNT = 80
"""Mutants of each core."""
UPDATES = 12
_SECONDS = 60
_STALL = 90
_CHOICE = """#include <cstdint>
static uint32_t chosen = 0;
extern "C" void choose_mutant(uint32_t number) { chosen = number; }
struct Mutated : TOP_CLASS {
    explicit Mutated(VerilatedContext* context) : TOP_CLASS(context) { mutant = chosen; }
};
#undef TOP_CLASS
#define TOP_CLASS Mutated
"""
_NETWORK = {"layers": [2, 4, 2], "time_steps": 3, "leak": 0.75}


@dataclass(frozen=True)
class Core:
    """A core by the tables of its description; the rest is as in `campaign.Target`."""

    name: str
    tables: Mapping[str, Any]
    part = ""

    @cached_property
    def d(self) -> Description:
        """Its description."""
        return describe({"name": self.top, **self.tables}, self.name)

    @property
    def top(self) -> str:
        """The core's name in Verilog."""
        return "core"

    @cached_property
    def verilog(self) -> str:
        """All of it, as Yosys writes it, who reads it again to plant what is wrong."""
        return plain_verilog(Chip(self.d, config_word(self.d)), self.top)

    @property
    def digests(self) -> dict[str, str]:
        """Those of an `Outcome`; the bench is this file."""
        here = Path(__file__).read_text("utf-8")
        return {"component": digest(self.verilog), "bench": digest(here)}

    def still(self, found: list[Outcome]) -> list[Outcome]:
        """Those of its mutants whose outcome stands."""
        return standing(self.name, self.digests, found)

    def planted(self, count: int, folder: Path) -> tuple[list[str], str]:
        """Its mutants, and its Verilog with all of them (`plant`)."""
        return plant(self.verilog, self.top, count, folder)


CORES = [
    Core(
        "core-rfg",
        {
            "network": _NETWORK,
            "learning": {"batch": 3, "momentum": 2, "directions": 2},
            "hardware": {"pe": [2, 1]},
        },
    ),
    Core(
        "core-online",
        {
            "network": _NETWORK | {"coding": "frames"},
            "learning": {"rule": "online", "batch": 3, "feedback": "forward-dfa"},
            "hardware": {"pe": [2, 1]},
        },
    ),
]


def core_outcomes(core: Core, count: int, known: set[str]) -> Iterator[Outcome]:
    """Up to ``count`` mutants of a core, but for those that are ``known``, as they end.

    RuntimeError if the core differs from the model without any.
    """
    with TemporaryDirectory(prefix="dualspike-") as folder:
        mutants, planted = core.planted(count, Path(folder))
    if known.issuperset(mutants):
        return
    plain = source(core.d, verilog=planted)
    library = build(replace(plain, ports_header=_CHOICE + plain.ports_header), quick=True)
    if found := _tried(core.d, library, NONE):
        raise RuntimeError(f"{core.name} is not as the model without a mutant: {found}")
    for number, mutant in enumerate(mutants, 1):
        if mutant not in known:
            found = _tried(core.d, library, number)
            yield Outcome(core.name, mutant, found, None, **core.digests)


def _tried(d: Description, library: Path, number: int) -> str:
    """In a process of its own: the first difference from the model, or how it ended; or ""."""
    forks = multiprocessing.get_context("fork")
    ours, theirs = forks.Pipe(duplex=False)
    child = forks.Process(target=lambda: theirs.send(_difference(d, library, number)))
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(_SECONDS) else STOPPED
    except EOFError:
        return "broke off"
    finally:
        child.kill()
        child.join()
        ours.close()


def _difference(d: Description, library: Path, number: int) -> str:
    ctypes.CDLL(str(library)).choose_mutant(number)
    try:
        with Simulation(d, library) as simulation:
            found = strain(d, simulation, None, locates=False)
            return str(found) if found else _learns(d, simulation)
    except NoAnswer as silent:
        return str(silent)


def _learns(d: Description, simulation: Simulation) -> str:
    """Updates from the start weights, numbers of all sizes, pauses in every other one."""
    rng, chip = np.random.default_rng(5), first_chip(d)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    for update in range(UPDATES):
        batch = random_batch(d, rng)
        if d.network.coding != "frames":
            batch = replace(batch, inputs=[rows >> update % 4 for rows in batch.inputs])
        given = batch.to_learn(d.stage(update))
        record = simulation.learn(*given, stall=_STALL * (update % 2))
        found = compare_update(update, chip, chip.update(*given), record, simulation)
        if found:
            return str(found)
    return ""
