"""AXI4-Lite in front of the register bus (Arm IHI 0022, AXI4-Lite)."""

from enum import IntEnum

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.chip.bus import BusSignature
from dualspike.hw.stream.counters import counter_shape

ADDRESS_BITS = 12  # 4 KB, the smallest range that AXI gives to one subordinate


class Response(IntEnum):
    """Values of BRESP and RRESP."""

    OKAY = 0
    SLVERR = 2
    DECERR = 3


class AxiLiteSignature(wiring.Signature):
    """The manager's side of AXI4-Lite with 32 bits of data."""

    def __init__(self, address_bits: int) -> None:
        super().__init__(
            {
                "awaddr": Out(address_bits),
                "awprot": Out(3),
                "awvalid": Out(1),
                "awready": In(1),
                "wdata": Out(32),
                "wstrb": Out(4),
                "wvalid": Out(1),
                "wready": In(1),
                "bresp": In(2),
                "bvalid": In(1),
                "bready": Out(1),
                "araddr": Out(address_bits),
                "arprot": Out(3),
                "arvalid": Out(1),
                "arready": In(1),
                "rdata": In(32),
                "rresp": In(2),
                "rvalid": In(1),
                "rready": Out(1),
            }
        )


class AxiLiteBridge(wiring.Component):
    """Subordinate ``axi``, host's side ``bus`` of ``count`` registers, one access at a time.

    Register n is at byte address 4 n; the lowest two bits of an address are ignored. A write
    with all strobes is done, with none it does nothing, with some it is refused (SLVERR) and
    nothing is written. Where no register is, DECERR. A read and a write that both wait take
    turns, as neither begins in the clock in which one of its kind has been answered. Nothing
    runs from an input to an output unregistered.
    Latency: 8 cycles from the last of address and data to the response, 3 without the bus.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._bits = counter_shape(count - 1).width
        super().__init__(
            {
                "axi": In(AxiLiteSignature(max(ADDRESS_BITS, self._bits + 2))),
                "bus": Out(BusSignature(self._bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        axi, bus = self.axi, self.bus
        write_address, address_held = self._held(m, axi.awvalid, axi.awready, axi.awaddr)
        read_address, read_held = self._held(m, axi.arvalid, axi.arready, axi.araddr)
        strobes, data_held = self._held(m, axi.wvalid, axi.wready, axi.wstrb)
        with m.If(axi.wvalid & axi.wready):
            m.d.sync += bus.write_data.eq(axi.wdata)
        with m.If(axi.bready):
            m.d.sync += axi.bvalid.eq(0)
        with m.If(axi.rready):
            m.d.sync += axi.rvalid.eq(0)

        write_waits = address_held & data_held & ~axi.bvalid
        read_waits = read_held & ~axi.rvalid
        write_known, read_known = self._known(write_address), self._known(read_address)
        with m.FSM():
            with m.State("IDLE"):
                with m.If(write_waits):
                    m.next = "WRITE"
                with m.Elif(read_waits):
                    m.next = "READ"
            with m.State("WRITE"):
                reaches = write_known & strobes.all()
                m.d.comb += [
                    bus.request.eq(reaches),
                    bus.write.eq(1),
                    bus.address.eq(write_address[2:]),
                ]
                with m.If(bus.done | ~reaches):
                    refused = Mux(strobes.any() & ~strobes.all(), Response.SLVERR, Response.OKAY)
                    m.d.sync += [
                        axi.bvalid.eq(1),
                        axi.bresp.eq(Mux(write_known, refused, Response.DECERR)),
                        address_held.eq(0),
                        data_held.eq(0),
                    ]
                    m.next = "IDLE"
            with m.State("READ"):
                m.d.comb += [bus.request.eq(read_known), bus.address.eq(read_address[2:])]
                with m.If(bus.done | ~read_known):
                    m.d.sync += [
                        axi.rvalid.eq(1),
                        axi.rresp.eq(Mux(read_known, Response.OKAY, Response.DECERR)),
                        axi.rdata.eq(Mux(read_known, bus.read_data, 0)),
                        read_held.eq(0),
                    ]
                    m.next = "IDLE"
        return m

    def _known(self, address: Value) -> Value:
        return address[2:] < self._count

    @staticmethod
    def _held(m: Module, valid: Value, ready: Value, payload: Value) -> tuple[Signal, Signal]:
        """A channel's payload, taken when the last one has been dealt with."""
        kept = Signal.like(payload, name=f"{payload.name}_kept")
        held = Signal(name=f"{payload.name}_held")
        m.d.comb += ready.eq(~held)
        with m.If(valid & ~held):
            m.d.sync += [kept.eq(payload), held.eq(1)]
        return kept, held
