"""`Walk`: every position of a pass, twice over, with pauses."""

import random

import cocotb
from cocotb.handle import HierarchyObject

from dualspike.hw.walk import Walk
from dualspike.testbench.benches.shapes import shape
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.components import parameters

TOP = "walk"
CASES = [
    {"name": "folded", "layer": 0},
    {"name": "odd", "layer": 1},
    {"name": "twisted", "layer": 2},
]


def component(name: str, layer: int) -> Walk:
    """The walk over one layer."""
    return Walk(shape(name, layer)[2])


@cocotb.test()
async def visits_chunks_then_groups(dut: HierarchyObject) -> None:
    """Groups in order, in each all chunks; positions stay while ``advance`` is 0."""
    given = parameters()
    layer = shape(**given)[2]
    tb = await TB.start(dut)
    rng = random.Random(2)
    positions = [(group, chunk) for group in range(layer.groups) for chunk in range(layer.chunks)]
    assert len(positions) == layer.cycles
    for group, chunk in positions * 3:
        advance = 0
        while not advance:
            advance = rng.randint(0, 1)
            tb.set(advance=advance)
            await tb.settle()
            assert tb.get("row") == group * layer.chunks + chunk
            assert (tb.get("group"), tb.get("chunk")) == (group, chunk)
            last = (chunk == layer.chunks - 1, group == layer.groups - 1)
            assert (tb.get("last_chunk"), tb.get("last_group")) == last
            assert tb.get("first_chunk") == (chunk == 0)
            assert tb.get("last_row") == all(last)
            await tb.edge()
