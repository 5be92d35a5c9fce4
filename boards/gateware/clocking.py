"""The clock of a board top: the oscillator as it is, or a PLL of the FPGA's family on it."""

from amaranth.hdl import Const, Elaboratable, Instance, IOPort, Module, Signal, Value

from dualspike.boards.pll import ECP5_FEEDBACK, ECP5_SECOND, MHZ, PllSetting

# FILTER_RANGE by the frequency in MHz up to which it is meant (FPGA-TN-02052, as icepll has it).
_ICE40_FILTERS = (17, 26, 44, 66, 101)
# Nothing is shifted while it runs, and the outputs are always on.
_ECP5_LOW = ("RST", "STDBY", "PHASESEL0", "PHASESEL1", "PLLWAKESYNC", "ENCLKOP", "ENCLKOS")
_ECP5_HIGH = ("PHASEDIR", "PHASESTEP", "PHASELOADREG")


class Pll(Elaboratable):
    """One PLL: ``clock`` is its output, ``locked`` tells that it can be used.

    ``source`` is its input; on an iCE40 whose clock comes in at the pad of the PLL, ``source`` is
    that pad.
    """

    def __init__(self, setting: PllSetting, source: Value | IOPort) -> None:
        self._setting, self._source = setting, source
        self.clock, self.locked = Signal(name="clock"), Signal(name="locked")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        part = {
            "EHXPLLL": self._ecp5,
            "SB_PLL40": self._ice40,
            "PLLE2_BASE": self._artix,
            "rPLL": self._gowin,
        }[self._setting.kind.name]
        m.submodules.pll = part(m)
        return m

    def _ecp5(self, m: Module) -> Instance:
        s, second = self._setting, ecp5_second(self._setting.feedback)
        back = Signal()
        return Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=f"{s.input_hz / MHZ:.6g}",
            a_FREQUENCY_PIN_CLKOS=f"{float(s.output_hz) / MHZ:.6g}",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_CLKI_DIV=s.reference,
            p_CLKFB_DIV=s.feedback // second,
            p_FEEDBK_PATH="INT_OP",
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_DIV=second,
            p_CLKOP_CPHASE=second - 1,
            p_CLKOS_ENABLE="ENABLED",
            p_CLKOS_DIV=s.output,
            p_CLKOS_CPHASE=s.output - 1,
            i_CLKI=self._source,
            i_CLKFB=back,
            o_CLKINTFB=back,
            **{f"i_{name}": Const(0) for name in _ECP5_LOW},
            **{f"i_{name}": Const(1) for name in _ECP5_HIGH},
            o_CLKOS=self.clock,
            o_LOCK=self.locked,
        )

    def _ice40(self, m: Module) -> Instance:
        s, pad = self._setting, isinstance(self._source, IOPort)
        detector = s.detector_hz / MHZ
        return Instance(
            "SB_PLL40_PAD" if pad else "SB_PLL40_CORE",
            p_FEEDBACK_PATH="SIMPLE",
            p_DIVR=Const(s.reference - 1, 4),
            p_DIVF=Const(s.feedback - 1, 7),
            p_DIVQ=Const(s.output.bit_length() - 1, 3),
            p_FILTER_RANGE=Const(1 + sum(detector >= limit for limit in _ICE40_FILTERS), 3),
            **{"i_PACKAGEPIN" if pad else "i_REFERENCECLK": self._source},
            i_RESETB=Const(1),
            i_BYPASS=Const(0),
            o_PLLOUTGLOBAL=self.clock,
            o_LOCK=self.locked,
        )

    def _artix(self, m: Module) -> Instance:
        s = self._setting
        made = Signal()
        feedback = Signal()
        m.submodules.buffer = Instance("BUFG", i_I=made, o_O=self.clock)
        return Instance(
            "PLLE2_BASE",
            p_CLKIN1_PERIOD=1e9 / s.input_hz,
            p_DIVCLK_DIVIDE=s.reference,
            p_CLKFBOUT_MULT=s.feedback,
            p_CLKOUT0_DIVIDE=s.output,
            i_CLKIN1=self._source,
            i_CLKFBIN=feedback,
            i_RST=Const(0),
            i_PWRDWN=Const(0),
            o_CLKFBOUT=feedback,
            o_CLKOUT0=made,
            o_LOCKED=self.locked,
        )

    def _gowin(self, m: Module) -> Instance:
        s = self._setting
        return Instance(
            "rPLL",
            p_FCLKIN=f"{s.input_hz / MHZ:g}",
            p_DEVICE="GW1NR-9C",
            p_IDIV_SEL=s.reference - 1,
            p_FBDIV_SEL=s.feedback - 1,
            p_ODIV_SEL=s.output,
            i_CLKIN=self._source,
            i_CLKFB=Const(0),
            i_RESET=Const(0),
            i_RESET_P=Const(0),
            i_FBDSEL=Const(0, 6),
            i_IDSEL=Const(0, 6),
            i_ODSEL=Const(0, 6),
            i_DUTYDA=Const(0, 4),
            i_PSDA=Const(0, 4),
            i_FDLY=Const(0, 4),
            o_CLKOUT=self.clock,
            o_LOCK=self.locked,
        )


def ecp5_second(feedback: int) -> int:
    """The divider of the second output by which a feedback of this many is made."""
    return next(q for q in ECP5_SECOND if feedback % q == 0 and feedback // q <= ECP5_FEEDBACK)
