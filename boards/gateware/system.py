"""What a board holds, without its pins: a core, its host link, and lights."""

from collections.abc import Sequence

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from dualspike.boards.gateware.link.host_link import HostLink
from dualspike.boards.gateware.link.reset_domain import reset_parts
from dualspike.hw.chip.core import Core
from dualspike.model.description.description import Description
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.register import ALARMS, Command
from dualspike.model.interface.registers import register_map

PATIENCE = 1 << 26
"""Clocks without any movement, after which a request that waits for the core is given up."""


class System(wiring.Component):
    """A core that a host reaches by ``rx`` and ``tx``: 8N1 at ``baud``, see docs/host_link.md.

    Lights: ``heartbeat`` blinks about once a second; ``training`` while a batch is under way;
    ``error`` when a frame was thrown away or a request was refused since the last reset of the
    link; ``overflow`` when FLAGS had an alarm as the host last read it: any bit but FLOOR.
    ``active`` is low when the link has nothing to do and the core is not busy. One clock domain,
    ``sync``, of ``clock_hz``, which must give the baud rate:
    `boards.gateware.link.uart.bits_per_clock` tells.
    ``contents`` are those of the `Core`.
    """

    rx: In(1)
    tx: Out(1)
    heartbeat: Out(1)
    training: Out(1)
    error: Out(1)
    overflow: Out(1)
    active: Out(1)

    def __init__(
        self,
        description: Description,
        clock_hz: int,
        baud: int,
        *,
        patience: int = PATIENCE,
        contents: Sequence[Sequence[int]] = (),
    ) -> None:
        self._clock_hz = clock_hz
        self._core = Core(description, config_word(description), contents=contents)
        self._link = HostLink(description, clock_hz, baud, patience)
        self._address = {one.name: one.address for one in register_map(description)}
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.link = link = self._link
        core = self._core
        m.submodules.core = reset_parts(m, "core", link.reset_ahead, core)
        connect(m, link.bus, core.bus)
        connect(m, core.results, link.results)
        for name in link.feeds:
            connect(m, getattr(link, name), getattr(core, name))
        m.d.comb += [
            link.rx.eq(self.rx),
            self.tx.eq(link.tx),
            link.busy.eq(core.busy),
            self.active.eq(link.active | core.busy),
        ]
        self._lights(m, link, core)
        return m

    def _lights(self, m: Module, link: HostLink, core: Core) -> None:
        beat = Signal(range(max(2, self._clock_hz // 2)), reset_less=True)
        shines = Signal(reset_less=True)
        learning = Signal()
        m.d.comb += self.heartbeat.eq(shines)
        m.d.sync += beat.eq(beat + 1)
        with m.If(beat == self._clock_hz // 2 - 1):
            m.d.sync += [beat.eq(0), shines.eq(~shines)]
        done = core.bus.request & core.bus.done
        with m.If(done & core.bus.write & (core.bus.address == self._address["CONTROL"])):
            m.d.sync += learning.eq(core.bus.write_data == Command.LEARN)
        # What is read comes late in a clock, so it is looked at in the next one.
        read = Signal(32, reset_less=True)
        flags = Signal()
        m.d.sync += [
            read.eq(core.bus.read_data),
            flags.eq(done & ~core.bus.write & (core.bus.address == self._address["FLAGS"])),
        ]
        with m.If(flags):
            m.d.sync += self.overflow.eq((read & ALARMS) != 0)
        with m.If(link.lost | link.refused):
            m.d.sync += self.error.eq(1)
        with m.If(link.reset):
            m.d.sync += [self.error.eq(0), self.overflow.eq(0), learning.eq(0)]
        m.d.comb += self.training.eq(core.busy & learning)
