"""The boards: FPGA, clock, pins of the host link, button and leds, and how each is programmed.

Pins come from amaranth-boards; a board here says which of its resources are used.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from dualspike.boards.pll import ARTIX_PLL, ECP5_PLL, GOWIN_PLL, ICE40_PLL, PllKind
from dualspike.model.cost.devices import DEVICES, Device
from dualspike.model.errors import BadInput, not_one_of

LEDS = ("heartbeat", "training", "error", "overflow")


@dataclass(frozen=True)
class Pin:
    """One pin: a resource of amaranth-boards, or one signal of it."""

    resource: str
    number: int = 0
    signal: str | None = None


class OwnPins(Protocol):
    """The pins of a board that amaranth-boards does not know: `boards.own.board_file`."""

    def made(self) -> Any:
        """A fresh platform with them."""
        ...

    def tables(self) -> dict[str, Any]:
        """What its file says."""
        ...


@dataclass(frozen=True)
class Board:
    """What dualspike knows of a board.

    ``platform`` is module and class in amaranth-boards, or the pins of a board of one's own;
    ``flow`` is "open" where a bitstream is made here, else the vendor's tool. ``leds`` are those
    of `LEDS` in this order, as far as there are any. ``pll_pad`` says that the clock comes in at
    the pad of the PLL itself. ``programmer`` is openFPGALoader's name of the board, None if it
    goes by ``cable``; ``volatile`` says that the FPGA can be loaded without its flash. ``idcode``
    is what an ECP5's bitstream says it is for.
    ``extras`` names a list of further resources to plug in.
    """

    name: str
    title: str
    device_name: str
    platform: tuple[str, str] | OwnPins
    pll: PllKind
    clock_hz: int
    leds: tuple[Pin, ...]
    button: Pin | None = None
    flow: str = "open"
    suffix: str = "bit"
    programmer: str | None = None
    cable: str | None = None
    volatile: bool = True
    pll_pad: bool = False
    idcode: int | None = None
    extras: str | None = None

    @property
    def device(self) -> Device:
        """Its FPGA."""
        return DEVICES[self.device_name]

    def connected(self) -> Any:
        """A fresh platform of amaranth-boards; BadInput if the package is missing."""
        if not isinstance(self.platform, tuple):
            return self.platform.made()
        if find_spec("amaranth_boards") is None:
            raise BadInput("amaranth-boards is missing: pip install 'dualspike[boards]'")
        module, name = self.platform
        kind = getattr(import_module(f"amaranth_boards.{module}"), name)
        platform = kind(**({"toolchain": "Gowin"} if self.flow == "gowin" else {}))
        if self.extras:
            platform.add_resources(getattr(platform, self.extras))
        return platform


def _row(resource: str, *numbers: int) -> tuple[Pin, ...]:
    return tuple(Pin(resource, number) for number in numbers)


def _ulx3s(size: str, idcode: int) -> Board:
    return Board(
        f"ulx3s-{size.lower()}",
        f"ULX3S with LFE5U-{size}",
        f"ecp5-{size.lower()}",
        ("ulx3s", f"ULX3S_{size}_Platform"),
        ECP5_PLL,
        25_000_000,
        _row("led", 0, 1, 2, 3),
        Pin("button_fire", 0),
        programmer="ulx3s",
        idcode=idcode,
    )


_ALL = (
    _ulx3s("12F", 0x21111043),
    _ulx3s("25F", 0x41111043),
    _ulx3s("45F", 0x41112043),
    _ulx3s("85F", 0x41113043),
    Board(
        "icesugar-pro",
        "iCESugar-Pro with LFE5U-25F",
        "ecp5-25f",
        ("icesugar_pro", "ICESugarProPlatform"),
        ECP5_PLL,
        25_000_000,
        (Pin("rgb_led", 0, "g"), Pin("rgb_led", 0, "b"), Pin("rgb_led", 0, "r")),
        cable="cmsisdap",
        idcode=0x41111043,
    ),
    Board(
        "ecpix5-85f",
        "ECPIX-5 with LFE5UM5G-85F",
        "ecp5-85f",
        ("ecpix5", "ECPIX585Platform"),
        ECP5_PLL,
        100_000_000,
        tuple(Pin("rgb_led", n, c) for n, c in enumerate("gbrr")),
        Pin("rst", 0),
        programmer="ecpix5",
        idcode=0x81113043,
    ),
    Board(
        "icebreaker",
        "iCEBreaker with iCE40UP5K, its break-off part plugged in",
        "ice40-up5k",
        ("icebreaker", "ICEBreakerPlatform"),
        ICE40_PLL,
        12_000_000,
        _row("led", 3, 4, 2, 5),
        Pin("button", 0),
        suffix="bin",
        programmer="ice40_generic",
        volatile=False,
        pll_pad=True,
        extras="break_off_pmod",
    ),
    Board(
        "ice40-hx8k-evn",
        "iCE40-HX8K breakout board",
        "ice40-hx8k",
        ("ice40_hx8k_b_evn", "ICE40HX8KBEVNPlatform"),
        ICE40_PLL,
        12_000_000,
        _row("led", 0, 1, 2, 3),
        suffix="bin",
        programmer="ice40_generic",
        volatile=False,
    ),
    Board(
        "arty-a7-35t",
        "Arty A7 with XC7A35T",
        "artix7-35t",
        ("arty_a7", "ArtyA7_35Platform"),
        ARTIX_PLL,
        100_000_000,
        _row("led", 0, 1, 2, 3),
        Pin("rst", 0),
        flow="vivado",
        programmer="arty_a7_35t",
    ),
    Board(
        "arty-a7-100t",
        "Arty A7 with XC7A100T",
        "artix7-100t",
        ("arty_a7", "ArtyA7_100Platform"),
        ARTIX_PLL,
        100_000_000,
        _row("led", 0, 1, 2, 3),
        Pin("rst", 0),
        flow="vivado",
        programmer="arty_a7_100t",
    ),
    Board(
        "tang-nano-9k",
        "Tang Nano 9K with GW1NR-9",
        "gw1nr-9",
        ("tang_nano_9k", "TangNano9kPlatform"),
        GOWIN_PLL,
        27_000_000,
        _row("led", 0, 1, 2, 3),
        Pin("button", 0),
        flow="gowin",
        suffix="fs",
        programmer="tangnano9k",
    ),
)
BOARDS = {board.name: board for board in _ALL}


def board_named(name: str) -> Board:
    """One of `BOARDS`; BadInput lists them."""
    if name not in BOARDS:
        raise BadInput(not_one_of("--board", BOARDS, name))
    return BOARDS[name]
