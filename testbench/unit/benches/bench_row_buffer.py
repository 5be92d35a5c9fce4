"""`RowBuffer`: order and contents, one cycle, and as many places as it says."""

from amaranth.hdl import unsigned

from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.testbench.unit.tb import TB

TOP = "row_buffer"
CASES = [{"places": 1}, {"places": 3}, {"places": 6}]


def component(places: int) -> RowBuffer:
    """A buffer for payloads of 8 bits."""
    return RowBuffer(unsigned(8), places)


@TB.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.1, 0.9)])
async def passes_everything_on(tb: TB, stalls: tuple[float, float]) -> None:
    """What goes in comes out, whoever waits."""
    sent = list(range(200))
    _, sink = await tb.through(sent, len(sent), stalls)
    await tb.cycle(5)
    assert sink.taken == sent


@TB.test()
async def takes_one_cycle(tb: TB) -> None:
    """Latency 1, and a payload in every cycle; in one place, in every other."""
    source, sink = await tb.through(range(20), 20)
    every = 2 if tb.case["places"] == 1 else 1
    assert source.moved == list(range(source.moved[0], source.moved[0] + 20 * every, every))
    assert sink.moved == [cycle + 1 for cycle in source.moved]


@TB.test()
async def has_its_places(tb: TB) -> None:
    """Whether it is ready depends on how many payloads are in it, and on nothing else."""
    places = int(str(tb.case["places"]))
    ahead = 1
    for rounds in range(3 * places):
        for n in range(places):
            tb.set(inputs_valid=1, inputs_payload=rounds + n, outputs_ready=0)
            await tb.settle()
            assert tb.get("inputs_ready") == ahead == 1
            ahead = tb.get("ready_ahead")
            await tb.edge()
        tb.set(inputs_valid=0)
        tb.set(outputs_ready=1)
        for n in range(places):
            await tb.settle()
            assert tb.get("inputs_ready") == ahead == (n > 0)
            ahead = tb.get("ready_ahead")
            assert (tb.get("outputs_valid"), tb.get("outputs_payload")) == (1, rounds + n)
            await tb.edge()
        await tb.settle()
        assert tb.get("outputs_valid") == 0
        ahead = tb.get("ready_ahead")
        await tb.edge()
