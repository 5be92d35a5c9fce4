"""Stages of nextpnr, from lines that it has printed (0.11, with one seed each, cut)."""

import pytest

from dualspike.boards.flow.stages import Stages
from dualspike.boards.flow.steps import Step

ICE40 = """\
Info: Packing IOs..
Info: Placing PLLs..
Info: Promoting globals..
Info: Placed 9 cells based on constraints.
Info: Creating initial analytic placement for 2265 cells, random placement wirelen = 117421.
Info: Running simulated annealing placer for refinement.
Info: Max frequency for clock 'clk': 40.21 MHz (PASS at 12.00 MHz)
Info: Routing..
Info: Setting up routing queue.
Info: Routing complete.
Info: Program finished normally.
"""
ECP5 = """\
Info: Packing IOs..
Info: placed PLL 'pll.pll' at bel 'X1/Y4/EHXPLL_UL'
Info: Creating initial analytic placement for 1808 cells, random placement wirelen = 220000.
Info: Routing globals...
Info:     routing clock net $glbnet$pll.clock using global 0
Info: Running router2...
Info: Router2 time 52.76s
Info:    routing  1.27  7.10 Net a (10,22) -> (10,28)
"""


@pytest.mark.parametrize("log", [ICE40, ECP5])
def test_each_stage_ends_where_the_next_begins(log: str) -> None:
    heard: list[Step] = []
    after: list[tuple[str, int]] = []
    with Stages(heard.append, "with seed 3") as stages:
        for line in log.splitlines():
            before = len(heard)
            stages.heard(line)
            after += [(line, len(heard) - before)] if len(heard) > before else []
        stages.came_of_it("39.45 MHz, met")
    begins = [("Info: Placed 9", 2)] if log is ICE40 else [("Info: Creating", 2)]
    begins += [("Info: Routing.", 2)] if log is ICE40 else [("Info: Routing ", 2)]
    assert [(line[:14].ljust(14), count) for line, count in after] == [
        (line.ljust(14), count) for line, count in begins
    ]
    names = ["packing with seed 3", "placing with seed 3", "routing with seed 3"]
    assert [one.name for one in heard] == [name for name in names for _ in range(2)]
    assert [one.result for one in heard if one.seconds is not None] == [
        "done",
        "done",
        "39.45 MHz, met",
    ]


def test_one_that_is_broken_off_has_no_result_and_no_later_one_begins() -> None:
    heard: list[Step] = []
    with pytest.raises(RuntimeError), Stages(heard.append, "with seed 1") as stages:
        stages.heard("Info: Routing globals...")
        stages.heard("Info: Placed 9 cells based on constraints.")
        raise RuntimeError
    ended = [(one.name, one.result) for one in heard if one.seconds is not None]
    assert ended == [("packing with seed 1", "done"), ("routing with seed 1", "")]
    assert len(heard) == 4
