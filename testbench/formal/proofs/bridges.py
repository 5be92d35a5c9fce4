"""Bridges to the register bus, and the bus: each access once, by the rules of its protocol."""

from functools import partial
from typing import Any

from amaranth.hdl import Mux, Signal, Value
from amaranth.lib.wiring import In

from dualspike.hw.chip.bus import LATENCY, RegisterBus
from dualspike.hw.soc.axi_lite import AxiLiteBridge, Response
from dualspike.hw.soc.wishbone import WishboneBridge
from dualspike.model.interface.register import Register
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.streams import stays

FAMILY = "bridges"


def _holds(c: Claims, valid: Signal, taken: Value, *payload: Signal) -> None:
    """What a manager offers it keeps offering, unchanged, until it is taken."""
    waited = Signal(name=f"{valid.name}_waited")
    c.m.d.sync += waited.eq(valid & ~taken)
    c.given(~waited | valid)
    for value in payload:
        last = Signal.like(value, name=f"{value.name}_last")
        c.m.d.sync += last.eq(value)
        c.given(~waited | (value == last))


def _driven(c: Claims, port: Any) -> dict[str, Signal]:
    """Any host at all on its side of ``port``."""
    free = {
        name: c.anything(member.shape, name)
        for name, member in port.signature.members.items()
        if member.flow == In
    }
    c.m.d.comb += [getattr(port, name).eq(signal) for name, signal in free.items()]
    return free


def axi_lite(c: Claims, count: int) -> None:
    """AXI4-Lite (Arm IHI 0022): a response for each access, after all of it has come."""
    bridge = AxiLiteBridge(count)
    inner = c.opened(bridge)
    axi, bus = bridge.axi, bridge.bus
    _driven(c, axi)
    done, data = c.anything(1, "done"), c.anything(32, "data")
    c.m.d.comb += [bus.done.eq(done), bus.read_data.eq(data)]
    c.given(~done | bus.request)
    addresses, words, reads = (
        getattr(axi, f"{x}valid") & getattr(axi, f"{x}ready") for x in ("aw", "w", "ar")
    )
    answers, results = axi.bvalid & axi.bready, axi.rvalid & axi.rready
    owed = {}
    for name, more, less in (
        ("addresses", addresses, answers),
        ("words", words, answers),
        ("reads", reads, results),
    ):
        owed[name] = Signal(2, name=f"{name}_owed")
        c.m.d.sync += owed[name].eq(owed[name] + more - less)
    for name, held, valid in (
        ("addresses", inner["axi__awaddr_held"], axi.bvalid),
        ("words", inner["axi__wstrb_held"], axi.bvalid),
        ("reads", inner["axi__araddr_held"], axi.rvalid),
    ):
        c.always(f"{name}: each has one answer, none without it", owed[name] == held + valid)
    c.always(
        "no write before address and data",
        ~(bus.request & bus.write) | (inner["axi__awaddr_held"] & inner["axi__wstrb_held"]),
    )
    c.always("no read before its address", ~bus.request | bus.write | inner["axi__araddr_held"])
    stays(c, "answer to a write", axi.bvalid, axi.bready, axi.bresp)
    stays(c, "answer to a read", axi.rvalid, axi.rready, axi.rdata, axi.rresp)
    written = Mux(bus.write, bus.write_data, 0)
    stays(c, "request to the bus", bus.request, done, bus.write, bus.address, written)
    c.always("only registers that exist are reached", ~bus.request | (bus.address < count))
    c.always("answers are OKAY, SLVERR or DECERR", (axi.bresp != 1) & (axi.rresp != 1))
    c.always(
        "reads beyond the registers are 0",
        (axi.rresp != Response.DECERR) | ~axi.rvalid | (axi.rdata == 0),
    )
    state = inner["fsm_state"]
    c.always("its states are three", state < 3)
    c.always(
        "a write begins with all of it",
        (state != 1) | (inner["axi__awaddr_held"] & inner["axi__wstrb_held"] & ~axi.bvalid),
    )
    c.always(
        "a read begins with its address", (state != 2) | (inner["axi__araddr_held"] & ~axi.rvalid)
    )


def wishbone(c: Claims, count: int) -> None:
    """Wishbone B4: ACK or ERR once for each access, never both."""
    bridge = WishboneBridge(count)
    c.opened(bridge)
    wb, bus = bridge.wb, bridge.bus
    host = _driven(c, wb)
    done, data = c.anything(1, "done"), c.anything(32, "data")
    c.m.d.comb += [bus.done.eq(done), bus.read_data.eq(data)]
    c.given(~done | bus.request)
    strobe = host["cyc_i"] & host["stb_i"]
    ends = wb.ack_o | wb.err_o
    waited = Signal()
    c.m.d.sync += waited.eq(strobe & ~ends)
    for name in ("cyc_i", "stb_i", "we_i", "adr_i", "sel_i", "dat_i"):
        last = Signal.like(host[name], name=f"{name}_last")
        c.m.d.sync += last.eq(host[name])
        c.given(~waited | (host[name] == last))
    ended, word = Signal(), wb.adr_i[2:]
    c.m.d.sync += ended.eq(ends)
    c.always("ACK and ERR never come together", ~(wb.ack_o & wb.err_o))
    c.always("an answer comes to an access alone", ~ends | strobe)
    c.always("an access is answered once", ~(ended & ends))
    c.always("STALL until the answer", wb.stall_o == (strobe & ~ends))
    c.always("no request where no register is", ~bus.request | (word < count))
    c.always("a write takes all bytes", ~(bus.request & bus.write) | wb.sel_i.all())
    c.always(
        "ERR for what is not there or half selected",
        ~wb.err_o | (word >= count) | (wb.we_i & wb.sel_i.any() & ~wb.sel_i.all()),
    )
    read = Signal(32)
    with c.m.If(done):
        c.m.d.sync += read.eq(data)
    c.always("what is read is what the bus gave", wb.dat_o == read)


def register_bus(c: Claims, count: int) -> None:
    """Every access of a host that holds its request takes LATENCY clocks and strobes once."""
    registers = [Register(f"R{n}", "rw", "", address=n) for n in range(count)]
    chip = RegisterBus(registers)
    inner = c.opened(chip)
    bus = chip.bus
    request, write = c.anything(1, "request"), c.anything(1, "write")
    address, data = c.anything(len(bus.address), "address"), c.anything(32, "data")
    c.m.d.comb += [
        bus.request.eq(request),
        bus.write.eq(write),
        bus.address.eq(address),
        bus.write_data.eq(data),
    ]
    values = [c.anything(32, f"value_{n}") for n in range(count)]
    c.m.d.comb += [getattr(chip, f"R{n}").eq(value) for n, value in enumerate(values)]
    _holds(c, request, bus.done, write, address, data)
    clocks = Signal(range(LATENCY + 2))
    c.m.d.sync += clocks.eq(Mux(request & ~bus.done, clocks + 1, 0))
    c.always("done after the latency, and only then", bus.done == (clocks == LATENCY))
    c.always("the count is that of the clocks", inner["count"] == clocks)
    second = request & (clocks == 1)
    for n in range(count):
        here = second & (address == n)
        c.always(
            f"register {n} is written in the second clock",
            getattr(chip, f"R{n}_written") == (here & write),
        )
        c.always(
            f"register {n} is read in the second clock",
            getattr(chip, f"R{n}_read") == (here & ~write),
        )


PROOFS = [
    *(
        Proof(f"axi_lite_{count}", FAMILY, partial(axi_lite, count=count), 4)
        for count in (1, 5, 40)
    ),
    *(
        Proof(f"wishbone_{count}", FAMILY, partial(wishbone, count=count), 4)
        for count in (1, 5, 40)
    ),
    *(
        Proof(f"register_bus_{count}", FAMILY, partial(register_bus, count=count), 3)
        for count in (1, 5, 17)
    ),
]
