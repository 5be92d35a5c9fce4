"""A board of one's own as Amaranth sees it: a platform with clock, host link, button and lamps."""

from typing import Any

from pydantic import Field, model_validator

from dualspike.boards.own.parts import Part
from dualspike.model.description.network import Section


class Wire(Section):
    """One pin and its driver or receiver: a name alone, or a table with these keys.

    ``inverted``: a lamp that is lit, or a button that is pressed, at 0.
    """

    pin: str
    inverted: bool = False
    pull: str | None = None
    io_standard: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, given: object) -> object:
        """A pin without a table; pins of flat packages may be whole numbers."""
        table: dict[str, Any] = dict(given) if isinstance(given, dict) else {"pin": given}
        if type(pin := table.get("pin")) is int:
            table["pin"] = str(pin)
        return table


class Pins(Section):
    """Which pins of the FPGA go where. ``lamps`` are those of `catalog.LEDS`, in this order."""

    clock: Wire
    rx: Wire
    tx: Wire
    reset: Wire | None = None
    lamps: list[Wire] = Field(default_factory=list[Wire])

    def named(self) -> list[tuple[str, Wire]]:
        """Every pin by its key."""
        one = [("clock", self.clock), ("rx", self.rx), ("tx", self.tx)]
        if self.reset:
            one.append(("reset", self.reset))
        return one + [(f"lamps[{n}]", lamp) for n, lamp in enumerate(self.lamps)]


def platform_of(
    part: Part, package: str, speed: int | None, hz: float, on: Pins, standard: str | None
) -> Any:
    """A platform of Amaranth's with the names of resources that a board top asks for.

    The oscillator has ``hz``. Pins without an IO standard of their own have ``standard``, or the
    part's usual one.
    """
    from amaranth.build import Attrs, Clock, Pins, PinsN, Resource, Subsignal
    from amaranth.vendor import LatticeECP5Platform, LatticeICE40Platform

    ecp5 = part.family == "ecp5"

    def attributes(wire: Wire) -> Any:
        kind = "IO_TYPE" if ecp5 else "IO_STANDARD"
        found: dict[str, Any] = {kind: wire.io_standard or standard or part.standards[0]}
        if wire.pull and ecp5:
            found["PULLMODE"] = wire.pull.upper()
        elif wire.pull == "up":
            found["PULLUP"] = 1
        return Attrs(**found)

    def pins(wire: Wire, direction: str) -> Any:
        return (PinsN if wire.inverted else Pins)(wire.pin, dir=direction)

    def one(name: str, number: int, wire: Wire, direction: str, *more: Any) -> Any:
        return Resource(name, number, pins(wire, direction), *more, attributes(wire))

    links = (("rx", on.rx, "i"), ("tx", on.tx, "o"))
    uart = [Subsignal(name, pins(wire, way), attributes(wire)) for name, wire, way in links]
    resources = [
        one("clk", 0, on.clock, "i", Clock(hz)),
        Resource("uart", 0, *uart),
        *([one("button", 0, on.reset, "i")] if on.reset else []),
        *(one("led", n, lamp, "o") for n, lamp in enumerate(on.lamps)),
    ]
    keys: dict[str, Any] = {
        "device": part.device,
        "package": package,
        "default_clk": "clk",
        "resources": resources,
        "connectors": [],
    }
    if ecp5:
        # Amaranth names packages as Lattice's tools do, nextpnr and Trellis as here.
        keys |= {"speed": str(speed), "_nextpnr_package_options": {package: package}}
    base: Any = LatticeECP5Platform if ecp5 else LatticeICE40Platform
    return type("OwnPlatform", (base,), keys)()
