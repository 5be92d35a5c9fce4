"""`Ring`: order and contents, one cycle, and all of its places but two."""

from amaranth.hdl import unsigned

from dualspike.hw.stream.buffers.ring import Ring
from dualspike.model.sizes.waiting import place_bits
from dualspike.testbench.unit.tb import TB

TOP = "ring"
CASES = [{"places": 2}, {"places": 9}, {"places": 40}]


def component(places: int) -> Ring:
    """A ring for payloads of 8 bits."""
    return Ring(unsigned(8), places)


@TB.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5)])
async def passes_everything_on(tb: TB, stalls: tuple[float, float]) -> None:
    """What goes in comes out, whoever waits."""
    sent = list(range(200))
    _, sink = await tb.through(sent, len(sent), stalls)
    await tb.cycle(5)
    assert sink.taken == sent


@TB.test()
async def has_its_places_and_keeps_its_pace(tb: TB) -> None:
    """It takes so many while nobody takes any; then one comes and one goes in every cycle."""
    places = (1 << place_bits(int(str(tb.case["places"])))) - 2
    assert places >= int(str(tb.case["places"]))
    source = tb.source("inputs")
    source.send(range(places))
    await tb.until(lambda: not source.queue, places + 2)
    assert await tb.see("inputs_ready") == 0
    sink = tb.sink("outputs")
    await tb.taken(sink, places)
    source.send(range(50))
    for one in (source, sink):
        one.moved.clear()
    await tb.taken(sink, places + 50)
    assert source.moved == list(range(source.moved[0], source.moved[0] + 50))
    assert sink.moved == [cycle + 1 for cycle in source.moved]
