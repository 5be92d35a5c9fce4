"""The clock of 24 multiply-accumulates on an ECP5 by the latency of their products.

Eight words of 12 bits meet three of 18, as weights of eight neurons meet the tangents of three
lanes: each word goes to three multipliers, each tangent to eight. Operands come from registers,
sums have 34 bits. ``python benchmarks/multipliers.py`` places and routes the array by itself for
latencies 0 to 3 and every seed, and prints a line for each latency; ``--plain`` leaves the
registers to Yosys, which has them in the fabric.
"""

import argparse
import tempfile
from pathlib import Path

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.flow.place import Placed, place
from dualspike.boards.flow.synthesis import area_of, synthesise
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.layer.macs.multiplier import LATENCIES, Multiplier
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.cost.devices import DEVICES
from dualspike.testbench.arguments import count, positive

WORDS, TANGENTS, SUM_BITS = (signed(12), 8), (signed(18), 3), 34


class Array(wiring.Component):
    """Sums of all products, from 0 again where ``first``."""

    def __init__(self, latency: int) -> None:
        self._latency = latency
        sums = ArrayLayout(ArrayLayout(signed(SUM_BITS), TANGENTS[1]), WORDS[1])
        words, tangents = (ArrayLayout(*one) for one in (WORDS, TANGENTS))
        super().__init__(
            {"words": In(words), "tangents": In(tangents), "first": In(1), "sums": Out(sums)}
        )

    def elaborate(self, platform: object) -> Module:
        """Operands in registers, products, sums."""
        m = Module()
        words, tangents = Signal.like(self.words), Signal.like(self.tangents)
        m.d.sync += [words.eq(self.words), tangents.eq(self.tangents)]
        first = self.first
        for n in range(1 + self._latency):
            earlier, first = first, Signal(name=f"first_{n}")
            m.d.sync += first.eq(earlier)
        for p in range(WORDS[1]):
            for k in range(TANGENTS[1]):
                unit = Multiplier(WORDS[0], TANGENTS[0], self._latency)
                m.submodules[f"product_{p}_{k}"] = unit
                m.d.comb += [unit.left.eq(words[p]), unit.right.eq(tangents[k])]
                kept = wire(m, self.sums[p][k] & ~first.replicate(SUM_BITS), f"kept_{p}_{k}")
                m.d.sync += self.sums[p][k].eq(kept.as_signed() + unit.product)
        return m


def measured(
    latency: int, seed: int, device: str, clock: float, plain: bool
) -> tuple[Placed, dict[str, int]]:
    """What place and route come to, and the array's resources."""
    chip = DEVICES[device]
    verilog = to_verilog(Array(latency), "array")
    if plain:
        verilog = verilog.replace("multiplier_", "fabric_")
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        cells = synthesise(verilog, "array", chip.family.name, chip.family, Path(name))
        return place(chip, Path(name), seed, clock), area_of(cells, chip.family.name)


def main() -> None:
    """A line for each latency."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=count, default=4, help="seeds 1 to this of nextpnr")
    parser.add_argument(
        "--device", default="ecp5-25f", choices=[d for d in DEVICES if d.startswith("ecp5")]
    )
    parser.add_argument("--clock", type=positive, default=200.0, help="MHz that nextpnr aims at")
    parser.add_argument("--plain", action="store_true", help="registers in the fabric")
    given = parser.parse_args()
    print("| latency | MHz by seed | cells | FF | DSP |\n|---|---|---|---|---|")
    for latency in LATENCIES:
        runs = [
            measured(latency, seed, given.device, given.clock, given.plain)
            for seed in range(1, given.seeds + 1)
        ]
        placed, area = runs[0]
        clocks = ", ".join(f"{one.fmax:.1f}" for one, _ in runs)
        line = f"| {latency} | {clocks} | {placed.cells:,} | {placed.ff:,} | {area['dsp']} |"
        print(line, flush=True)


if __name__ == "__main__":
    main()
