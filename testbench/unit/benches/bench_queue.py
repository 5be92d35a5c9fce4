"""`Queue`: order and contents, two cycles, and as many places as it says."""

from amaranth.hdl import unsigned

from dualspike.hw.stream.queue import Queue
from dualspike.testbench.unit.tb import TB

TOP = "queue"
CASES = [{"places": 2}, {"places": 9}]


def component(places: int) -> Queue:
    """A queue for payloads of 8 bits."""
    return Queue(unsigned(8), places)


@TB.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5)])
async def passes_everything_on(tb: TB, stalls: tuple[float, float]) -> None:
    """What goes in comes out, whoever waits."""
    sent = list(range(200))
    _, sink = await tb.through(sent, len(sent), stalls)
    await tb.cycle(5)
    assert sink.taken == sent


@TB.test()
async def has_its_places(tb: TB) -> None:
    """It takes so many while nobody takes any, the first of them 2 cycles later."""
    places = int(str(tb.case["places"]))
    source = tb.source("inputs")
    source.send(range(places))
    await tb.until(lambda: not source.queue, places + 4)
    assert await tb.see("inputs_ready") == 0
    sink = tb.sink("outputs")
    await tb.taken(sink, places)
    source.send([1])
    sink.moved.clear()
    await tb.taken(sink, places + 1)
    assert sink.moved == [source.moved[-1] + 2]
