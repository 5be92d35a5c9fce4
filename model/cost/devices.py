"""FPGAs and what they hold, for estimates: see `model.cost.area` for how a core is counted.

ECP5 and iCE40: what nextpnr 0.11 offers (a 12F is the die of a 25F, and open tools use all of
it); these are also the numbers of Lattice's data sheets FPGA-DS-02012 (ECP5), FPGA-DS-02008
(UltraPlus) and FPGA-DS-02029 (LP/HX), there partly rounded. Artix-7: AMD's DS180; its tables have
six inputs, so a count of four-input ones is on the safe side. Gowin: DS117 (GW1NR) and DS102
(GW2A).
"""

from dataclasses import dataclass

from dualspike.model.errors import BadInput, not_one_of


@dataclass(frozen=True)
class Family:
    """What the blocks of a family can do.

    ``multiplier`` are the widths in bits of the operands of one signed multiplier, None without
    any; products of fewer than ``least_product`` bits are made of tables. A block RAM has
    ``ram_bits`` and is at most ``ram_width`` wide. ``lut_ram`` says whether look-up tables can
    serve as memories, 16 words of 4 bits in 4 of them.
    """

    name: str
    multiplier: tuple[int, int] | None
    ram_bits: int
    ram_width: int
    lut_ram: bool
    least_product: int = 0


ECP5 = Family("ecp5", (18, 18), 18 * 1024, 36, True)
_ICE40_HX = Family("ice40", None, 4 * 1024, 16, False)
_ICE40_UP = Family("ice40", (16, 16), 4 * 1024, 16, False, 11)
_ARTIX = Family("artix7", (25, 18), 36 * 1024, 72, True)
_GOWIN = Family("gowin", (18, 18), 18 * 1024, 36, True)


@dataclass(frozen=True)
class Device:
    """Look-up tables, registers, multipliers and block RAMs of one FPGA."""

    name: str
    family: Family
    lut4: int
    ff: int
    dsp: int
    bram: int


DEVICES = {
    device.name: device
    for device in (
        Device("ecp5-12f", ECP5, 24_288, 24_288, 28, 56),
        Device("ecp5-25f", ECP5, 24_288, 24_288, 28, 56),
        Device("ecp5-45f", ECP5, 43_848, 43_848, 72, 108),
        Device("ecp5-85f", ECP5, 83_640, 83_640, 156, 208),
        Device("ice40-up5k", _ICE40_UP, 5_280, 5_280, 8, 30),
        Device("ice40-hx8k", _ICE40_HX, 7_680, 7_680, 0, 32),
        Device("artix7-35t", _ARTIX, 20_800, 41_600, 90, 50),
        Device("artix7-100t", _ARTIX, 63_400, 126_800, 240, 135),
        Device("gw1nr-9", _GOWIN, 8_640, 6_480, 20, 26),
        Device("gw2a-18", _GOWIN, 20_736, 15_552, 48, 46),
    )
}


def device_named(name: str) -> Device:
    """One of `DEVICES`; BadInput lists them."""
    if name not in DEVICES:
        raise BadInput(not_one_of("--device", DEVICES, name))
    return DEVICES[name]
