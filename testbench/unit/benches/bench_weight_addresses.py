"""`WeightAddressGenerator`: every position of a pass, twice over, with pauses."""

from dualspike.hw.layer.macs.addresses import WeightAddressGenerator
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.shapes import shape

TOP = "weight_addresses"
CASES = [
    {"name": "folded", "layer": 0},
    {"name": "odd", "layer": 1},
    {"name": "twisted", "layer": 2},
]


def component(name: str, layer: int) -> WeightAddressGenerator:
    """The walk over one layer."""
    return WeightAddressGenerator(shape(name, layer)[2])


@LayerTB.test()
async def visits_chunks_then_groups(tb: LayerTB) -> None:
    """Groups in order, in each all chunks; positions stay while ``advance`` is 0."""
    layer = tb.layer
    positions = [(group, chunk) for group in range(layer.groups) for chunk in range(layer.chunks)]
    assert len(positions) == layer.cycles
    for group, chunk in positions * 3:
        advance = 0
        while not advance:
            advance = tb.rng.randint(0, 1)
            tb.set(advance=advance)
            await tb.settle()
            assert tb.get("row") == group * layer.chunks + chunk
            assert (tb.get("group"), tb.get("chunk")) == (group, chunk)
            last = (chunk == layer.chunks - 1, group == layer.groups - 1)
            assert (tb.get("last_chunk"), tb.get("last_group")) == last
            assert tb.get("first_chunk") == (chunk == 0)
            assert tb.get("last_row") == all(last)
            await tb.edge()
