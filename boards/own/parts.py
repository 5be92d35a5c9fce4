"""The FPGAs that a board of one's own can have: those that open tools make bitstreams for."""

from dataclasses import dataclass

from dualspike.boards.own.database import ecp5_idcode, ecp5_packages, ice40_packages
from dualspike.boards.pll import ECP5_PLL, ICE40_PLL, PllKind

_ECP5_STANDARDS = ("LVCMOS33", "LVTTL33", "LVCMOS25", "LVCMOS18", "LVCMOS15", "LVCMOS12")


@dataclass(frozen=True)
class Part:
    """One FPGA by its maker's name; ``device_name`` is that of `model.cost.devices`.

    ``speeds`` are its speed grades, None where it has none to choose; the first of ``standards``
    is the usual one. ``die`` is the iCE40's file of pins.
    """

    device: str
    device_name: str
    family: str
    speeds: tuple[int | None, ...]
    standards: tuple[str, ...]
    pulls: tuple[str, ...]
    pll: PllKind
    suffix: str
    volatile: bool
    die: str = ""

    def packages(self) -> dict[str, list[str]]:
        """Its pins by package, as the installed tools have them."""
        if self.family == "ecp5":
            return ecp5_packages(self.device)
        small = self.device == "iCE40HX4K"
        known = ice40_packages(self.die)
        return {
            name.removesuffix(":4k"): pins
            for name, pins in known.items()
            if self.die != "8k" or name.endswith(":4k") == small
        }

    def idcode(self) -> int | None:
        """What its bitstream says it is for; an iCE40's says nothing."""
        return ecp5_idcode(self.device) if self.family == "ecp5" else None


def _ecp5(kind: str, size: str) -> Part:
    speeds = (8,) if kind == "LFE5UM5G" else (6, 7, 8)
    name, like = f"{kind}-{size}", f"ecp5-{size.lower()}"
    pulls = ("up", "down", "none")
    return Part(name, like, "ecp5", speeds, _ECP5_STANDARDS, pulls, ECP5_PLL, "bit", True)


def _ice40(device: str, device_name: str, die: str) -> Part:
    standards, pulls = ("SB_LVCMOS",), ("up", "none")
    return Part(
        device, device_name, "ice40", (None,), standards, pulls, ICE40_PLL, "bin", False, die
    )


PARTS = {
    part.device: part
    for part in (
        *(_ecp5("LFE5U", size) for size in ("12F", "25F", "45F", "85F")),
        *(_ecp5(kind, size) for kind in ("LFE5UM", "LFE5UM5G") for size in ("25F", "45F", "85F")),
        _ice40("iCE40UP5K", "ice40-up5k", "5k"),
        _ice40("iCE40HX4K", "ice40-hx8k", "8k"),
        _ice40("iCE40HX8K", "ice40-hx8k", "8k"),
    )
}
