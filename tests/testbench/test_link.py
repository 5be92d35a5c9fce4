"""The link under load and under fire."""

import numpy as np
import pytest

from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.host import Host
from dualspike.boards.host.port import LinkLost
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.model.errors import BadInput
from dualspike.testbench.board.board import BoardSimulation
from dualspike.testbench.board.link_faults import ONE_IN, TIMEOUT, endure
from dualspike.testbench.board.simulated_line import SimulatedLine
from dualspike.testbench.unit.benches.shapes import described


def test_nothing_wrong_lands_on_a_line_that_harms_bytes() -> None:
    """Of 1,000 bytes one is dropped, doubled or flipped, in each direction."""
    d = described("plain")
    with BoardSimulation(d) as simulation:
        result = endure(d, simulation, 20_000, seed=1)
    assert result.octets >= 20_000 and result.resent > 20
    assert all(count > 5 for count in result.faults.values())
    assert sum(result.faults.values()) > 20_000 / ONE_IN


def test_the_link_is_busy_while_samples_stream() -> None:
    """At 1 Mbaud, in clocks: the line to the board carries a byte in at least 80 of 100."""
    d = described("plain")
    chip = first_chip(d)
    rng = np.random.default_rng(2)
    with BoardSimulation(d, 12_000_000, 1_000_000) as simulation:
        board = BoardCore(Host(SimulatedLine(simulation), TIMEOUT), d)
        board.load_chip(chip)
        x = rng.integers(-4000, 4000, (100 * d.batch[0], 2))
        target = rng.integers(-4000, 4000, (len(x), 1))
        began, busy = simulation.cycle, simulation.busy
        learned = board.learn([x], target)
        share = (simulation.busy - busy) / (simulation.cycle - began)
    for first in range(0, len(x), d.batch[0]):
        rows = slice(first, first + d.batch[0])
        record = chip.update([x[rows]], target[rows])
    assert (learned.loss, learned.flags) == (record.loss, record.flags)
    assert 0.8 <= share <= 1


class Deaf:
    """A line on which nothing comes, after ``answers`` bytes."""

    name = "deaf"

    def __init__(self, line: SimulatedLine, answers: int) -> None:
        self._line, self._left, self._time = line, answers, 0.0

    def send(self, data: bytes) -> None:
        self._line.send(data)

    def receive(self, seconds: float) -> bytes:
        self._time += seconds
        came = self._line.receive(min(seconds, 0.01))[: self._left]
        self._left -= len(came)
        return came

    def now(self) -> float:
        return self._time

    def close(self) -> None:
        pass


def test_silence_ends_in_a_clear_error() -> None:
    d = described("plain")
    with BoardSimulation(d) as simulation:
        with pytest.raises(BadInput) as absent:
            Host(Deaf(SimulatedLine(simulation), 0), TIMEOUT).reset()
        with pytest.raises(LinkLost) as lost:
            BoardCore(Host(Deaf(SimulatedLine(simulation), 40), TIMEOUT), d)
    assert str(absent.value) == "no board answers at deaf: is it on, and is --baud right?"
    assert str(lost.value) == "the board at deaf has fallen silent"
