"""`Core` without learning: registers, results and pace, as `golden.integer.rfg.chip.Chip`."""

import math
from enum import IntEnum
from itertools import pairwise

from dualspike.model.description.head import ProductFlag
from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.register import Command, Flag
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.cycles import function_interval
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.unit.benches.core import TOP, Bench, component

__all__ = ["TOP", "component"]

FLAGS: dict[str, tuple[IntEnum, ...]] = {
    "still": (Flag.MEMBRANE, Flag.FLOOR),
    "rest": (ProductFlag.FACTOR, Flag.FLOOR),
}
"""What the inference clips, if no more."""
CASES = [{"name": name} for name in FLAGS]


@Bench.test(stall=[0.0, 0.5, 0.8])
async def infers(bench: Bench) -> None:
    """Every register, results whoever waits, the flag, and weights that stay as they are."""
    host = bench.host
    expected = {r.name: r.reset for r in register_map(bench.d) if "r" in r.access}
    del expected["CYCLES"], expected["WEIGHT_DATA"]
    assert {name: await host.read(name) for name in expected} == expected
    first, before = await host.read("CYCLES"), bench.now
    await bench.cycle(17)
    assert await host.read("CYCLES") - first == bench.now - before
    for count, wait in ((1, 0), (7, 300)):
        await bench.infer(count, wait)
    assert await host.read("FLAGS") == bench.chip.flags
    assert all(bench.chip.flags >> flag & 1 for flag in FLAGS[bench.case["name"]])
    await host.write("FLAGS", 0xFFFFFFFF)
    assert await host.read("FLAGS") == 0
    await bench.compare_weights()


@Bench.test(stall=0.0)
async def interrupts_its_host(bench: Bench) -> None:
    """IRQ_STATUS, IRQ_ENABLE and ``irq``; DONE that comes in the clock of its clear is not lost.

    Clears follow one another, nine clocks apart and from each of nine phases, until a sample has
    left: the last of them comes a clock after the cause, in its clock, or before it.
    """
    await bench.interrupts()
    host, busy = bench.host, bench.pulses("busy")
    await host.enable_irq([Cause.DONE])
    met = set[int]()
    for phase in range(9 if bench.d.kind == "mlp" else 0):
        await host.write("CONTROL", Command.INFER)
        bench.send(bench.samples(1))
        await bench.until(lambda: bench.get("busy"))
        await bench.cycle(phase)
        cleared = 0
        while await bench.see("busy"):
            cleared = bench.now + 1
            await host.write("IRQ_STATUS", 1 << Cause.DONE)
        late = busy[-1][0] + 1 - cleared
        met.add(late)
        assert await bench.see("irq") == (late >= 0)
        assert await host.take_irq() == ({Cause.DONE} if late >= 0 else set())
    assert bench.d.kind != "mlp" or met == set(range(-1, 8))


@Bench.test()
async def learning_is_no_command(bench: Bench) -> None:
    """CONTROL takes 1; a 2, like a 0, stops, and lets what is inside come out."""
    inputs = bench.samples(3)
    results = bench.chip.infer(inputs).ravel().tolist()
    for command in (Command.LEARN, Command.STOP):
        await bench.host.write("CONTROL", command)
        assert await bench.host.read("CONTROL") == Command.STOP
        bench.send(inputs)
        await bench.cycle(50)
        assert not bench.inputs[0].moved and not await bench.see(f"{bench.ports[0]}_ready")
        await bench.host.write("CONTROL", Command.INFER)
        await bench.until(lambda: not bench.inputs[0].queue)
        await bench.host.write("CONTROL", command)
        assert await bench.host.read("STATUS") == 1
        await bench.idle()
        assert bench.results.taken == results
        bench.results.taken.clear()
        bench.inputs[0].moved.clear()


@Bench.test(stall=0.0)
async def keeps_its_pace(bench: Bench) -> None:
    """Without stalls a sample enters, and another leaves, every `Geometry.interval` clocks.

    Of an operator network a function leaves every `function_interval` clocks.
    """
    d, g = bench.d, geometry(bench.d.parts[0])
    mlp = d.kind == "mlp"
    interval = g.interval if mlp else function_interval(d)
    await bench.infer(24)
    chunks, outputs = g.layers[0].chunks, d.basis if mlp else math.prod(d.batch[1:])
    taken = [(bench.inputs[0].moved, chunks)] if mlp else []
    for moved, each in (*taken, (bench.results.moved, outputs)):
        ends = moved[each - 1 :: each]
        assert [after - before for before, after in pairwise(ends[-8:])] == [interval] * 7


@Bench.test(stall=0.0)
async def tells_of_upsets_in_every_memory(bench: Bench) -> None:
    """A wrong parity bit raises the flag once its word is read, and changes no word."""
    host, parity = bench.host, 1 << bench.d.formats.weight.bits
    (flags,) = (one for one in register_map(bench.d) if one.name == "FLAGS")
    (told,) = (1 << field.low for field in flags.fields if field.name == "parity")

    async def put(select: int, word: int, flips: int) -> None:
        await host.write("INJECT", flips)
        await host.write("WEIGHT_SELECT", select)
        await host.write("WEIGHT_DATA", word)

    async def first_of(select: int) -> int:
        await host.write("WEIGHT_SELECT", select)
        return await host.read("WEIGHT_DATA")

    for select, memory in enumerate(bench.chip.memories):
        word, before = int(memory.flat[0]), await first_of(select)
        await put(select, word, parity)
        await host.write("FLAGS", 0)
        found = [await host.read("FLAGS"), await first_of(select), await host.read("FLAGS")]
        await put(select, word, 0)
        assert found == [0, before, told]
    await host.write("FLAGS", 0)
    await bench.compare_weights()
    assert await host.read("FLAGS") == 0
