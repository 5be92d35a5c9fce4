// A system on chip: the processor PicoRV32, memory, a console, and the core `plane`, whose registers
// are behind Wishbone and whose streams a program serves word by word.
//
//   0x00000000  memory, in which `firmware.hex` is at power-up
//   0x10000000  console: a letter to write; +4: a status to write, which ends the program
//   0x20000000  streams: +0 inputs, +4 targets to write, +8 results to read;
//               +12: bits 0 to 2, whether each of these can be moved at once
//   0x40000000  registers of `plane`
//
// A stream that cannot be moved holds the bus until it can.
module soc #(
  parameter WORDS = 8192
) (
  input             clk,
  input             rst,
  output            letter_valid,
  output            over,
  output     [31:0] written,  // letter or status
  output            trap
);
  wire [31:0] address;
  wire [3:0] bytes;
  wire write, cycle, strobe;
  wire irq, busy;
  wire stream_done, core_done, core_refused;
  wire [31:0] stream_word, core_word;
  reg memory_done = 1'b0;
  reg [31:0] memory_word;

  wire in_memory = strobe && address[31:28] == 4'h0;
  wire in_console = strobe && address[31:28] == 4'h1;
  wire in_streams = strobe && address[31:28] == 4'h2;
  wire in_core = strobe && address[31:28] == 4'h4;
  wire in_nothing = strobe && !in_memory && !in_console && !in_streams && !in_core;

  // One answer for each, when it is there; a word that nobody has is read as anything.
  wire done = in_memory ? memory_done : in_streams ? stream_done
    : in_core ? core_done | core_refused : in_console | in_nothing;
  wire [31:0] read = in_memory ? memory_word : in_streams ? stream_word : core_word;

  // The processor; the core's interrupt is a level, number 3.
  picorv32_wb #(
    .ENABLE_MUL(1),
    .ENABLE_DIV(1),
    .BARREL_SHIFTER(1),
    .ENABLE_IRQ(1),
    .ENABLE_IRQ_TIMER(0),
    .LATCHED_IRQ(32'hffff_fff7),
    .STACKADDR(4 * WORDS)
  ) processor (
    .wb_clk_i(clk),
    .wb_rst_i(rst),
    .wbm_adr_o(address),
    .wbm_dat_o(written),
    .wbm_dat_i(read),
    .wbm_we_o(write),
    .wbm_sel_o(bytes),
    .wbm_stb_o(strobe),
    .wbm_ack_i(done),
    .wbm_cyc_o(cycle),
    .pcpi_wr(1'b0),
    .pcpi_rd(32'b0),
    .pcpi_wait(1'b0),
    .pcpi_ready(1'b0),
    .irq({28'b0, irq, 3'b0}),
    .trap(trap)
  );

  // Memory: a word is there in the clock after its address.
  reg [31:0] memory [0:WORDS-1];
  wire [$clog2(WORDS)-1:0] place = address[2 +: $clog2(WORDS)];
  integer n;
  initial begin
    for (n = 0; n < WORDS; n = n + 1) memory[n] = 32'b0;
    $readmemh("firmware.hex", memory);
  end
  always @(posedge clk) begin
    memory_done <= in_memory && !memory_done && !rst;
    memory_word <= memory[place];
    for (n = 0; n < 4; n = n + 1)
      if (in_memory && write && bytes[n]) memory[place][8*n +: 8] <= written[8*n +: 8];
  end

  // Console.
  assign letter_valid = in_console && write && !address[2];
  assign over = in_console && write && address[2];

  // Streams.
  wire [2:0] ready;
  wire [1:0] stream = address[3:2];
  wire [31:0] result;
  assign stream_done = stream == 2'd3 || ready[stream];
  assign stream_word = stream == 2'd3 ? {29'b0, ready} : result;

  // The core.
  plane_wishbone core (
    .wb_clk_i(clk),
    .wb_rst_i(rst),
    .wb_cyc_i(cycle),
    .wb_stb_i(in_core),
    .wb_we_i(write),
    .wb_adr_i(address[11:0]),
    .wb_sel_i(bytes),
    .wb_dat_i(written),
    .wb_dat_o(core_word),
    .wb_ack_o(core_done),
    .wb_err_o(core_refused),
    .wb_stall_o(),
    .s_axis_inputs_tdata(written[15:0]),
    .s_axis_inputs_tvalid(in_streams && write && stream == 2'd0),
    .s_axis_inputs_tready(ready[0]),
    .s_axis_targets_tdata(written),
    .s_axis_targets_tvalid(in_streams && write && stream == 2'd1),
    .s_axis_targets_tready(ready[1]),
    .m_axis_results_tdata(result),
    .m_axis_results_tlast(),
    .m_axis_results_tvalid(ready[2]),
    .m_axis_results_tready(in_streams && !write && stream == 2'd2),
    .busy(busy),
    .irq(irq)
  );
endmodule
