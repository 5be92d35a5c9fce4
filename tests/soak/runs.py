"""One run of a random description, what is kept of it, and which runs are left."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain, cycle, islice
from pathlib import Path

from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.identity import config_hash
from dualspike.testbench.cosim.simulation import Simulation
from tests.testbench.cosimulation import cosimulate
from tests.testbench.random.pairs import DRAWS, Draw, covering, drawn

TURN = 50
"""Updates after which all begins anew with other weights."""
STALL = 90
"""Percent of clocks in which a stream pauses, in some turns."""


@dataclass(frozen=True)
class Run:
    """A line of the results. ``difference``: the first from the model, or how it broke off.

    ``updates``: as many as were ``asked`` for; none of a chip that only infers.
    """

    draw: str
    seed: int
    config_hash: str
    asked: int
    updates: int
    clocks: int
    seconds: float
    commit: str
    difference: str = ""


def draws() -> Iterator[Draw]:
    """Those that have every pair of choices between them, then others by turns, without end."""
    first = covering()
    numbers = {kind: 0 for kind in DRAWS}

    def others() -> Iterator[Draw]:
        for kind in cycle(DRAWS):
            while (draw := (kind, numbers[kind])) in first:
                numbers[kind] += 1
            numbers[kind] += 1
            yield draw

    return chain(first, others())


def left(count: int, updates: int, known: list[Run]) -> list[Draw]:
    """Those of the first ``count`` draws that were not asked for so many updates yet."""
    done = {(one.draw, one.seed) for one in known if one.asked >= updates}
    return [draw for draw in islice(draws(), count) if draw not in done]


def run(draw: Draw, updates: int, commit: str) -> Run:
    """Load random weights, infer and learn next to the model; again, with others, and so on.

    Of ten such turns one is with pauses, and so is the last. A chip that only infers takes the same
    turns and counts no updates.
    """
    d, clocks, difference, begun = drawn(draw), 0, "", time.monotonic()
    try:
        with Simulation.of(d, quick=True) as simulation:
            turns = range(ceil_div(updates, TURN))
            for n in turns:
                stall = STALL if n % 10 == 9 or n == turns[-1] else 0
                count = min(TURN, updates - n * TURN)
                found = cosimulate(d, simulation, count, draw[1] + n, stall=stall)
                if found:
                    difference = f"turn {n}: {found}"
                    break
            clocks = simulation.cycles
    except (AssertionError, RuntimeError) as error:
        difference = f"{type(error).__name__}: {error}"
    done, seconds = updates if d.learns else 0, round(time.monotonic() - begun, 1)
    return Run(*draw, config_hash(d), updates, done, clocks, seconds, commit, difference)


def commit_of(folder: Path) -> str:
    """The commit that is checked out, with a plus where files differ from it; "" if none is."""
    with suppress(OSError, subprocess.CalledProcessError):
        asked = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        return subprocess.run(
            asked, cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()
    return ""


def read(path: Path) -> list[Run]:
    """The whole lines of a file of results; none if there is no file."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    return [Run(**json.loads(line)) for line in lines if line.endswith("\n")]


def line_of(one: Run) -> str:
    """A line of the results."""
    return json.dumps(asdict(one)) + "\n"
