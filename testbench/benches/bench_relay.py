"""`Relay`: order and contents, one cycle, and no path through it."""

from itertools import product

import cocotb
from amaranth.hdl import unsigned
from cocotb.handle import HierarchyObject

from dualspike.hw.relay import Relay
from dualspike.testbench.benches.tb import TB

_CYCLES = 5

TOP = "relay"
CASES = [{"bits": 8}]


def component(bits: int) -> Relay:
    """A relay for payloads of ``bits`` bits."""
    return Relay(unsigned(bits))


@cocotb.test()
@cocotb.parametrize(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.1, 0.9)])
async def passes_everything_on(dut: HierarchyObject, stalls: tuple[float, float]) -> None:
    """What goes in comes out, whoever waits."""
    tb = await TB.start(dut)
    sent = list(range(100))
    _, sink = await tb.through(sent, len(sent), stalls)
    await tb.cycle(5)
    assert sink.taken == sent


@cocotb.test()
async def takes_one_cycle(dut: HierarchyObject) -> None:
    """Latency 1, and a payload in every cycle."""
    tb = await TB.start(dut)
    source, sink = await tb.through(range(20), 20)
    assert source.moved == list(range(source.moved[0], source.moved[0] + 20))
    assert sink.moved == [cycle + 1 for cycle in source.moved]


@cocotb.test()
async def follows_a_queue_of_two(dut: HierarchyObject) -> None:
    """Every course of offers and takings over a few cycles, against a list with two places.

    What the relay says depends on the list alone: no valid or ready runs straight through.
    """
    tb = await TB.start(dut)
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
