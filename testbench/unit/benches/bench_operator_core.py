"""`Core` of an operator network: what its product unit adds to the tests of `bench_core`."""

from dualspike.model.description.head import ProductFlag
from dualspike.model.interface.register import Command
from dualspike.model.sizes.cycles import prefixes_held
from dualspike.testbench.unit.benches.core import TOP, Bench, component

__all__ = ["TOP", "component"]

CASES = [{"name": name} for name in ("pair", "point", "apart")]


@Bench.test()
async def fills_up(bench: Bench) -> None:
    """More functions than the product unit holds: with results that nobody takes, and learning."""
    functions = 2 * prefixes_held(bench.d, 1)
    await bench.infer(functions, wait=40 * functions)
    if bench.d.learns:
        await bench.learn(functions)


@Bench.test()
async def clips_factors(bench: Bench) -> None:
    """Readouts whose weights and biases are all at one end of their format, then at the other."""
    d, chip, form = bench.d, bench.chip, bench.d.formats.weight
    readouts = [d.layers_of(part)[-1] for part in range(len(d.parts))]
    for end in (form.lowest, form.highest):
        for layer in range(d.n_layers):
            read = layer in readouts
            chip.weights[layer][:] = end if read else 0
            chip.biases[layer][:] = end if read else form.highest
        await bench.host.fill(bench.chip.memories)
        await bench.host.write("FLAGS", 0)
        chip.flags = 0
        await bench.infer(1)
        assert chip.flags >> ProductFlag.FACTOR & 1


@Bench.test(stall=0.0)
async def drops_a_grid_that_is_not_complete(bench: Bench) -> None:
    """STOP with some rows of the trunks inside: busy until they are through, then all is new.

    A LEARN that comes meanwhile only stops.
    """
    d, host = bench.d, bench.host
    await host.write("CONTROL", Command.INFER)
    trunks = range(1, len(d.parts))
    for n in trunks:
        bench.send_rows(n, bench.rows(n, max(1, d.batch[n] - 1)))
    await bench.until(lambda: not any(bench.inputs[n].queue for n in trunks))
    if d.learns:
        await host.write("UPDATES", 1)
    await host.write("CONTROL", Command.STOP)
    await host.write("CONTROL", Command.LEARN)
    assert await host.read("CONTROL") == Command.STOP
    await bench.idle()
    await host.write("FLAGS", 0)
    if d.learns:
        await bench.learn(1)
    await bench.infer(2)
