"""`Fork`: both sides get everything, each at its own pace, or one side alone."""

from amaranth.hdl import unsigned

from dualspike.hw.stream.fork import Fork
from dualspike.testbench.unit.tb import TB

TOP = "fork_unit"
CASES = [{"bits": 8}]


def component(bits: int) -> Fork:
    """A fork for payloads of ``bits`` bits."""
    return Fork(unsigned(bits))


@TB.test(stalls=[(0.0, 0.0, 0.5), (0.0, 0.5, 0.0), (0.5, 0.5, 0.5), (0.1, 0.9, 0.2)])
async def gives_to_both_or_to_one(tb: TB, stalls: tuple[float, float, float]) -> None:
    """Everything once to each side, whoever waits; without ``on`` the copies get nothing."""
    source, out = tb.source("inputs", stalls[0]), tb.sink("outputs", stalls[1])
    copies = tb.sink("copies", stalls[2])
    sent: list[int] = []
    copied: list[int] = []
    for turn in range(6):
        more = list(range(turn, 200, 7))
        tb.set(on=turn % 2)
        source.send(more)
        sent += more
        copied += more if turn % 2 else []
        await tb.taken(out, len(sent))
        await tb.taken(copies, len(copied))
        await tb.cycle(3)
        assert (out.taken, copies.taken) == (sent, copied)
        assert not source.queue


@TB.test()
async def takes_no_cycle(tb: TB) -> None:
    """Latency 0, a payload in every cycle; with one side shut the other gets one and waits."""
    source, out, copies = tb.source("inputs"), tb.sink("outputs"), tb.sink("copies")
    tb.set(on=1)
    source.send(range(20))
    await tb.taken(copies, 20)
    assert source.moved == out.moved == copies.moved
    assert source.moved == list(range(source.moved[0], source.moved[0] + 20))
    for shut, other in ((out, copies), (copies, out)):
        shut.open = False
        source.send([7, 8])
        await tb.cycle(9)
        assert len(other.taken) - len(shut.taken) == 1 and len(source.queue) == 2
        shut.open = True
        await tb.until(lambda: not source.queue)
        assert out.taken == copies.taken


@TB.test()
async def does_not_wait_for_copies_that_nobody_wants(tb: TB) -> None:
    """Without ``on``, with the copies' side shut."""
    source, out, copies = tb.source("inputs"), tb.sink("outputs"), tb.sink("copies")
    copies.open = False
    source.send(range(9))
    await tb.taken(out, 9)
    assert source.moved == out.moved
    assert not copies.taken
