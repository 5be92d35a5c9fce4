"""`Core`: whole small chips of both kinds, bit for bit as `golden.integer.rfg.chip.Chip`."""

from itertools import pairwise

from amaranth.hdl import Shape

from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.register import Command, Flag
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.cycles import batch_cycles, draw_cycles, fill_bound, learn_cycles
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import squared_error_sizes
from dualspike.testbench.unit.benches.core import TOP, Bench, component

__all__ = ["TOP", "component"]


# What the updates of each shape clip.
_FLOOR = 1 << Flag.FLOOR
FLAGS = {
    "plain": 5 | _FLOOR,
    "folded": 7 | _FLOOR,
    "odd": 15 | _FLOOR,
    "gliding": 5 | _FLOOR,
    "single": 0,
    "event": 5 | _FLOOR,
    "leaky": 7 | _FLOOR,
    "local": 5 | _FLOOR,
    "pair": 117 | _FLOOR,
    "point": 32,
}
CASES = [{"name": name} for name in FLAGS]


@Bench.test()
async def answers_with_its_registers(bench: Bench) -> None:
    """After reset: the map's values, 0 at unknown addresses, and CYCLES counts clocks."""
    d, host = bench.d, bench.host
    expected = {r.name: r.reset for r in register_map(d) if "r" in r.access}
    del expected["CYCLES"], expected["WEIGHT_DATA"]
    for name, value in expected.items():
        assert await host.read(name) == value, name
    assert await host.read_wide("LFSR", signed=False) == bench.chip.signs.state
    first, before = await host.read("CYCLES"), bench.now
    await bench.cycle(17)
    assert await host.read("CYCLES") - first == bench.now - before
    for address in range(len(host.address), 1 << Shape.cast(bench.shape("bus_address")).width):
        await host.access(address, write=True, value=0xFFFFFFFF)
        assert await host.access(address) == 0, address
    await bench.compare_weights()


@Bench.test()
async def infers_and_learns(bench: Bench) -> None:
    """Single updates and several in a row, with inference between; flags stay until cleared."""
    await bench.infer(5)
    await bench.host.write("FLAGS", 0)
    bench.chip.flags = 0
    await bench.learn(1)
    await bench.learn(2, stage=1)
    assert bench.chip.flags == FLAGS[bench.case["name"]]
    await bench.infer(3)
    await bench.host.write("FLAGS", 0xFFFFFFFF)
    assert await bench.host.read("FLAGS") == 0
    bench.chip.flags = 0
    await bench.learn(2, stage=2)


@Bench.test()
async def interrupts_its_host(bench: Bench) -> None:
    """IRQ_STATUS, IRQ_ENABLE and ``irq``, which learning raises a clock after it has ended."""
    await bench.interrupts()
    await bench.host.enable_irq([Cause.DONE])
    busy, irq = bench.pulses("busy"), bench.pulses("irq")
    await bench.learn(2)
    assert irq[0] == (busy[-1][0] + 2, 1), "once, after both batches"
    assert Cause.DONE in await bench.host.take_irq()
    assert not await bench.see("irq")


@Bench.test()
async def takes_masks_and_states(bench: Bench) -> None:
    """What holds still keeps its fields and no more; masks of 0 draw but learn nothing."""
    d, host = bench.d, bench.host
    for register in register_map(d):
        if register.access == "rw" and not register.live:
            await host.write(register.name, 0xFFFFFFFF)
            kept = sum((1 << field.bits) - 1 << field.low for field in register.fields)
            assert await host.read(register.name) == kept, register.name
            await host.write(register.name, register.reset or 0)
            assert await host.read(register.name) == register.reset, register.name
    for k in range(d.lanes):
        await host.write(f"MASK_{k}", 0)
        assert await host.read(f"MASK_{k}") == 0
    state = 0x0123456789ABCDEF
    await host.write("LFSR_0", state)
    await host.write("LFSR_1", state >> 32)
    assert await host.read_wide("LFSR", signed=False) == state
    bench.chip.signs.state = state
    before = bench.chip.copy()
    await host.write("UPDATES", 1)
    targets, record = bench.batches(1)
    bench.send_targets(targets)
    await host.write("CONTROL", Command.LEARN)
    await bench.idle()
    bench.chip = before
    assert await host.read_wide("LOSS") == record.loss
    assert [await host.read_wide(f"JVP_{k}") for k in range(d.lanes)] == [0] * d.lanes
    assert await host.read_wide("LFSR", signed=False) == record.lfsr
    await bench.compare_weights()


@Bench.test(stall=0.0)
async def keeps_its_pace(bench: Bench) -> None:
    """Without stalls, clocks are those of `Geometry.interval` and `model.sizes.cycles`."""
    d = bench.d
    if d.kind == "mlp":
        await _samples_follow_each_other(bench)
    for source in bench.inputs:
        source.moved.clear()
    targets, _ = bench.batches(1)
    bench.send_targets(targets)
    await bench.host.write("UPDATES", 1)
    busy = bench.pulses("busy")
    await bench.host.write("CONTROL", Command.LEARN)
    await bench.idle()
    first, end = busy[0][0], busy[-1][0] + 1
    assert d.passes > 1 or bench.inputs[-1].moved[0] == first + draw_cycles(d)
    if d.kind != "mlp":
        least, most = batch_cycles(d)
        assert least <= end - first <= most
        return
    part, g = d.parts[0], geometry(d.parts[0])
    loss = 2 + squared_error_sizes(d).multiply
    assert d.local or end == bench.targets.moved[-1] + loss + learn_cycles(d)
    span = end - first - draw_cycles(d) - learn_cycles(d)
    mean = span / (d.passes * d.batch[0])
    assert g.least_interval <= mean <= g.interval + fill_bound(part) / d.batch[0]


async def _samples_follow_each_other(bench: Bench) -> None:
    """A sample enters, and another leaves, every `Geometry.inference_interval` clocks.

    Where layers skip, after `Geometry.least_interval` or more.
    """
    part, g = bench.d.parts[0], geometry(bench.d.parts[0])
    interval, least, most = g.inference_interval, g.least_interval, g.interval
    samples = 24
    await bench.infer(samples)
    chunks, outputs = g.layers[0].chunks, part.network.layers[-1]
    last = bench.inputs[0].moved[chunks - 1 :: chunks]
    ends = bench.results.moved[outputs - 1 :: outputs]
    for moved in (last, ends):
        if least == most:
            assert [after - before for before, after in pairwise(moved[-8:])] == [interval] * 7
        else:
            assert least * (samples - 1) - fill_bound(part) <= moved[-1] - moved[0]
        assert moved[-1] - moved[0] <= interval * (samples - 1)
