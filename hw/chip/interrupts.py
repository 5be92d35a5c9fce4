"""What has happened, held until a host clears it, and the line that tells of it."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def sticky(m: Module, causes: Value, clear: Value, name: str) -> Signal:
    """Bits that stay up from a cycle after their ``causes`` until ``clear`` takes them away.

    A cause that comes in the very cycle of its clear is not lost.
    """
    held = Signal(len(causes), name=name)
    m.d.sync += held.eq(causes | (held & ~clear))
    return held


def news(held: Value, causes: Value, clear: Value) -> Value:
    """Which ``causes`` a host has to be told of: those that are not `sticky` already.

    One that comes as its bit is cleared is news as well: it stays up, and comes after what the host
    has seen.
    """
    return causes & (~held | clear)


class Interrupts(wiring.Component):
    """A level for an interrupt controller: ``irq`` is 1 exactly while a held cause is enabled.

    ``causes`` pulse; ``status`` holds each until its bit of ``clear`` is 1, as `sticky` says.
    ``set_enable`` takes ``enable_data`` for the mask ``enable``, which is 0 after reset.
    Latency: 1 cycle from a cause, a clear or a new mask to ``irq``.
    """

    def __init__(self, count: int) -> None:
        super().__init__(
            {
                "causes": In(count),
                "clear": In(count),
                "set_enable": In(1),
                "enable_data": In(count),
                "status": Out(count),
                "enable": Out(count),
                "irq": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self.status.eq(sticky(m, self.causes, self.clear, "held")),
            self.irq.eq((self.status & self.enable).any()),
        ]
        with m.If(self.set_enable):
            m.d.sync += self.enable.eq(self.enable_data)
        return m
