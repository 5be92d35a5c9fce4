"""A board of one's own: what its TOML file says, checked, as a `Board`."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator, model_validator

from dualspike.boards.catalog import BOARDS, LEDS, Board, Pin, board_named
from dualspike.boards.own.parts import PARTS, Part
from dualspike.boards.own.wiring import Pins, platform_of
from dualspike.boards.pll import MHZ
from dualspike.model.description.load import mistake, tables_of
from dualspike.model.description.network import Section
from dualspike.model.errors import BadInput, meant, not_one_of
from dualspike.model.system.text import read_text

SUFFIX = ".toml"
OSCILLATORS = (1, 400)
"""MHz, of the ports that clocks come in at."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class Programmer(Section):
    """How openFPGALoader reaches the board: by the board's name there, or by a cable's."""

    board: str | None = None
    cable: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Programmer":
        if (self.board is None) == (self.cable is None):
            raise ValueError("must have board or cable, one of the two")
        for name in (self.board, self.cable):
            if name is not None and not _NAME.fullmatch(name):
                raise ValueError(f"must name it by letters, digits, - and _, not {name!r}")
        return self


class BoardFile(Section):
    """The keys of a board's file; docs/boards.md tells of each."""

    name: str
    device: str
    package: str
    speed: int | None = None
    oscillator: float
    io_standard: str | None = None
    clock_at_pll: bool = False
    pins: Pins
    programmer: Programmer | None = None

    @field_validator("name")
    @classmethod
    def _own(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"must be 1 to 40 letters, digits, - or _, not {name!r}")
        if name in BOARDS:
            raise ValueError(f"must not be that of a known board, {name!r}")
        return name

    @model_validator(mode="after")
    def _there(self) -> "BoardFile":
        least, most = OSCILLATORS
        if not least <= self.oscillator <= most:
            raise ValueError(f"oscillator must be in [{least}, {most}], not {self.oscillator:g}")
        if self.device not in PARTS:
            raise ValueError(not_one_of("device", PARTS, self.device))
        part = PARTS[self.device]
        if self.speed not in part.speeds:
            allowed = " or ".join(map(str, part.speeds)) if part.speeds[0] else "left out"
            raise ValueError(f"speed must be {allowed} for {self.device}, not {self.speed}")
        packages = part.packages()
        if self.package not in packages:
            raise ValueError(not_one_of("package", packages, self.package))
        self._check_wires(part, packages[self.package])
        return self

    def _check_wires(self, part: Part, known: list[str]) -> None:
        """Every pin is one of the package, has one use, and can do what is asked of it."""
        if len(self.pins.lamps) > len(LEDS):
            raise ValueError(f"pins.lamps must be at most {len(LEDS)}, not {len(self.pins.lamps)}")
        if self.clock_at_pll and part.family != "ice40":
            raise ValueError(f"clock_at_pll must be left out for {self.device}")
        standards, taken = part.standards, dict[str, str]()
        if self.io_standard not in (*standards, None):
            raise ValueError(not_one_of("io_standard", standards, self.io_standard))
        for key, wire in self.pins.named():
            if wire.pin not in known:
                raise ValueError(
                    f"pins.{key} must be a pin of {self.package}, not {wire.pin!r}"
                    f"{meant(wire.pin.upper(), known)}"
                )
            if wire.pin in taken:
                raise ValueError(
                    f"pins.{key} must have a pin of its own, not {wire.pin!r},"
                    f" which is pins.{taken[wire.pin]}"
                )
            taken[wire.pin] = key
            if wire.io_standard not in (*standards, None):
                name = f"pins.{key}.io_standard"
                raise ValueError(not_one_of(name, standards, wire.io_standard))
            if wire.pull not in (*part.pulls, None):
                raise ValueError(not_one_of(f"pins.{key}.pull", part.pulls, wire.pull))
            if wire.inverted and key in ("clock", "rx", "tx"):
                raise ValueError(f"pins.{key}.inverted must be left out: it is not a lamp or reset")

    def made(self) -> Any:
        """A fresh platform of Amaranth's, with the resources that a board top asks for."""
        part, hz = PARTS[self.device], self.oscillator * MHZ
        return platform_of(part, self.package, self.speed, hz, self.pins, self.io_standard)

    def tables(self) -> dict[str, Any]:
        """What the file says, as plain data."""
        return self.model_dump(exclude_none=True)

    def board(self) -> Board:
        """What the catalogue would hold of it."""
        part, by = PARTS[self.device], self.programmer
        return Board(
            self.name,
            f"{self.name} with {self.device}",
            part.device_name,
            self,
            part.pll,
            round(self.oscillator * MHZ),
            tuple(Pin("led", n) for n in range(len(self.pins.lamps))),
            Pin("button") if self.pins.reset else None,
            suffix=part.suffix,
            programmer=by.board if by else None,
            cable=by.cable if by else None,
            volatile=part.volatile,
            pll_pad=self.clock_at_pll,
            idcode=part.idcode(),
        )


def board_of(tables: dict[str, Any], where: str) -> Board:
    """The board that plain tables describe; ``where`` begins the line of a mistake."""
    try:
        return BoardFile.model_validate(tables).board()
    except ValidationError as error:
        raise BadInput(f"{where}: {mistake(error.errors()[0], root=BoardFile)}") from error


def board_given(name: str) -> Board:
    """A board of the catalogue by its name, or one's own by the name of its TOML file."""
    if not name.endswith(SUFFIX):
        return board_named(name)
    return board_of(tables_of(read_text(Path(name)), name), name)
