"""Random bytes to a board and back over a line that harms them: what arrives must be right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.host import Host
from dualspike.model.description.description import Description
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.registers import register_map
from dualspike.testbench.board.board import BoardSimulation
from dualspike.testbench.board.faulty_line import FaultyLine
from dualspike.testbench.board.simulated_line import SimulatedLine

ONE_IN = 1000
TIMEOUT = 0.01


@dataclass(frozen=True)
class Endurance:
    """Bytes written and read back, transfers, requests sent again, faults on the line, clocks."""

    octets: int
    transfers: int
    resent: int
    faults: dict[str, int]
    clocks: int


def endure(d: Description, simulation: BoardSimulation, octets: int, seed: int) -> Endurance:
    """Fill random weight memories with random words and read all of them back, again and again.

    A write that is lost, carried out twice or in the wrong place shifts or spoils the memory, for
    words follow each other without addresses. Raises AssertionError where a memory or a register
    does not hold what it should, and what `Host` raises if a transfer fails.
    """
    rng = np.random.default_rng(seed)
    line = FaultyLine(SimulatedLine(simulation), ONE_IN, seed)
    host = Host(line, TIMEOUT)
    board = BoardCore(host, d)
    memories, form = memory_map(d), d.formats.weight

    def words(first: int = 0) -> list[NDArray[np.int64]]:
        shapes = [one.shape for one in memories[first:]]
        return [rng.integers(form.lowest, form.highest + 1, shape) for shape in shapes]

    held = words()
    board.fill(held)
    still = {
        register.name: register.reset
        for register in register_map(d)
        if "r" in register.access and not register.live and register.reset is not None
    }
    moved = transfers = 0
    while moved < octets:
        first = int(rng.integers(len(memories)))
        held[first:] = fresh = words(first)
        board.fill(fresh, first)
        for one, found, values in zip(memories, board.contents(), held, strict=True):
            assert np.array_equal(found, values), f"{one.name} after {moved} bytes"
        moved += 4 * (sum(one.size for one in fresh) + sum(one.size for one in held))
        transfers += 1 + len(held)
        name = list(still)[transfers % len(still)]
        assert board.read(name) == still[name], f"{name} after {moved} bytes"
    found = {name: board.read(name) for name in still}
    assert found == still, "a register was written that nobody wrote"
    return Endurance(moved, transfers, host.resent, line.faults, simulation.cycle)
