"""A self-checking testbench of a core in plain Verilog, with golden vectors in files next to it.

It carries out a list of steps, as a host would: writes and reads of registers, rows into the
streams, outputs out of them. Every stream pauses at random. What is right comes from outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from dualspike.hw.emit.unwrapped import address_bits, unwrapped
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.register import BITS

_PLACE = 16
"""Bits of a step's place."""


class Operation(IntEnum):
    """Of a step. WRITE and READ: register ``place``, ``word`` written or wanted.

    GIVE: stream ``place`` may give its transfers up to number ``word``. TAKE: outputs up to number
    ``word`` are wanted. WAIT: until they have come, all was given, and the core is not busy.
    IRQ: the line must be ``word``.
    """

    END = 0
    WRITE = 1
    READ = 2
    GIVE = 3
    TAKE = 4
    WAIT = 5
    IRQ = 6


class Step(NamedTuple):
    """See `Operation`."""

    operation: Operation
    place: int = 0
    word: int = 0


@dataclass(frozen=True)
class Vectors:
    """Steps, the transfers of every stream of `feeds_of` in order, and the outputs wanted.

    All are words, two's complement cut to their bits. Nothing moves for ``patience`` clocks: that
    is a failure.
    """

    steps: Sequence[Step]
    given: Sequence[Sequence[int]]
    wanted: Sequence[int]
    patience: int


def testbench_files(d: Description, vectors: Vectors, wrap: str | None = None) -> dict[str, str]:
    """``TOP_tb.v`` and its vectors by file name, for `hw.emit.files.core_verilog`."""
    top = f"{d.name}_{wrap}" if wrap else d.name
    name, feeds = f"{top}_tb", feeds_of(d)
    steps = [
        (step.operation << _PLACE | step.place) << BITS | step.word & (1 << BITS) - 1
        for step in vectors.steps
    ]
    memories = {
        "steps": (4 + _PLACE + BITS, steps),
        "wanted": (d.formats.membrane.bits, vectors.wanted),
        **{
            feed.name: (feed.simd * feed.format.bits, words)
            for feed, words in zip(feeds, vectors.given, strict=True)
        },
    }
    texts = {f"{name}.v": _verilog(d, top, wrap, memories, vectors.patience)}
    for memory, (bits, words) in memories.items():
        digits = ceil_div(bits, 4)
        lines = "".join(f"{word & (1 << bits) - 1:0{digits}x}\n" for word in words)
        texts[f"{name}_{memory}.mem"] = lines
    return texts


def _verilog(
    d: Description,
    top: str,
    wrap: str | None,
    memories: Mapping[str, tuple[int, Sequence[int]]],
    patience: int,
) -> str:
    name, names = f"{top}_tb", [feed.name for feed in feeds_of(d)]
    widths = {feed: memories[feed][0] for feed in names}
    declared = [
        f"  reg [{bits - 1}:0] {memory}_words [0:{max(len(words), 1) - 1}];"
        for memory, (bits, words) in memories.items()
    ]
    loaded = [
        f'    $readmemh("{name}_{memory}.mem", {memory}_words);'
        for memory, (_, words) in memories.items()
        if words
    ]
    wires = "".join(_stream(feed, bits) for feed, bits in widths.items())
    ports = [
        *("clk", "rst", "busy", "irq", "bus_address", "bus_request", "bus_write", "bus_write_data"),
        *("bus_done", "bus_read_data"),
        *(f"{one}_{end}" for one in [*names, "results"] for end in ("payload", "valid", "ready")),
    ]
    connected = ",\n    ".join(f".{port}({port})" for port in ports)
    return _TEXT.format(
        name=top,
        core=f"{top}_host" if wrap else top,
        wrapped=f"\n{unwrapped(d, wrap, f'{top}_host')}" if wrap else "",
        declared="\n".join(declared),
        loaded="\n".join(loaded),
        address=address_bits(d, wrap) - 1,
        top=memories["wanted"][0] - 1,
        wires=wires,
        connected=connected,
        sample=d.basis if d.kind == "mlp" else 1,
        unit="sample" if d.kind == "mlp" else "point",
        patience=patience,
        gives="".join(_gives(n, feed, bits) for n, (feed, bits) in enumerate(widths.items())),
        limits="".join(
            f"          else if (place == {n}) {feed}_until = word;\n"
            for n, feed in enumerate(names)
        ).replace("else ", "", 1),
        over=" && ".join(f"{feed}_at == {feed}_until && !{feed}_valid" for feed in names),
    )


def _stream(name: str, bits: int) -> str:
    return f"""\
  reg [{bits - 1}:0] {name}_payload = 0;
  reg {name}_valid = 0;
  wire {name}_ready;
  integer {name}_at = 0, {name}_until = 0;
"""


def _gives(number: int, name: str, bits: int) -> str:
    """What is offered stays offered until it is taken; between, the payload is anything."""
    pause = 4 * number + 4
    return f"""\
    if (!{name}_valid || {name}_ready) begin
      if ({name}_valid) idle = 0;
      if ({name}_at < {name}_until && random[{pause} +: 4] < 11) begin
        {name}_payload <= {name}_words[{name}_at];
        {name}_valid <= 1;
        {name}_at = {name}_at + 1;
      end else begin
        {name}_payload <= {{{bits}{{random[{pause}]}}}};
        {name}_valid <= 0;
      end
    end
"""


_TEXT = """\
// Self-checking testbench of {name}. It needs no Python; what is right was computed by the integer
// model of dualspike and is in the .mem files next to it. Run it in this folder:
//
//   $ iverilog -g2012 -o {name}_tb.vvp {name}.v {name}_tb.v && vvp -n {name}_tb.vvp
//   $ verilator --binary -CFLAGS -std=c++20 --top {name}_tb {name}.vlt {name}.v {name}_tb.v
//   $ obj_dir/V{name}_tb
//
// It prints PASS, or FAIL with the first difference, and then ends with a status that is not 0.
// Every stream pauses at random: +seed=N pauses otherwise.

// verilator lint_off BLKSEQ
// verilator lint_off PROCASSINIT
module {name}_tb;
  // A step: operation (4 bits), place (16), word (32).
  localparam END = 0, WRITE = 1, READ = 2, GIVE = 3, TAKE = 4, WAIT = 5, IRQ = 6;
  localparam PATIENCE = {patience};
{declared}
  reg clk = 0, rst = 1;
  always #5 clk = ~clk;

  reg [{address}:0] bus_address = 0;
  reg bus_request = 0, bus_write = 0;
  reg [31:0] bus_write_data = 0;
  wire bus_done, busy, irq;
  wire [31:0] bus_read_data;
{wires}\
  wire [{top}:0] results_payload;
  wire results_valid;
  reg results_ready = 0;
  integer taken = 0, asked = 0;
  {core} core(
    {connected}
  );

  reg [31:0] random = 32'h9E3779B9, pauses;
  integer clock = 0, at = 0, reads = 0, idle = 0;
  reg [3:0] operation;
  reg [15:0] place;
  reg [31:0] word;

  initial begin
{loaded}
    if (steps_words[0] === {{52{{1'bx}}}}) begin
      $display("FAIL: {name}_tb_steps.mem is not here, run this in its folder");
      $fatal(1);
    end
    if ($value$plusargs("seed=%d", pauses)) random = random ^ pauses;
    if (random == 0) random = 1;
  end

  always @(posedge clk) begin
    clock <= clock + 1;
    random = random ^ random << 13;
    random = random ^ random >> 17;
    random = random ^ random << 5;
    rst <= clock < 3;
    idle = idle + 1;
{gives}\
    results_ready <= random[3:0] < 11;
    if (results_valid && results_ready) begin
      idle = 0;
      if (taken == asked) begin
        $display("FAIL: clock %0d: an output %h that nobody wants", clock, results_payload);
        $fatal(1);
      end else if (results_payload !== wanted_words[taken]) begin
        $display("FAIL: {unit} %0d, output %0d, clock %0d: expected %h, got %h",
          taken / {sample}, taken % {sample}, clock, wanted_words[taken], results_payload);
        $fatal(1);
      end
      taken = taken + 1;
    end
    {{operation, place, word}} = steps_words[at];
    if (bus_request) begin
      if (bus_done) begin
        bus_request <= 0;
        idle = 0;
        at = at + 1;
        if (operation == READ) reads = reads + 1;
        if (operation == READ && bus_read_data !== word) begin
          $display("FAIL: register %0d, step %0d, clock %0d: expected %h, got %h",
            place, at - 1, clock, word, bus_read_data);
          $fatal(1);
        end
      end
    end else if (clock > 4) begin
      case (operation)
        WRITE, READ: begin
          bus_request <= 1;
          bus_write <= operation == WRITE;
          bus_address <= place[{address}:0];
          bus_write_data <= word;
        end
        GIVE: begin
{limits}\
          at = at + 1;
        end
        TAKE: begin
          asked = word;
          at = at + 1;
        end
        WAIT: if (taken == asked && !busy && {over}) at = at + 1;
        IRQ: begin
          if (irq !== word[0]) begin
            $display("FAIL: irq, step %0d, clock %0d: expected %0d, got %0d",
              at, clock, word[0], irq);
            $fatal(1);
          end
          at = at + 1;
        end
        END: begin
          $display("PASS %0d outputs, %0d reads of registers, %0d clocks", taken, reads, clock);
          $finish;
        end
        default: begin
          $display("FAIL: step %0d is none", at);
          $fatal(1);
        end
      endcase
    end
    if (idle > PATIENCE) begin
      $display("FAIL: clock %0d, step %0d: nothing has moved for %0d clocks, output %0d is next",
        clock, at, PATIENCE, taken);
      $fatal(1);
    end
  end
endmodule
{wrapped}"""
