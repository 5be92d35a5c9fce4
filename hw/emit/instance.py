"""What each port of a core is for; ``TOP_template.vh``: an instance of it to paste."""

from dualspike.hw.chip.probes import probes_of
from dualspike.hw.emit.verilog.ports import Port
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import feeds_of, place_bits

_ALONE = {
    "clk": "clock, rising edge",
    "aclk": "clock, rising edge",
    "wb_clk_i": "clock, rising edge",
    "rst": "synchronous reset, active high",
    "aresetn": "synchronous reset, active low",
    "wb_rst_i": "synchronous reset, active high",
    "bus_address": "number of the register",
    "bus_request": "held with all of the access until done",
    "bus_write": "the access is a write",
    "bus_write_data": "word to write",
    "bus_done": "the access ends in this clock",
    "bus_read_data": "word read, valid with done",
    "wb_adr_i": "byte address, the lowest two bits are ignored",
    "wb_dat_i": "word to write",
    "wb_dat_o": "word read, valid with ack",
    "wb_sel_i": "bytes to write: all or none",
    "wb_we_i": "the access is a write",
    "wb_cyc_i": "held until ack or err",
    "wb_stb_i": "held until ack or err",
    "wb_ack_o": "the access ends in this clock",
    "wb_err_o": "the access is refused and ends",
    "wb_stall_o": "an access is under way",
    "s_axi_awaddr": "AXI4-Lite, byte address of a write",
    "s_axi_araddr": "AXI4-Lite, byte address of a read",
    "s_axi_wstrb": "bytes to write: all or none",
    "s_axi_wdata": "word to write",
    "s_axi_rdata": "word read",
    "s_axi_bresp": "0 done, 2 some bytes alone, 3 no such register",
    "s_axi_rresp": "0 done, 3 no such register",
    "s_axi_awprot": "ignored",
    "s_axi_arprot": "ignored",
    "irq": "interrupt, a level, 1 while a cause of IRQ_STATUS is enabled",
    "s_axis_events_tdata": "an event: channel, sign in bit 14, end of a step in bit 15",
    "s_axis_events_tlast": "last word of a sample",
}
_CHANNELS = {"aw": "address of a write", "w": "word to write", "b": "answer to a write"}
_CHANNELS |= {"ar": "address of a read", "r": "answer to a read"}


def template(d: Description, top: str, ports: list[Port]) -> str:
    """Wires of the right widths and names, then the instance."""
    width = max(len(port.name) for port in ports)
    wires = [
        f"wire {f'[{port.bits - 1}:0] ' if port.bits > 1 else ''}{port.name};" for port in ports
    ]
    last = len(ports) - 1
    connected = [
        f"  .{port.name:{width}}({port.name}){',' if n < last else ' '}"
        f"{'':{width - len(port.name)}} // {port.flow:3} {port.bits:3}  {meaning(d, port)}"
        for n, port in enumerate(ports)
    ]
    head = (
        f"// An instance of {top} to paste, with a wire for every port: direction, bits, meaning."
    )
    return "\n".join([head, *wires, "", f"{top} {top}_0 (", *connected, ");", ""])


def meaning(d: Description, port: Port) -> str:
    """What a port of a chip is for, in a few words."""
    name = port.name
    busy = "samples are inside" + (" or a batch is under way" if d.learns else "")
    if name in _ALONE or name == "busy":
        return _ALONE.get(name, busy)
    stream, _, end = name.rpartition("_")
    probe = next((one for one in probes_of(d) if one.name == stream), None)
    if probe:
        return "a row goes in this clock" if end == "moved" else "what goes: for debugging alone"
    bare = stream.removeprefix("s_axis_").removeprefix("m_axis_")
    if end in ("payload", "tdata"):
        return _payload(d, bare, axis=end == "tdata")
    if end == "tlast":
        return f"last of a {'sample' if d.kind == 'mlp' else 'function'}"
    if stream == "s_axi":
        channel = _CHANNELS[end.removesuffix("valid").removesuffix("ready")]
        return f"{channel}: {'there' if end.endswith('valid') else 'taken'}"
    return "one is there" if end.endswith("valid") else "it is taken"


def _payload(d: Description, name: str, *, axis: bool) -> str:
    """How many numbers of which format, and their places in AXI4-Stream."""
    feeds = {feed.name: (feed.simd, feed.format) for feed in feeds_of(d)}
    count, form = feeds.get(name, (1, d.formats.membrane))
    places = f" in {place_bits(form.bits)} bits" if axis else ""
    what = name if count > 1 else name.replace("inputs", "input").replace("targets", "target")
    what = what.replace("results", "result").replace("scales", "scale")
    return f"{count} {what} {form}{places}{', first lowest' * (count > 1)}"
