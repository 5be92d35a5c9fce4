"""`SkidBuffer`: order and contents, one cycle, and no path through it."""

from itertools import product

from amaranth.hdl import unsigned

from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.testbench.unit.tb import TB

_CYCLES = 5

TOP = "skid_buffer"
CASES = [{"bits": 8}]


def component(bits: int) -> SkidBuffer:
    """A skid buffer for payloads of ``bits`` bits."""
    return SkidBuffer(unsigned(bits))


@TB.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.1, 0.9)])
async def passes_everything_on(tb: TB, stalls: tuple[float, float]) -> None:
    """What goes in comes out, whoever waits."""
    sent = list(range(100))
    _, sink = await tb.through(sent, len(sent), stalls)
    await tb.cycle(5)
    assert sink.taken == sent


@TB.test()
async def takes_one_cycle(tb: TB) -> None:
    """Latency 1, and a payload in every cycle."""
    source, sink = await tb.through(range(20), 20)
    assert source.moved == list(range(source.moved[0], source.moved[0] + 20))
    assert sink.moved == [cycle + 1 for cycle in source.moved]


@TB.test()
async def follows_a_queue_of_two(tb: TB) -> None:
    """Every course of offers and takings over a few cycles, against a list with two places.

    What the skid buffer says depends on the list alone: no valid or ready runs straight through.
    """
    payload = 0
    for course in product((0, 1), repeat=2 * _CYCLES):
        queue: list[int] = []
        standing = False
        for offer, ready in [*zip(course[::2], course[1::2], strict=True), (0, 1), (0, 1)]:
            standing = standing or bool(offer)
            tb.set(inputs_valid=standing, inputs_payload=payload, outputs_ready=ready)
            await tb.settle()
            assert tb.get("inputs_ready") == (len(queue) < 2)
            assert tb.get("outputs_valid") == (len(queue) > 0)
            taken = standing and len(queue) < 2
            if queue:
                assert tb.get("outputs_payload") == queue[0]
                queue = queue[ready:]
            if taken:
                queue.append(payload)
                payload, standing = (payload + 1) % 256, False
            await tb.edge()
        tb.set(inputs_valid=0, outputs_ready=1)
        await tb.cycle(2)
