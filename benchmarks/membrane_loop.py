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
from dataclasses import dataclass
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
from dualspike.testbench.arguments import count, positive

FORMS = ("in a row", "side by side", "gap kept", "choice first", "both ways")
BITS, FRACTION, NEURONS = 20, 16, 16
LOW, HIGH = -1 << (BITS - 1), (1 << (BITS - 1)) - 1


@dataclass(frozen=True)
class _Neuron:
    """What a loop is made of: z, theta - z, and theta."""

    m: Module
    name: str
    z: Value
    gap: Value
    theta: int

    def wire(self, value: Value, name: str) -> Signal:
        return wire(self.m, value, f"{name}_{self.name}")

    def kept(self, name: str, bits: int = BITS) -> Signal:
        return Signal(signed(bits), name=f"{name}_{self.name}")


class Membranes(wiring.Component):
    """Currents in, spikes out three clocks later, whatever the form."""

    def __init__(self, form: str, theta: int) -> None:
        self._form, self._theta = form, theta
        super().__init__(
            {"currents": In(ArrayLayout(signed(BITS), NEURONS)), "spikes": Out(NEURONS)}
        )

    def elaborate(self, platform: object) -> Module:
        """Currents come from registers, spikes go to registers."""
        m = Module()
        for n in range(NEURONS):
            early, z = (Signal(signed(BITS), name=f"{one}_{n}") for one in ("early", "current"))
            gap = Signal(signed(BITS + 1), name=f"gap_{n}")
            m.d.sync += [early.eq(self.currents[n]), z.eq(early)]
            if self._form == "gap kept":
                m.d.sync += gap.eq(self._theta - early)
            else:
                m.d.comb += gap.eq(self._theta - z)
            neuron = _Neuron(m, str(n), z, gap, self._theta)
            m.d.sync += self.spikes[n].eq(LOOPS[self._form](neuron))
        return m


def _in_a_row(n: _Neuron) -> Value:
    """Sum, clip, compare, subtract, one after the other."""
    kept = n.kept("membrane")
    before, _ = saturate(n.m, kept + n.z, BITS, n.name)
    fire = before > n.theta
    n.m.d.sync += kept.eq(Mux(fire, before - n.theta, before))
    return fire


def _side_by_side(n: _Neuron) -> Value:
    """Sum, sum less theta and comparison at once; the last chooses."""
    kept = n.kept("membrane")
    summed, less = n.wire(kept + n.z, "summed"), n.wire(kept - n.gap, "less")
    fire = n.wire(n.gap < kept, "fire")
    n.m.d.sync += kept.eq(_after(summed, less, fire, n.theta))
    return fire


def _after(summed: Value, less: Value, fire: Value, theta: int) -> Value:
    """The membrane: above the threshold only the upper end clips, below it only the lower one."""
    clips = summed[BITS] ^ summed[BITS - 1]
    after = Mux(clips, Mux(fire, HIGH - theta, LOW), Mux(fire, less, summed))
    return after[:BITS].as_signed()


def _choice_first(n: _Neuron) -> Value:
    """Sum and sum less theta are kept, and the choice comes a clock later, before the sums."""
    summed, less = n.kept("summed", BITS + 1), n.kept("less", BITS + 2)
    fired = Signal(name=f"fired_{n.name}")
    before = n.wire(_after(summed, less, fired, n.theta), "before")
    fire = n.wire(n.gap < before, "fire")
    n.m.d.sync += [summed.eq(before + n.z), less.eq(before - n.gap), fired.eq(fire)]
    return fire


def _both_ways(n: _Neuron) -> Value:
    """All sums for a membrane that fired, did not, or left the range at an end; then the choice."""
    kept = [n.kept("summed"), n.kept("less")]
    fired, clipped = (Signal(name=f"{one}_{n.name}") for one in ("fired", "clipped"))
    ways = [*kept, Const(LOW, signed(BITS)), Const(HIGH - n.theta, signed(BITS))]
    sums = [n.wire(way + n.z, f"sum_{k}") for k, way in enumerate(ways)]
    less = [n.wire(way - n.gap, f"less_{k}") for k, way in enumerate(ways)]
    fires = [n.wire(n.gap < way, f"fire_{k}") for k, way in enumerate(ways)]

    def chosen(of: Sequence[Value]) -> Value:
        return Mux(clipped, Mux(fired, of[3], of[2]), Mux(fired, of[1], of[0]))

    fire = n.wire(chosen(fires), "fire")
    n.m.d.sync += [
        kept[0].eq(chosen(sums)),
        kept[1].eq(chosen(less)),
        fired.eq(fire),
        clipped.eq(chosen([one[BITS] ^ one[BITS - 1] for one in sums])),
    ]
    return fire


LOOPS = {
    "in a row": _in_a_row,
    "side by side": _side_by_side,
    "gap kept": _side_by_side,
    "choice first": _choice_first,
    "both ways": _both_ways,
}


def check(theta: int, clocks: int = 2000) -> None:
    """Every form fires in the same clocks; AssertionError if one does not."""
    m, forms = Module(), [Membranes(form, theta) for form in FORMS]
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


def measured(form: str, theta: int, seed: int, device: str, clock: float) -> Placed:
    """What place and route come to."""
    chip = DEVICES[device]
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        verilog = to_verilog(Membranes(form, theta), "membranes")
        synthesise(verilog, "membranes", chip.family.name, chip.family, Path(name))
        return place(chip, Path(name), seed, clock)


def main() -> None:
    """A line for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threshold", type=positive, default=1.0)
    parser.add_argument("--seeds", type=count, default=3, help="seeds 1 to this of nextpnr")
    parser.add_argument(
        "--device", default="ecp5-25f", choices=[d for d in DEVICES if d.startswith("ecp5")]
    )
    parser.add_argument("--clock", type=positive, default=250.0, help="MHz that nextpnr aims at")
    given = parser.parse_args()
    theta, seeds = round(given.threshold * (1 << FRACTION)), range(1, given.seeds + 1)
    check(theta)
    print("| form | MHz by seed | cells | FF |\n|---|---|---|---|")
    for form in FORMS:
        runs = [measured(form, theta, seed, given.device, given.clock) for seed in seeds]
        clocks = ", ".join(f"{one.fmax:.1f}" for one in runs)
        print(f"| {form} | {clocks} | {runs[0].cells:,} | {runs[0].ff:,} |", flush=True)


if __name__ == "__main__":
    main()
