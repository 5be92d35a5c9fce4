"""Multipliers as blocks of a device are the plain ones, to the bit and to the clock: proved."""

import json
import re
from pathlib import Path

import pytest
from amaranth.hdl import Module, Shape, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow import bitstream
from dualspike.boards.flow.synthesis import NETLIST, area_of, synthesise
from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.mapping.blocks import blocks
from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.hw.layer.macs.multiplier import LATENCIES, Multiplier, block_name
from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.load import describe
from tests.boards.netlist import cell_models, yosys_share

# The same flip-flops of both become one, then the same products; the rest is left to the solver.
PROOF = """
design -push-copy
miter -equiv -flatten -make_outputs plain_{module} {module} both
hierarchy -top both
opt -full
simplemap t:$dff t:$sdff t:$dffe t:$adff t:$adffe
opt -full
wreduce
opt -full
sat -verify -tempinduct -seq {clocks} -set-init-zero -prove trigger 0 both
design -pop
"""

Kind = tuple[Shape, Shape, int]


class Units(wiring.Component):
    """A multiplier of each kind, on ports of its own."""

    def __init__(self, kinds: list[Kind]) -> None:
        self._units = {block_name(*kind): Multiplier(*kind) for kind in kinds}
        members = {
            f"{port}_{name}": flow(getattr(unit, port).shape())
            for name, unit in self._units.items()
            for port, flow in (("left", In), ("right", In), ("product", Out))
        }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for n, (name, unit) in enumerate(self._units.items()):
            m.submodules[f"unit_{n}"] = unit
            m.d.comb += [
                unit.left.eq(getattr(self, f"left_{name}")),
                unit.right.eq(getattr(self, f"right_{name}")),
                getattr(self, f"product_{name}").eq(unit.product),
            ]
        return m


def prove(kinds: list[Kind], family: str, widest: int | None, to: Path, made: str = "") -> None:
    """RuntimeError if blocks, or the text ``made``, differ from plain multipliers."""
    plain = to_verilog(Units(kinds), "units")
    made = made or blocks(plain, family, widest)
    modules = re.findall(r"^module (\w*multiplier\w*_\d) \(.*\brst\b.*\);", made, re.M)
    assert len(modules) == len(kinds)
    (to / "plain.v").write_text(plain, "utf-8")
    (to / "blocks.v").write_text(made, "utf-8")
    (to / "models.v").write_text(models(family), "utf-8")
    lines = ["read_verilog plain.v", "delete units", *(f"delete units_unit_{n}" for n in range(9))]
    lines += [f"rename {name} plain_{name}" for name in modules]
    lines += [
        "read_verilog blocks.v models.v",
        "hierarchy",
        "proc",
    ]
    for name in modules:
        lines += [f"flatten {name}", PROOF.format(module=name, clocks=int(name[-1]) + 1)]
    (to / "proof.ys").write_text("\n".join(lines), "utf-8")
    run(YOSYS, ["-q", "-s", "proof.ys"], to)


def models(family: str) -> str:
    """The block from inside: ours of the MULT18X18D, that of Yosys of the SB_MAC16.

    What nextpnr calls ICESTORM_DSP is the latter with a port for each bit.
    """
    if family == "ecp5":
        return "\n".join(cell_models())
    text = yosys_share("ice40", "cells_sim.v")
    found = re.search(r"^module SB_MAC16 .*?^endmodule", text, re.M | re.S)
    assert found
    buses = {"A": 16, "B": 16, "C": 16, "D": 16, "O": 32}
    bits = {bus: [f"{bus}_{n}" for n in reversed(range(width))] for bus, width in buses.items()}
    lines = re.findall(r"^\tinput ([A-Z, ]+)$", found[0], re.M)
    others = [name for line in lines for name in line.rstrip(",").split(", ")]
    inputs = [*(one for bus in "ABCD" for one in bits[bus]), *others]
    given = [f".{bus}({{{', '.join(names)}}})" for bus, names in bits.items()]
    given += [f".{name}({name})" for name in others]
    names = ("A_REG", "B_REG", "PIPELINE_16x16_MULT_REG2", "A_SIGNED", "B_SIGNED")
    select = [f"{half}OUTPUT_SELECT" for half in ("TOP", "BOT")]
    passed = ", ".join(f".{name}({name})" for name in (*names, *select))
    return f"""{found[0]}
module ICESTORM_DSP({", ".join(inputs + bits["O"])});
{"".join(f"  parameter {name} = 0;" for name in names)}
{"".join(f"  parameter [1:0] {name} = 0;" for name in select)}
  input {", ".join(inputs)};
  output {", ".join(bits["O"])};
  SB_MAC16 #({passed}) block ({", ".join(given)});
endmodule
"""


WIDE = [(signed(18), signed(12)), (signed(11), unsigned(7)), (unsigned(18), signed(5))]
SMALL = [(signed(5), signed(4)), (unsigned(6), signed(3)), (unsigned(4), unsigned(5))]


def kinds(shapes: list[tuple[Shape, Shape]]) -> list[Kind]:
    """The shapes at each latency that has registers."""
    return [(*pair, latency) for pair in shapes for latency in LATENCIES[1:]]


@pytest.mark.parametrize(
    ("family", "shapes", "widest"),
    [("ecp5", WIDE, None), ("ecp5", SMALL, 3), ("ice40", SMALL, None), ("ice40", SMALL, 3)],
)
def test_blocks_are_plain_multipliers(
    family: str, shapes: list[tuple[Shape, Shape]], widest: int | None, tmp_path: Path
) -> None:
    prove(kinds(shapes), family, widest, tmp_path)


def test_a_block_that_differs_is_found(tmp_path: Path) -> None:
    kind = [(signed(18), unsigned(12), 2)]
    made = blocks(to_verilog(Units(kind), "units"), "ecp5")
    wrong = [
        made.replace(".SIGNEDA(1'b1)", ".SIGNEDA(1'b0)"),
        made.replace('.REG_INPUTB_CLK("CLK0"), ', ""),
        made.replace(".B3(part_0_B[3])", ".B3(1'b0)"),
    ]
    assert made not in wrong
    for text in wrong:
        with pytest.raises(RuntimeError, match="proof did fail"):
            prove(kind, "ecp5", None, tmp_path, text)


def test_products_without_registers_and_small_ones_are_left_to_yosys() -> None:
    plain = to_verilog(Units([(signed(9), signed(9), 0), (signed(4), signed(4), 2)]), "units")
    assert blocks(plain, "ecp5") == blocks(plain, "ice40") == ""


@pytest.mark.parametrize(
    ("family", "block", "before", "after"),
    [
        ("ecp5", "MULT18X18D", "REG_INPUTA_CLK", "REG_OUTPUT_CLK"),
        ("ice40", "ICESTORM_DSP", "A_REG", "PIPELINE_16x16_MULT_REG2"),
    ],
)
def test_synthesis_takes_the_blocks(
    family: str, block: str, before: str, after: str, tmp_path: Path
) -> None:
    """With their registers and their clock, and puts no register of the fabric into them."""
    shapes = (signed(12), signed(9))
    kind = [(*shapes, 1), (*shapes, 2), (*shapes, 3), (signed(20), unsigned(9), 2)]
    device = DEVICES[{"ecp5": "ecp5-25f", "ice40": "ice40-up5k"}[family]]
    cells = synthesise(to_verilog(Units(kind), "units"), "units", family, device.family, tmp_path)
    assert cells[block] == area_of(cells, family)["dsp"] == 5
    # The third register of the third.
    assert area_of(cells, family)["ff"] == 21
    modules = json.loads((tmp_path / NETLIST).read_text())["modules"]
    clock = modules["units"]["ports"]["clk"]["bits"]
    found = [one for one in modules["units"]["cells"].values() if one["type"] == block]
    port = "CLK0" if family == "ecp5" else "CLK"
    assert all(one["connections"][port] == clock for one in found)
    used = [[one["parameters"].get(name, "NONE") for name in (before, after)] for one in found]
    on = "CLK0" if family == "ecp5" else "1"
    assert sorted(pair == [on, on] for pair in used) == [False] + 4 * [True]
    assert all(pair[1] == on for pair in used)


@pytest.mark.parametrize("board", ["ulx3s-12f", "icebreaker"])
def test_a_bitstream_reads_the_blocks_over_the_plain_modules(board: str) -> None:
    """All of them, though the host link's reset goes to every module of the chip."""
    tiny = describe({"name": "tiny", "network": {"layers": [1, 2, 1]}}, "test")
    made = bitstream.plan(tiny, BOARDS[board], 12_000_000, 1_000_000)
    script = made.files["tiny_top.ys"]
    read = [line.split() for line in script.splitlines() if line.startswith("read_verilog")]
    files = ["tiny_system.v", "tiny_system_blocks.v"]
    assert read == [["read_verilog", "-overwrite", file] for file in files]
    modules = [
        set(re.findall(r"^module (\w*multiplier\w*_[su]\d+_[su]\d+_\d) \(", made.files[file], re.M))
        for file in files
    ]
    assert modules[0] == modules[1] and len(modules[0]) >= 3
    for name in modules[0]:
        ports = [port.name for port in ports_of(made.files[files[0]], name)]
        assert f"module {name} ({', '.join(ports)});" in made.files[files[1]]
