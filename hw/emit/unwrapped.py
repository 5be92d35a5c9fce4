"""A wrapped core as a host's own: plain Verilog that has the ports of the core without a wrap.

For simulation. So one testbench, and one harness, serve cores in every wrap.
"""

from dualspike.hw.soc.soc import EVENTS, wrapped_registers
from dualspike.model.description.description import Description
from dualspike.model.interface.events import CHANNEL_BITS
from dualspike.model.interface.feeds import Feed, feeds_of, place_bits
from dualspike.model.interface.packets import row_of_results


def address_bits(d: Description, wrap: str | None) -> int:
    """Bits of the number of a register."""
    return max((len(wrapped_registers(d, wrap)) - 1).bit_length(), 1)


def unwrapped(d: Description, wrap: str, name: str) -> str:
    """Verilog-2005 of module ``name`` around the top module of ``wrap``, with a core's ports.

    Register accesses become those of the bus, payloads fill the places of AXI4-Stream, with bits
    above the numbers that must not matter; frames become events. A refused access, a result whose
    upper bits are no copies of its sign, and TLAST anywhere but at the end of a packet of PACKET
    make all that is read, and all results, from then on the inverse of what they are.
    """
    bus, form = wrap.removesuffix(EVENTS), d.formats.membrane
    adapts = [
        (feed, _events(d, feed) if bus != wrap and feed.name == "inputs" else _numbers(feed))
        for feed in feeds_of(d)
    ]
    place = place_bits(form.bits)
    return _TEXT.format(
        name=name,
        top=f"{d.name}_{wrap}",
        address=address_bits(d, wrap) - 1,
        ports="".join(_ports(feed) for feed, _ in adapts),
        streams="".join(text for _, text in adapts),
        connected="".join(_CONNECTED.format(stream=_stream(d, wrap, feed)) for feed, _ in adapts),
        tlast=".s_axis_events_tlast(s_axis_events_tlast), " if bus != wrap else "",
        result=form.bits - 1,
        place=place - 1,
        above=f"results_tdata[{place - 1}:{form.bits - 1}]",
        ones=f"{{{place - form.bits + 1}{{1'b1}}}}",
        row=row_of_results(d),
        packet=next(one.address for one in wrapped_registers(d, wrap) if one.name == "PACKET"),
        bus=_AXI if bus == "axi" else _WISHBONE,
        bus_ports=_AXI_PORTS if bus == "axi" else _WISHBONE_PORTS,
    )


def _stream(d: Description, wrap: str, feed: Feed) -> str:
    events = wrap.endswith(EVENTS) and feed.name == "inputs"
    return "s_axis_events" if events else f"s_axis_{feed.name}"


def _ports(feed: Feed) -> str:
    name = feed.name
    return (
        f"  input [{feed.simd * feed.format.bits - 1}:0] {name}_payload,\n"
        f"  input {name}_valid,\n  output {name}_ready,\n"
    )


def _numbers(feed: Feed) -> str:
    """Every number in its place; above it the inverse of its sign."""
    name, bits = feed.name, feed.format.bits
    above = place_bits(bits) - bits
    numbers = [
        (f"{{{above}{{~{name}_payload[{low + bits - 1}]}}}}, " if above else "")
        + f"{name}_payload[{low + bits - 1}:{low}]"
        for low in range((feed.simd - 1) * bits, -1, -bits)
    ]
    return (
        f"  wire [{feed.simd * place_bits(bits) - 1}:0] s_axis_{name}_tdata = {{\n    "
        + ",\n    ".join(numbers)
        + f"}};\n  wire s_axis_{name}_tvalid = {name}_valid;\n"
        f"  wire s_axis_{name}_tready;\n  assign {name}_ready = s_axis_{name}_tready;\n"
    )


def _events(d: Description, feed: Feed) -> str:
    """An event for every input of a frame that is not 0, then the end of the step."""
    return _EVENTS.format(
        bits=feed.format.bits,
        simd=feed.simd,
        width=feed.width,
        channel=CHANNEL_BITS - 1,
        steps=d.network.time_steps,
    )


_EVENTS = """\
  integer lane = 0, step = 0;
  reg [{channel}:0] channel = 0;
  reg ending = 0;
  wire [{bits}-1:0] spike = inputs_payload[lane * {bits} +: {bits}];
  wire event_here = inputs_valid && !ending && spike != 0 && channel < {width};
  wire s_axis_events_tready;
  wire s_axis_events_tvalid = ending || event_here;
  wire [15:0] s_axis_events_tdata = {{ending, spike[{bits}-1] && !ending, channel}};
  wire s_axis_events_tlast = ending && step == {steps} - 1;
  wire past = inputs_valid && !ending && (!event_here || s_axis_events_tready);
  assign inputs_ready = past && lane == {simd} - 1;
  always @(posedge clk)
    if (rst) begin
      lane <= 0;
      step <= 0;
      channel <= 0;
      ending <= 0;
    end else if (past) begin
      lane <= lane == {simd} - 1 ? 0 : lane + 1;
      channel <= channel + 1;
      ending <= lane == {simd} - 1 && channel >= {width} - 1;
    end else if (ending && s_axis_events_tready) begin
      channel <= 0;
      ending <= 0;
      step <= s_axis_events_tlast ? 0 : step + 1;
    end
"""

_CONNECTED = """\
    .{stream}_tdata({stream}_tdata), .{stream}_tvalid({stream}_tvalid),
    .{stream}_tready({stream}_tready),
"""

_AXI = """\
  // A channel is valid until it is taken; the answer ends the access.
  reg address_taken = 0, data_taken = 0;
  wire awready, wready, bvalid, arready, rvalid;
  wire [1:0] bresp, rresp;
  wire writes = bus_request && bus_write, reads = bus_request && !bus_write;
  assign bus_done = writes && bvalid || reads && rvalid;
  assign refused = writes ? bresp != 0 : rresp != 0;
  always @(posedge clk)
    if (rst || bus_done) begin
      address_taken <= 0;
      data_taken <= 0;
    end else begin
      if (writes ? awready : reads && arready) address_taken <= 1;
      if (writes && wready) data_taken <= 1;
    end
"""

_AXI_PORTS = """\
    .aclk(clk), .aresetn(~rst),
    .s_axi_awaddr(address), .s_axi_awprot(3'd0), .s_axi_awvalid(writes && !address_taken),
    .s_axi_awready(awready), .s_axi_wdata(bus_write_data), .s_axi_wstrb(4'd15),
    .s_axi_wvalid(writes && !data_taken), .s_axi_wready(wready),
    .s_axi_bresp(bresp), .s_axi_bvalid(bvalid), .s_axi_bready(writes),
    .s_axi_araddr(address), .s_axi_arprot(3'd0), .s_axi_arvalid(reads && !address_taken),
    .s_axi_arready(arready), .s_axi_rdata(word), .s_axi_rresp(rresp), .s_axi_rvalid(rvalid),
    .s_axi_rready(reads),
"""

_WISHBONE = """\
  wire ack, err;
  assign bus_done = bus_request && (ack || err);
  assign refused = err;
"""

_WISHBONE_PORTS = """\
    .wb_clk_i(clk), .wb_rst_i(rst),
    .wb_adr_i(address), .wb_dat_i(bus_write_data), .wb_dat_o(word), .wb_sel_i(4'd15),
    .wb_we_i(bus_write), .wb_cyc_i(bus_request), .wb_stb_i(bus_request),
    .wb_ack_o(ack), .wb_err_o(err), .wb_stall_o(),
"""

_TEXT = """\
// The host's side of {top}: it has the ports of the core without a wrap. A refused access, a result
// that is not extended by its sign and TLAST in a wrong place turn all that is read from then on.
module {name}(
  input clk,
  input rst,
  input [{address}:0] bus_address,
  input bus_request,
  input bus_write,
  input [31:0] bus_write_data,
  output bus_done,
  output [31:0] bus_read_data,
{ports}\
  output [{result}:0] results_payload,
  output results_valid,
  input results_ready,
  output busy,
  output irq
);
  reg wrong = 0;
  wire refused;
  wire [31:0] word;
  wire [11:0] address = {{{{(9 - {address}){{1'b0}}}}, bus_address, 2'b00}};
  assign bus_read_data = word ^ {{32{{wrong || refused}}}};
{bus}\
{streams}\
  integer taken = 0, packet = {row};
  wire [{place}:0] results_tdata;
  wire results_tlast;
  wire strange = {above} != 0 && {above} != {ones} || results_tlast != (taken == packet - 1);
  assign results_payload = results_tdata[{result}:0] ^ {{{result}+1{{wrong || strange}}}};
  always @(posedge clk)
    if (rst) begin
      taken <= 0;
      packet <= {row};
      wrong <= 0;
    end else begin
      if (bus_done && refused || results_valid && results_ready && strange) wrong <= 1;
      if (results_valid && results_ready) taken <= taken == packet - 1 ? 0 : taken + 1;
      if (bus_done && bus_write && bus_address == {packet}) begin
        packet <= bus_write_data;
        taken <= 0;
      end
    end
  {top} wrapped(
{bus_ports}\
{connected}\
    {tlast}.m_axis_results_tdata(results_tdata), .m_axis_results_tvalid(results_valid),
    .m_axis_results_tready(results_ready), .m_axis_results_tlast(results_tlast), .busy(busy),
    .irq(irq)
  );
endmodule
"""
