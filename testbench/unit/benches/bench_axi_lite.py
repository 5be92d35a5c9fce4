"""`AxiLiteBridge` under many accesses at once, in front of a whole core."""

import random
from itertools import pairwise

import cocotb
from cocotb.triggers import ClockCycles, Combine
from cocotbext.axi import AxiResp

from dualspike.testbench.unit.benches.soc import TOP, Bench, component
from dualspike.testbench.unit.benches.soc_hosts import AxiHost

__all__ = ["TOP", "component"]

CASES = [{"name": "plain", "wrap": "axi"}]


@Bench.test(stall=[0.0, 0.9])
async def answers_all_and_in_order(bench: Bench) -> None:
    """Reads and writes of many words queued at once; each channel answers in its order.

    Some of them are of places that no register has.
    """
    host, d = bench.host, bench.d
    assert isinstance(host, AxiHost)
    master, rng = host.master, random.Random(3)
    place = 4 * host.address["SHIFT_0"]
    for _ in range(4):
        shifts = [rng.randrange(64) for _ in range(d.n_layers)]
        block = b"".join(shift.to_bytes(4, "little") for shift in shifts)
        written = await master.write(place, block)
        assert written.resp == AxiResp.OKAY
        read = await master.read(place, len(block))
        assert (read.resp, read.data) == (AxiResp.OKAY, block)
    state = rng.randbytes(8)

    async def write_states() -> None:
        for _ in range(20):
            assert (await master.write(4 * host.address["LFSR_0"], state)).resp == AxiResp.OKAY

    async def read_shifts() -> None:
        for _ in range(20):
            assert (await master.read(place, len(block))).data == block

    async def miss() -> None:
        for _ in range(20):
            beyond = 4 * rng.randrange(len(host.address), 1024)
            assert (await master.write(beyond, bytes(4))).resp == AxiResp.DECERR
            assert (await master.read(beyond, 4)).resp == AxiResp.DECERR

    await Combine(*(cocotb.start_soon(one()) for one in (write_states, read_shifts, miss)))
    assert (await master.read(4 * host.address["LFSR_0"], 8)).data == state
    await ClockCycles(bench.clock, 20)
    moved = bench.channels.moved
    assert len(moved["s_axi_aw"]) == len(moved["s_axi_w"]) == len(moved["s_axi_b"])
    assert len(moved["s_axi_ar"]) == len(moved["s_axi_r"])


@Bench.test(stall=0.0)
async def reads_and_writes_take_turns(bench: Bench) -> None:
    """While both wait, neither gets two accesses before the other."""
    assert isinstance(bench.host, AxiHost)
    master, count = bench.host.master, 16
    place = 4 * bench.host.address["LFSR_0"]
    moved = bench.channels.moved
    begun = {name: len(moved[name]) for name in ("s_axi_b", "s_axi_r")}
    queued = []
    for _ in range(count):
        queued += [master.init_write(place, bytes(4)), master.init_read(place, 4)]
    for access in queued:
        await access.wait()
    ends = [(clock, name) for name in begun for clock in moved[name][begun[name] :]]
    order = [name for _, name in sorted(ends)]
    assert len(order) == 2 * count
    assert all(first != second for first, second in pairwise(order))
