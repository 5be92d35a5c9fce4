"""The learning rate's stages, counted by the chip itself: no host is needed in a run."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.model.interface.registers import SCHEDULE


class RateSchedule(wiring.Component):
    """``stage``, the rate halvings in force: min(floor(u stages / period), stages - 1).

    u is the number of ``tick`` since stage and phase were 0. A tick adds stages to the phase; then,
    in every clock, while the phase is at least the period, it loses the period and the stage goes
    on by one, at most to stages - 1. So the stage holds ceil(stages / period) clocks after a tick,
    which must not come sooner again; a batch takes longer. With 0 stages nothing moves.

    ``NAME_written`` sets the register NAME of `model.interface.registers.SCHEDULE` to
    ``write_data``.
    """

    def __init__(self, stages: int, period: int) -> None:
        self._start = {"STAGES": stages, "PERIOD": period}
        members = {"tick": In(1), "write_data": In(32)}
        for name, bits in SCHEDULE.items():
            members |= {name: Out(bits), f"{name}_written": In(1)}
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = {
            name: Signal(bits, name=name.lower(), init=self._start.get(name, 0))
            for name, bits in SCHEDULE.items()
        }
        stage, phase = held["STAGE"], held["PHASE"]
        stages, period = held["STAGES"], held["PERIOD"]
        with m.If(stages != 0):
            with m.If(self.tick):
                m.d.sync += phase.eq(phase + stages)
            with m.Elif(phase >= period):
                m.d.sync += phase.eq(phase - period)
                with m.If(stage + 1 < stages):
                    m.d.sync += stage.eq(stage + 1)
        for name, register in held.items():
            m.d.comb += getattr(self, name).eq(register)
            with m.If(getattr(self, f"{name}_written")):
                m.d.sync += register.eq(self.write_data)
        return m
