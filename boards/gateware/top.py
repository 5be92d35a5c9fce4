"""The top of a board: its clock, a reset after power-up, and the pins of the system inside."""

from typing import Any

from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    Const,
    Elaboratable,
    Instance,
    Module,
    ResetSignal,
    Signal,
    Value,
)
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from dualspike.boards.catalog import LEDS, Board, Pin
from dualspike.boards.gateware.clocking import Pll
from dualspike.boards.pll import PllSetting

# The block RAMs of an iCE40 read as 0 for some microseconds after configuration.
WARM_UP_SECONDS = 15e-6


class BoardTop(Elaboratable):
    """A generated system, by the name of its module, on the pins of a board.

    The reset holds until the PLL has locked and `WARM_UP_SECONDS` are over, and begins anew with
    the board's button. ``setting`` is None where the system runs at the board's own clock.
    """

    def __init__(self, board: Board, system: str, setting: PllSetting | None) -> None:
        self._board, self._system, self._setting = board, system, setting
        self._requested: dict[tuple[str, int], Any] = {}

    @property
    def clock_hz(self) -> float:
        """The clock of the system."""
        return float(self._setting.output_hz) if self._setting else float(self._board.clock_hz)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        board = self._board
        clock, locked = self._clock(m, platform)
        if board.flow == "gowin" and self._setting:
            platform.add_clock_constraint(clock, self.clock_hz)
        button = self._pressed(m, platform, board.button) if board.button else Const(0)
        m.domains += [ClockDomain("start"), ClockDomain("sync")]
        m.d.comb += [ClockSignal("start").eq(clock), ClockSignal("sync").eq(clock)]
        m.submodules.reset = ResetSynchronizer(~locked | button, domain="start")
        clocks = int(WARM_UP_SECONDS * self.clock_hz)
        wait = Signal(range(clocks + 1), init=clocks)
        held = Signal(init=1)
        with m.If(wait != 0):
            m.d.start += wait.eq(wait - 1)
        m.d.start += held.eq(wait != 0)
        m.d.comb += ResetSignal("sync").eq(held)
        leds = [Signal(name=led) for led in LEDS]
        uart = platform.request("uart", dir="-")
        m.submodules.rx = rx = io.Buffer(io.Direction.Input, uart.rx)
        m.submodules.tx = tx = io.Buffer(io.Direction.Output, uart.tx)
        m.submodules.system = Instance(
            self._system,
            i_clk=ClockSignal("sync"),
            i_rst=ResetSignal("sync"),
            i_rx=rx.i,
            o_tx=tx.o,
            **{f"o_{name}": led for name, led in zip(LEDS, leds, strict=True)},
        )
        for name, led, pin in zip(LEDS, leds, board.leds, strict=False):
            m.submodules[name] = buffer = io.Buffer(io.Direction.Output, self._port(platform, pin))
            m.d.comb += buffer.o.eq(led)
        return m

    def _clock(self, m: Module, platform: Any) -> tuple[Value, Value]:
        """The clock and whether it is steady."""
        port = platform.request(platform.default_clk, dir="-")
        if self._setting and self._board.pll_pad:
            m.submodules.pll = pll = Pll(self._setting, port.io)
            return pll.clock, pll.locked
        m.submodules.oscillator = oscillator = io.Buffer(io.Direction.Input, port)
        if self._setting is None:
            return oscillator.i, Const(1)
        m.submodules.pll = pll = Pll(self._setting, oscillator.i)
        return pll.clock, pll.locked

    def _pressed(self, m: Module, platform: Any, pin: Pin) -> Value:
        m.submodules.button = button = io.Buffer(io.Direction.Input, self._port(platform, pin))
        return button.i

    def _port(self, platform: Any, pin: Pin) -> Any:
        """A pin's port; a resource of several signals can be asked for only once."""
        key = (pin.resource, pin.number)
        if key not in self._requested:
            self._requested[key] = platform.request(*key, dir="-")
        port = self._requested[key]
        return getattr(port, pin.signal) if pin.signal else port
