"""`WishboneBridge` with a master that gives up, in front of a whole core."""

from cocotb.triggers import FallingEdge, RisingEdge

from dualspike.testbench.unit.benches.soc import TOP, Bench, component
from dualspike.testbench.unit.benches.soc_hosts import WishboneHost

__all__ = ["TOP", "component"]

CASES = [{"name": "odd", "wrap": "wishbone"}]


@Bench.test()
async def forgets_what_is_given_up(bench: Bench) -> None:
    """CYC goes away after 1, 2, ... clocks: no answer comes, and the next access is a whole one."""
    host = bench.host
    assert isinstance(host, WishboneHost)
    places = {name: 4 * number for name, number in host.address.items()}
    for clocks in range(1, 9):
        for write in (0, 1):
            await host.write("UPDATES", 7)
            place = places["UPDATES"]
            host.drive(cyc=1, stb=1, we=write, adr=place, sel=0xF, dat=9)
            for _ in range(clocks):
                await RisingEdge(bench.clock)
            host.drive(cyc=0, stb=0)
            await RisingEdge(bench.clock)
            assert await host.at(places["MAGIC"], write=False) == 0x44535031
            assert await host.read("UPDATES") in ((7, 9) if write else (7,))


@Bench.test()
async def does_nothing_without_a_cycle(bench: Bench) -> None:
    """STB without CYC is not for this slave."""
    host = bench.host
    assert isinstance(host, WishboneHost)
    await host.write("UPDATES", 7)
    place = 4 * host.address["UPDATES"]
    host.drive(cyc=0, stb=1, we=1, adr=place, sel=0xF, dat=9)
    for _ in range(10):
        await RisingEdge(bench.clock)
    host.drive(stb=0)
    assert await host.read("UPDATES") == 7


@Bench.test()
async def answers_nothing_in_reset(bench: Bench) -> None:
    """Nor just after it; an access that has waited for its end is a whole one.

    DAT_O is 0 up to the first read, and stays what was read last.
    """
    host, took = bench.host, 0
    assert isinstance(host, WishboneHost)
    await bench.reset(True)
    host.drive(cyc=1, stb=1, we=0, adr=4 * host.address["MAGIC"], sel=0xF)
    for _ in range(8):
        await FallingEdge(bench.clock)
        assert not int(bench.dut.wb_ack_o.value) and not int(bench.dut.wb_err_o.value)
        assert int(bench.dut.wb_dat_o.value) == 0
        await RisingEdge(bench.clock)
    bench.dut.wb_rst_i.value = 0
    while True:
        await FallingEdge(bench.clock)
        if int(bench.dut.wb_ack_o.value):
            break
        took += 1
        await RisingEdge(bench.clock)
    assert took == 8 and int(bench.dut.wb_dat_o.value) == 0x44535031
    await RisingEdge(bench.clock)
    host.drive(cyc=0, stb=0)
    for _ in range(4):
        await FallingEdge(bench.clock)
        assert int(bench.dut.wb_dat_o.value) == 0x44535031
        await RisingEdge(bench.clock)
