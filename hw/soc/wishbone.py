"""Wishbone in front of the register bus (OpenCores, Wishbone B4)."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.chip.bus import BusSignature
from dualspike.hw.soc.axi_lite import ADDRESS_BITS
from dualspike.hw.stream.counters import counter_shape


class WishboneSignature(wiring.Signature):
    """The master's side with 32 bits of data, bytes selectable; names as the slave calls them."""

    def __init__(self, address_bits: int) -> None:
        super().__init__(
            {
                "cyc_i": Out(1),
                "stb_i": Out(1),
                "we_i": Out(1),
                "adr_i": Out(address_bits),
                "sel_i": Out(4),
                "dat_i": Out(32),
                "dat_o": In(32),
                "ack_o": In(1),
                "err_o": In(1),
                "stall_o": In(1),
            }
        )


class WishboneBridge(wiring.Component):
    """Slave ``wb``, host's side ``bus`` of ``count`` registers, one access at a time.

    Register n is at byte address 4 n; the lowest two bits of an address are ignored. A write
    that selects all bytes is done, none: does nothing, some: ends with ERR and nothing is
    written. ERR also where no register is. A classic master holds STB until ACK or ERR. A
    pipelined one does so too, because STALL is up until then (B4, 5.2.1). An access that a
    master gives up by taking CYC away for a clock may have been done or not.
    DAT_O stays what was read last, after a reset 0.
    Latency: ACK 6 cycles after STB, 1 without the bus, as is ERR.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._bits = counter_shape(count - 1).width
        super().__init__(
            {
                "wb": In(WishboneSignature(max(ADDRESS_BITS, self._bits + 2))),
                "bus": Out(BusSignature(self._bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        wb, bus = self.wb, self.bus
        word = wb.adr_i[2:]
        strobe = Signal()
        waits = Signal()
        refused = Signal()
        idle = Signal()
        done = Signal()
        failed = Signal()
        m.d.comb += [
            strobe.eq(wb.cyc_i & wb.stb_i),
            waits.eq(strobe & ~done & ~failed),
            wb.ack_o.eq(strobe & done),
            wb.err_o.eq(strobe & failed),
            idle.eq(wb.we_i & ~wb.sel_i.any()),
            refused.eq((word >= self._count) | (wb.we_i & wb.sel_i.any() & ~wb.sel_i.all())),
            wb.stall_o.eq(waits),
            bus.request.eq(waits & ~refused & ~idle),
            bus.write.eq(wb.we_i),
            bus.address.eq(word),
            bus.write_data.eq(wb.dat_i),
        ]
        m.d.sync += [
            failed.eq(waits & refused),
            done.eq(waits & ~refused & (idle | bus.done)),
        ]
        with m.If(bus.done):
            m.d.sync += wb.dat_o.eq(bus.read_data)
        return m
