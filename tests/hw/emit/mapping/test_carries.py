"""Carry chains of the ECP5 are the plain sums, to the bit: proved."""

from pathlib import Path

import pytest

from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.mapping.carries import carries
from dualspike.hw.layer.online.rounding.carry import DitherCarry
from tests.boards.netlist import cell_models

PROOF = """
read_verilog plain.v
rename {module} plain
read_verilog models.v chain.v
hierarchy
proc
miter -equiv -flatten -make_outputs plain {module} both
hierarchy -top both
opt -full
sat -verify -prove trigger 0 both
"""


def prove(bits: int, to: Path, right: str = "", wrong: str = "") -> None:
    """RuntimeError if the chain differs from the sum, with ``wrong`` put for the right."""
    plain = to_verilog(DitherCarry(bits), "top")
    made = carries(plain)
    assert right in made and "CCU2C" in made
    (to / "plain.v").write_text(plain, "utf-8")
    (to / "chain.v").write_text(made.replace(right, wrong), "utf-8")
    (to / "models.v").write_text("\n".join(cell_models()[:3]), "utf-8")
    (to / "proof.ys").write_text(PROOF.format(module=f"top_dither_carry_{bits}"), "utf-8")
    run(YOSYS, ["-q", "-s", "proof.ys"], to)


@pytest.mark.parametrize("bits", [1, 2, 7, 24])
def test_chains_are_plain_sums(bits: int, tmp_path: Path) -> None:
    prove(bits, tmp_path)


@pytest.mark.parametrize("right", [".C0(c[2])", "16'h96AA", ".CIN(chain[1])"])
def test_a_wrong_one_is_found(right: str, tmp_path: Path) -> None:
    wrong = right.replace("c[2]", "1'b0").replace("96AA", "66AA").replace("chain[1]", "1'b0")
    with pytest.raises(RuntimeError):
        prove(5, tmp_path, right, wrong)
