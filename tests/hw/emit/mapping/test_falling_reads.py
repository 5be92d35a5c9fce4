"""Memories read on the falling edge give registers what plain ones give, in every clock."""

from pathlib import Path

import pytest
from amaranth.hdl import unsigned

from dualspike.boards.flow.synthesis import area_of, synthesise
from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.mapping.blocks import blocks
from dualspike.hw.emit.mapping.falling_reads import falling_reads
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.model.cost.devices import DEVICES

# Both in steps of half a clock, from reset on, with inputs that are registers as in a core.
PROOF = """
read_verilog plain.v
rename top plain
read_verilog falling.v
rename top falling
read_verilog -formal both.v
hierarchy -check -top both
proc
flatten
memory -nordff
clk2fflogic
opt -full
chformal -lower
sat -verify -seq 1 -maxsteps {steps} -tempinduct-baseonly -set-init-zero -prove-asserts both
"""
BOTH = """
module both(input given, taken, input [{top}:0] payload);
  reg clk, valid, ready, differ;
  reg [{top}:0] data;
  initial {{clk, valid, ready, data, differ}} = 0;
  always @($global_clock) clk <= !clk;
  wire [1:0] readies, valids, aheads;
  wire [{top}:0] one, two;
  plain first(.clk(clk), .rst(1'b0), .inputs_valid(valid), .inputs_payload(data),
    .inputs_ready(readies[0]), .outputs_valid(valids[0]), .outputs_payload(one),
    .outputs_ready(ready), .ready_ahead(aheads[0]));
  falling second(.clk(clk), .rst(1'b0), .inputs_valid(valid), .inputs_payload(data),
    .inputs_ready(readies[1]), .outputs_valid(valids[1]), .outputs_payload(two),
    .outputs_ready(ready), .ready_ahead(aheads[1]));
  always @(posedge clk) begin
    valid <= given;
    ready <= taken;
    data <= payload;
  end
  always @* assert (readies[0] == readies[1] && valids[0] == valids[1] && one == two);
endmodule
"""
WIDTH, PLACES = 2, 3


def prove(falling: str, plain: str, to: Path) -> None:
    """RuntimeError if the two buffers differ within ten clocks."""
    (to / "plain.v").write_text(plain, "utf-8")
    (to / "falling.v").write_text(falling, "utf-8")
    (to / "both.v").write_text(BOTH.format(top=WIDTH - 1), "utf-8")
    (to / "proof.ys").write_text(PROOF.format(steps=20), "utf-8")
    run(YOSYS, ["-q", "-s", "proof.ys"], to)


def test_a_falling_read_is_a_plain_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dualspike.hw.emit.mapping.falling_reads._LEAST_BITS", 0)
    plain = to_verilog(RowBuffer(unsigned(WIDTH), PLACES), "top")
    made = falling_reads(plain)
    assert made.count("negedge") == 1
    prove(made, plain, tmp_path)
    with pytest.raises(RuntimeError, match="proof did fail"):
        prove(made.replace("negedge", "posedge"), plain, tmp_path)


def test_synthesis_takes_a_block_where_it_saves_registers(tmp_path: Path) -> None:
    def taken(width: int, places: int, device: str) -> tuple[int, int]:
        verilog = to_verilog(RowBuffer(unsigned(width), places), "top")
        family = DEVICES[device].family
        area = area_of(synthesise(verilog, "top", family.name, family, tmp_path), family.name)
        return area["bram"], area["ff"] - width

    blocked, registers = taken(16, 9, "ice40-up5k"), taken(3, 9, "ice40-up5k")
    assert blocked[0] == 1 and blocked[1] < 16
    assert registers[0] == 0 and registers[1] >= 3 * 8
    assert taken(16, 9, "ecp5-25f")[0] == 0


def test_nothing_but_an_ice40_reads_so() -> None:
    plain = to_verilog(RowBuffer(unsigned(16), 9), "top")
    assert blocks(plain, "ecp5") == "" and "negedge" in blocks(plain, "ice40")
