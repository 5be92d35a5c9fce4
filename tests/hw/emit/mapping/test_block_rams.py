"""Block RAMs with their output register are the plain memories, to the bit and to the clock."""

from pathlib import Path

import pytest

from dualspike.boards.flow.synthesis import area_of, synthesise
from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.mapping import block_rams
from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.model.cost.devices import DEVICES
from tests.boards.netlist import cell_models
from tests.few import few

# What both do with a word of their own is found to be the same and made one, step by step from the
# inputs on: first the words, then what is read of them, at last the outputs.
PROOF = """
read_verilog plain.v
delete top
rename {module} plain
read_verilog models.v blocks.v
read_verilog -formal both.v
hierarchy -top both
proc
chformal -lower
flatten
opt_expr
opt_clean
memory_dff
memory_map
opt -full
techmap
opt -full
freduce
opt_merge
opt_clean
freduce
opt_merge
opt_clean
sat -verify -tempinduct -seq 1 -set-init-zero -set-assumes -prove-asserts both
"""
BOTH = """
module both(input clk, write, input [{top}:0] address, place, input [{bits}:0] written);
  wire [{bits}:0] word, other;
  plain one(.clk(clk), .rst(1'b0), .address(address), .word(word),
    .write__addr(place), .write__data(written), .write__en(write));
  {module} two(.clk(clk), .rst(1'b0), .address(address), .word(other),
    .write__addr(place), .write__data(written), .write__en(write));
  always @* assume (!write || address != place);
  always @* assert (word == other);
endmodule
"""
# Pauses of a clock at most, so that what a memory held at first is gone after a few.
PAUSES = """
  reg paused = 0;
  always @(posedge clk) paused <= !advance;
  always @* assume (advance || !paused);
endmodule
"""
WORDS = 8
INIT = [0x5A5A5, 0xFFFFF, 0, 1, 0x80000, 0x12345, 0xEDCBA, 0x3C3C3]


def prove(width: int, to: Path, wrong: tuple[str, str] = ("", ""), *, held: bool = False) -> None:
    """RuntimeError if blocks differ from 8 words of ``width``, with ``wrong`` put for the right."""
    plain = to_verilog(RegisteredMemory(width, WORDS, INIT, held=held), "top")
    made = block_rams.block_rams(plain, 0)
    assert wrong[0] in made and "OUTREG" in made
    module = f"top_memory_{WORDS}x{width}{'_held' * held}"
    # A block of as many words: the others are never written.
    model = cell_models()[-1].replace("[0:2047]", "[0:15]").replace("n < 2048", "n < 16")
    (to / "plain.v").write_text(plain, "utf-8")
    (to / "blocks.v").write_text(made.replace(*wrong), "utf-8")
    (to / "models.v").write_text(model, "utf-8")
    top, bits = (WORDS - 1).bit_length() - 1, width - 1
    both = BOTH.format(module=module, top=top, bits=bits)
    if held:
        both = both.replace("input clk", "input advance, clk")
        both = both.replace(".clk(clk)", ".advance(advance), .clk(clk)")
        both = both.replace("endmodule", PAUSES)
    (to / "both.v").write_text(both, "utf-8")
    (to / "proof.ys").write_text(PROOF.format(module=module), "utf-8")
    run(YOSYS, ["-q", "-s", "proof.ys"], to)


@pytest.mark.parametrize("wide", few({"18": 18, "9": 9}, ["9"]))
def test_blocks_are_plain_memories(
    wide: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_rams, "_WIDTHS", ((wide, 10 if wide == 18 else 11),))
    prove(20, tmp_path)
    prove(20, tmp_path, held=True)
    with pytest.raises(RuntimeError, match=r"proof did fail|reached maximum"):
        prove(20, tmp_path, (".OCEB(advance)", ".OCEB(1'b1)"), held=True)
    wrong = [
        ('.REGMODE_B("OUTREG")', '.REGMODE_B("NOREG")'),
        (".DIA3(given[3])", ".DIA3(given[2])"),
        (".ADB4(from[", ".ADB4(to["),
        (".INITVAL_00(320'h", ".INITVAL_00(320'h1 ^ 320'h"),
    ]
    for pair in wrong:
        with pytest.raises(RuntimeError, match=r"proof did fail|reached maximum"):
            prove(20, tmp_path, pair)


def test_synthesis_takes_deep_memories_alone(tmp_path: Path) -> None:
    def taken(width: int, words: int, *, held: bool = False) -> tuple[int, int]:
        verilog = to_verilog(RegisteredMemory(width, words, held=held), "top")
        family = DEVICES["ecp5-25f"].family
        area = area_of(synthesise(verilog, "top", "ecp5", family, tmp_path), "ecp5")
        return area["bram"], area["ff"]

    assert taken(8, 2048) == (1, 0)
    assert taken(20, 512) == (2, 0)
    assert taken(8, 16) == (0, 16)
    assert taken(12, 64, held=True) == (1, 0)
