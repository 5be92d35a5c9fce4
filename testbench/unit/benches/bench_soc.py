"""`Soc`: a whole core after AXI4-Lite or Wishbone, its data as AXI4-Stream, against golden."""

from itertools import pairwise

import numpy as np
from amaranth.hdl import signed
from cocotb.triggers import RisingEdge

from dualspike.model.interface.events import EventFlag
from dualspike.model.interface.register import Command
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.unit.benches.soc import END, TOP, Bench, array_type, component
from dualspike.testbench.unit.benches.soc_hosts import (
    AxiHost,
    WishboneHost,
)

__all__ = ["TOP", "component"]

CASES = [
    {"name": "plain", "wrap": "axi"},
    {"name": "odd", "wrap": "wishbone"},
    {"name": "lanes", "wrap": "axi"},
    {"name": "frames", "wrap": "axi_events"},
]


@Bench.test()
async def answers_with_its_registers(bench: Bench) -> None:
    """Every register at four times its number, whatever the lowest two bits of the address."""
    host = bench.host
    for register in bench.registers:
        if "r" in register.access and register.name not in ("CYCLES", "WEIGHT_DATA"):
            for low in range(4):
                read = await host.at(4 * register.address + low, write=False)
                assert read == register.reset, register.name
    await host.at(4 * host.address["UPDATES"] + 2, write=True, value=0x89ABCDEF)
    assert await host.read("UPDATES") == 0x89ABCDEF


@Bench.test()
async def refuses_what_it_cannot_do(bench: Bench) -> None:
    """Parts of a register and places without one; nothing is written and nothing moves on."""
    host, axi = bench.host, isinstance(bench.host, AxiHost)
    await host.write("UPDATES", 0x12345678)
    await host.write("WEIGHT_SELECT", 0)
    for select in range(15):
        expected = ("SLVERR" if axi else "ERR") if select else ""
        for name in ("UPDATES", "WEIGHT_DATA"):
            assert await bench.refuses(4 * host.address[name], True, select) == expected
    assert await host.read("UPDATES") == 0x12345678
    form = signed(bench.d.formats.weight.bits)
    first = await host.read("WEIGHT_DATA") & (1 << form.width) - 1
    assert first == int(bench.chip.weights[0].flat[0]) & (1 << form.width) - 1
    beyond = len(host.address)
    for number in (beyond, beyond + 1, 32 + beyond, 1023):
        for write in (False, True):
            assert await bench.refuses(4 * number, write) == ("DECERR" if axi else "ERR")
    assert await host.read("UPDATES") == 0x12345678
    assert await bench.refuses(0, True) == "", "a register that cannot be written ignores it"
    assert await host.read("WEIGHT_SELECT") == 0, "it can only be written"


@Bench.test()
async def infers_and_learns(bench: Bench) -> None:
    """With pauses everywhere, what golden computes."""
    await bench.infer(3)
    await bench.learn()
    await bench.infer(2)
    await bench.learn()


@Bench.test()
async def ends_packets_where_it_is_told(bench: Bench) -> None:
    """PACKET, whatever a sample has; a new length begins a packet."""
    host, d, form = bench.host, bench.d, array_type(bench.d.formats.membrane.bits)
    await host.write("CONTROL", Command.INFER)
    for length in (1, d.basis + 1, 3 * d.basis):
        await host.write("PACKET", length)
        assert await host.read("PACKET") == length
        x = bench.samples(length)
        bench.send_inputs(x)
        packets = np.reshape(bench.chip.infer([x]), (-1, length))
        for packet in packets.tolist():
            frame = await bench.results.recv()
            assert np.frombuffer(bytes(frame.tdata), form).tolist() == packet
    await host.write("PACKET", 2 * d.basis + 1)
    bench.send_inputs(bench.samples(3))
    await bench.results.recv()
    while await host.read("STATUS"):
        pass
    await host.write("PACKET", d.basis)
    bench.send_inputs(bench.samples(1))
    frame = await bench.results.recv()
    assert len(frame.tdata) == (2 * d.basis - 1) * form.itemsize, "the rest, and a new packet"
    await host.write("CONTROL", Command.STOP)


@Bench.test()
async def says_what_was_wrong_with_events(bench: Bench) -> None:
    """EVENTS, until it is written; the next sample is whole again."""
    if not bench.events:
        return
    n_in, steps = bench.d.shapes[0][0], bench.d.network.time_steps
    wrong = {
        EventFlag.CHANNEL: [n_in, *[END] * steps],
        EventFlag.SHORT: [END] * (steps - 1),
        EventFlag.LATE: [*[END] * steps, 0],
    }
    for flag, words in wrong.items():
        assert await bench.host.read("EVENTS") == 0
        await bench.host.write("CONTROL", Command.INFER)
        bench.send_events(words)
        await bench.results.recv()
        assert await bench.host.read("EVENTS") == 1 << flag
        await bench.host.write("EVENTS", 0)
        await bench.infer(2)


@Bench.test()
async def clears_its_counts_at_any_time(bench: Bench) -> None:
    """The matrix is that of the last samples, as many as SEEN says, wherever it was written."""
    d, host = bench.d, bench.host
    if not d.classes:
        return
    await host.write("LABELLED", 1)
    await host.write("CONTROL", Command.INFER)
    left = set[int]()
    for _ in range(12):
        x = bench.samples(8)
        labels = bench.rng.integers(0, d.basis, (len(x), 1))
        y = bench.chip.infer([x])
        bench.send_inputs(x)
        bench.send_targets(labels)
        before = int(bench.rng.integers(0, len(x)))
        for _ in range(before):
            await bench.results.recv()
        for _ in range(bench.rng.integers(0, 3 * d.basis)):
            await RisingEdge(bench.clock)
        await host.write("SEEN", 0)
        for _ in range(len(x) - before):
            await bench.results.recv()
        seen = await host.read("SEEN")
        left.add(seen)
        expected = bench.chip.answered(y[len(x) - seen :], labels[len(x) - seen :])
        counts = np.array(expected[2:]).reshape(d.basis, d.basis)
        np.testing.assert_array_equal(await host.confusion(), counts, f"{seen} samples")
    assert len(left) > 2
    await host.write("CONTROL", Command.STOP)


@Bench.test(stall=0.0)
async def forgets_in_reset(bench: Bench) -> None:
    """With results on offer and samples inside: no VALID, not busy, values of reset after it."""
    bench.results.pause = True
    await bench.host.write("CONTROL", Command.INFER)
    bench.send_inputs(bench.samples(4))
    while not bench.channels.bits("m_axis_results_t_valid"):
        await RisingEdge(bench.clock)
    assert await bench.host.read("STATUS") == 1 and int(bench.dut.busy.value)
    await bench.reset(True)
    for name in ("m_axis_results_t", "s_axi_b", "s_axi_r"):
        assert name not in bench.channels.moved or not bench.channels.bits(f"{name}_valid")
    assert not int(bench.dut.busy.value)
    await bench.reset(False)
    assert [await bench.host.read(name) for name in ("CONTROL", "STATUS")] == [0, 0]
    assert not bench.channels.bits("m_axis_results_t_valid")


@Bench.test(stall=0.0)
async def keeps_its_pace(bench: Bench) -> None:
    """Without pauses: cycles of an access, and samples at `Geometry.interval`."""
    host, moved, g = bench.host, bench.channels.moved, geometry(bench.d.parts[0])
    for place, write, select, reaches in (
        (0, False, 0xF, True),
        (4 * host.address["UPDATES"], True, 0xF, True),
        (4 * host.address["UPDATES"], True, 0, False),
        (4 * host.address["UPDATES"], True, 3, False),
        (4 * len(host.address), False, 0xF, False),
        (4 * len(host.address), True, 0xF, False),
    ):
        await bench.refuses(place, write, select)
        if isinstance(host, WishboneHost):
            assert host.took == (8 if reaches else 1)
        else:
            kind = ("aw", "w") if write else ("ar",)
            start = max(moved[f"s_axi_{channel}"][-1] for channel in kind)
            end = moved["s_axi_b" if write else "s_axi_r"][-1]
            assert end - start == (10 if reaches else 3), (place, write, select)
    await bench.infer(32)
    last = moved[f"{bench.port}_t"][g.layers[0].chunks - 1 :: g.layers[0].chunks]
    assert bench.events or [b - a for a, b in pairwise(last[-8:])] == [g.interval] * 7
    ends = moved["m_axis_results_t"][bench.d.shapes[-1][1] - 1 :: bench.d.shapes[-1][1]]
    assert [after - before for before, after in pairwise(ends[-8:])] == [g.interval] * 7
