"""The clock of one neuron's membrane on an ECP5 by the form of its loop.

A layer with a single row of neurons needs a membrane again a clock after it was changed:
U <- clip(U + z), and if that is above theta, U <- U - theta. No register can cut this loop, so
only its form can make it short. ``python benchmarks/membrane_loop.py`` first simulates all forms
next to each other on random currents, then places and routes 16 membranes of each by themselves,
and prints a line for each form.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from dualspike.boards.flow.place import Placed, place
from dualspike.boards.flow.synthesis import synthesise
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.stream.arithmetic import saturate, wire
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.cost.devices import DEVICES

FORMS = ("in a row", "side by side", "choice first", "both ways")
BITS, THETA, NEURONS = 20, 1 << 16, 16
LOW, HIGH = -1 << (BITS - 1), (1 << (BITS - 1)) - 1


class Membranes(wiring.Component):
    """Currents in, spikes out two clocks later, whatever the form."""

    def __init__(self, form: str) -> None:
        self._form = form
        super().__init__(
            {"currents": In(ArrayLayout(signed(BITS), NEURONS)), "spikes": Out(NEURONS)}
        )

    def elaborate(self, platform: object) -> Module:
        """Currents come from registers, spikes go to registers."""
        m = Module()
        for n in range(NEURONS):
            z = Signal(signed(BITS), name=f"current_{n}")
            m.d.sync += z.eq(self.currents[n])
            loop = {
                "in a row": _in_a_row,
                "side by side": _side_by_side,
                "choice first": _choice_first,
                "both ways": _both_ways,
            }[self._form]
            m.d.sync += self.spikes[n].eq(loop(m, z, str(n)))
        return m


def _in_a_row(m: Module, z: Value, name: str) -> Value:
    """Sum, clip, compare, subtract, one after the other."""
    kept = Signal(signed(BITS), name=f"membrane_{name}")
    before, _ = saturate(m, kept + z, BITS, name)
    fire = before > THETA
    m.d.sync += kept.eq(Mux(fire, before - THETA, before))
    return fire


def _ends(summed: Value, fire: Value) -> tuple[Value, Value]:
    """Whether a sum leaves the range, and the membrane it becomes."""
    return summed[BITS] ^ summed[BITS - 1], Mux(fire, HIGH - THETA, LOW)


def _side_by_side(m: Module, z: Value, name: str) -> Value:
    """Sum, sum less theta and comparison at once; the last chooses. As `hw.layer.neuron` does."""
    kept = Signal(signed(BITS), name=f"membrane_{name}")
    gap = wire(m, THETA - z, f"gap_{name}")
    summed = wire(m, kept + z, f"summed_{name}")
    less, fire = wire(m, kept - gap, f"less_{name}"), wire(m, gap < kept, f"fire_{name}")
    clips, edge = _ends(summed, fire)
    after = Mux(clips, edge, Mux(fire, less, summed))
    m.d.sync += kept.eq(after[:BITS].as_signed())
    return fire


def _choice_first(m: Module, z: Value, name: str) -> Value:
    """The same, but sum and sum less theta are kept, and the choice comes a clock later."""
    summed, less = (Signal(signed(BITS + 2), name=f"{one}_{name}") for one in ("summed", "less"))
    fire = Signal(name=f"fired_{name}")
    clips, edge = _ends(summed, fire)
    kept = wire(m, Mux(clips, edge, Mux(fire, less, summed))[:BITS].as_signed(), f"kept_{name}")
    gap = wire(m, THETA - z, f"gap_{name}")
    now = wire(m, gap < kept, f"fire_{name}")
    m.d.sync += [summed.eq(kept + z), less.eq(kept - gap), fire.eq(now)]
    return now


def _both_ways(m: Module, z: Value, name: str) -> Value:
    """All sums for a membrane that fired, did not, or left the range at an end; then the choice."""
    kept = [Signal(signed(BITS), name=f"{one}_{name}") for one in ("summed", "less")]
    fire, clips = Signal(name=f"fired_{name}"), Signal(name=f"clipped_{name}")
    gap = wire(m, THETA - z, f"gap_{name}")
    before = [*kept, Const(LOW, signed(BITS)), Const(HIGH - THETA, signed(BITS))]
    sums = [wire(m, one + z, f"sum_{name}_{k}") for k, one in enumerate(before)]
    less = [wire(m, one - gap, f"less_{name}_{k}") for k, one in enumerate(before)]
    fires = [wire(m, gap < one, f"fire_{name}_{k}") for k, one in enumerate(before)]

    def chosen(ways: Sequence[Value]) -> Value:
        return Mux(clips, Mux(fire, ways[3], ways[2]), Mux(fire, ways[1], ways[0]))

    now = wire(m, chosen(fires), f"now_{name}")
    m.d.sync += [
        kept[0].eq(chosen(sums)),
        kept[1].eq(chosen(less)),
        fire.eq(now),
        clips.eq(chosen([one[BITS] ^ one[BITS - 1] for one in sums])),
    ]
    return now


def check(clocks: int = 2000) -> None:
    """Every form fires in the same clocks; AssertionError if one does not."""
    m, forms = Module(), [Membranes(form) for form in FORMS]
    for n, one in enumerate(forms):
        m.submodules[f"form_{n}"] = one

    async def bench(ctx) -> None:
        rng, fired = random.Random(1), set()
        for clock in range(clocks):
            wide = BITS - 1 if clock % 64 < 32 else BITS - 4
            currents = [rng.randrange(-1 << wide, 1 << wide) for _ in range(NEURONS)]
            for one in forms:
                ctx.set(one.currents, currents)
            await ctx.tick()
            spikes = [ctx.get(one.spikes) for one in forms]
            assert len(set(spikes)) == 1, f"clock {clock}: {dict(zip(FORMS, spikes, strict=True))}"
            fired.add(spikes[0])
        assert len(fired) > clocks // 2

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def measured(form: str, seed: int, device: str, clock: float) -> Placed:
    """What place and route come to."""
    chip = DEVICES[device]
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        verilog = to_verilog(Membranes(form), "membranes")
        synthesise(verilog, "membranes", chip.family.name, chip.family, Path(name))
        return place(chip, Path(name), seed, clock)


def main() -> None:
    """A line for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4, help="seeds 1 to this of nextpnr")
    parser.add_argument(
        "--device", default="ecp5-25f", choices=[d for d in DEVICES if d.startswith("ecp5")]
    )
    parser.add_argument("--clock", type=float, default=250.0, help="MHz that nextpnr aims at")
    given = parser.parse_args()
    check()
    print("| form | MHz by seed | cells | FF |\n|---|---|---|---|")
    for form in FORMS:
        runs = [
            measured(form, seed, given.device, given.clock) for seed in range(1, given.seeds + 1)
        ]
        clocks = ", ".join(f"{one.fmax:.1f}" for one in runs)
        print(f"| {form} | {clocks} | {runs[0].cells:,} | {runs[0].ff:,} |", flush=True)


if __name__ == "__main__":
    main()
