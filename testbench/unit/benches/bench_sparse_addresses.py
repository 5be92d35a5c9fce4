"""`SparseAddressGenerator`: any chunks of each group, and whole passes between."""

from dualspike.hw.layer.macs.addresses import SparseAddressGenerator
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.shapes import shape

TOP = "sparse_addresses"
CASES = [
    {"name": "event", "layer": 1},
    {"name": "sparse", "layer": 2},
]


def component(name: str, layer: int) -> SparseAddressGenerator:
    """The walk over one layer that skips."""
    return SparseAddressGenerator(shape(name, layer)[2])


@LayerTB.test()
async def visits_what_is_given(tb: LayerTB) -> None:
    """Frames of random chunks, and passes over all of them, with pauses."""
    layer, rng = tb.layer, tb.rng
    for turn in range(40):
        follow = turn % 3 != 0
        count = rng.randint(1, layer.chunks) if follow else layer.chunks
        places = sorted(rng.sample(range(layer.chunks), count))
        for group in range(layer.groups):
            for chunk in places:
                advance = 0
                while not advance:
                    advance = rng.randint(0, 1)
                    ends = (chunk == places[-1], group == layer.groups - 1)
                    tb.set(advance=advance, given=follow)
                    index = chunk if follow else rng.randrange(layer.chunks)
                    tb.set(index=index, last=ends[0] if follow else rng.randint(0, 1))
                    await tb.settle()
                    assert tb.get("row") == group * layer.chunks + chunk
                    assert (tb.get("group"), tb.get("chunk")) == (group, chunk)
                    assert tb.get("first_chunk") == (chunk == places[0])
                    assert (tb.get("last_chunk"), tb.get("last_group")) == ends
                    assert tb.get("last_row") == all(ends)
                    await tb.edge()


@LayerTB.test()
async def does_not_count_what_it_is_told(tb: LayerTB) -> None:
    """Chunks that are given leave a walk of its own where it is: it begins with the first."""
    await tb.reset()
    for count in range(1, 4):
        for _ in range(count):
            await tb.pulse(advance=1, given=1, index=tb.rng.randrange(tb.layer.chunks))
        for chunk in range(tb.layer.chunks):
            assert await tb.see("chunk") == chunk
            await tb.pulse(advance=1)
