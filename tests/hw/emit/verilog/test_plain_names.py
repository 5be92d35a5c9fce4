"""Names in Verilog for people."""

import re

import pytest

from dualspike.hw.emit.verilog.comments import Comment
from dualspike.hw.emit.verilog.readable import readable

VERILOG = r"""module \top.outer (clk, \a.b[0] , sum);
  wire [3:0] _00_;
  wire _01_;
  wire [3:0] _02_;
  input clk;
  wire clk;
  input [3:0] \a.b[0] ;
  wire [3:0] \a.b[0] ;
  wire a_b_0;
  wire \begin ;
  wire [3:0] \data$7 ;
  wire [3:0] \data$9 ;
  wire [3:0] \0start ;
  reg [3:0] held = 4'h0;
  output [3:0] sum;
  wire [3:0] sum;
  reg [3:0] \words[0]  [1:0];
  initial begin
    \words[0] [0] = 4'h1;
    \words[0] [1] = 4'h2;
  end
  assign a_b_0 = held > 4'h3;
  assign _00_ = \a.b[0]  + \data$7 ;
  assign _01_ = _00_ == 4'h5;
  assign _02_ = _00_ - \data$9 ;
  assign \begin  = _01_ & a_b_0;
  assign \0start  = \words[0] [a_b_0];
  assign sum = \begin  ? \0start  : held;
  always @(posedge clk)
    if (_01_) held <= _02_;
  \top.inner  one (
    .clk(clk),
    .\in$3 (held),
    .out(\data$7 )
  );
  \top.inner  two (
    .clk(clk),
    .\in$3 (sum),
    .out(\data$9 )
  );
endmodule

module \top.inner (clk, \in$3 , out);
  input clk;
  wire clk;
  input [3:0] \in$3 ;
  wire [3:0] \in$3 ;
  output [3:0] out;
  reg [3:0] out = 4'h0;
  always @(posedge clk)
    out <= \in$3 ;
endmodule
"""
WANTED = """\
// What is outside.
module top_outer (
  input        clk,    // in 1
  input  [3:0] a_b_0,  // in 4
  output [3:0] sum     // out 4
);
  wire begin_2;
  wire begin_2_equal;
  reg [3:0] held = 4'h0;
  wire [3:0] held_sum;
  wire [3:0] n_0start;
  wire [3:0] one__out;
  wire [3:0] two__out;
  wire words_0_read_addr;
  reg [3:0] words_0 [1:0];

  initial begin
    words_0[0] = 4'h1;
    words_0[1] = 4'h2;
  end
  assign words_0_read_addr = held > 4'h3;
  assign held_sum = a_b_0 + one__out;
  assign begin_2_equal = held_sum == 4'h5;
  assign begin_2 = begin_2_equal & words_0_read_addr;
  assign n_0start = words_0[words_0_read_addr];
  assign sum = begin_2 ? n_0start : held;
  always @(posedge clk)
    if (begin_2_equal) held <= held_sum - two__out;
  top_inner one (
    .clk(clk),
    .in(held),
    .out(one__out)
  );
  top_inner two (
    .clk(clk),
    .in(sum),
    .out(two__out)
  );
endmodule

module top_inner (
  input            clk,
  input      [3:0] in,
  output reg [3:0] out = 4'h0  // u4
);
  always @(posedge clk)
    out <= in;
endmodule
"""


def test_every_name_says_where_it_belongs() -> None:
    said = {"top.outer": Comment("What is outside."), "top.inner": Comment("", {"out": "u4"})}
    assert readable(VERILOG, said, lambda port: f"{port.flow} {port.bits}") == WANTED


def test_bits_that_go_round_within_a_wire_are_left_alone() -> None:
    """A wire may be made of itself, bit by bit, and then no order of wires is the right one."""
    text = (
        "module top (a, b);\n  wire [1:0] _0_;\n  wire [1:0] _1_;\n  input a;\n  wire a;\n"
        "  output b;\n  wire b;\n  assign _0_ = { _1_[0], a };\n  assign _1_ = { a, _0_[0] };\n"
        "  assign b = _1_[1];\nendmodule\n"
    )
    made = readable(text, {}, None)
    assert re.findall(r"assign .*", made) == [
        "assign b_bits = {b_bits_2[0], a};",
        "assign b_bits_2 = {a, b_bits[0]};",
        "assign b = b_bits_2[1];",
    ]


def test_what_yosys_does_not_write_is_refused() -> None:
    with pytest.raises(ValueError, match="no statement that Yosys writes: 'specify"):
        readable("module top ();\n  specify nothing;\nendmodule\n", {}, None)
