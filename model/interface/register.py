"""What a register is made of, and the numbers that drivers write and read.

All registers are 32 bits wide.
"""

from dataclasses import dataclass
from enum import IntEnum

BITS = 32


class Flag(IntEnum):
    """Bit numbers of FLAGS: what has saturated since the flags were cleared.

    FLOOR: a membrane was clipped at the lower end of its format, where silent neurons rest. It is
    the one flag that is no alarm: no lamp and no interrupt tells of it.
    """

    MEMBRANE = 0
    TANGENT = 1
    WEIGHT = 2
    STEP = 3
    FLOOR = 31


ALARMS = (1 << Flag.FLOOR) - 1
"""The bits of FLAGS that a host should know of."""


class Command(IntEnum):
    """Values for CONTROL."""

    STOP = 0
    INFER = 1
    LEARN = 2


@dataclass(frozen=True)
class Field:
    """Bits ``low`` to ``low + bits - 1`` of a register; ``values`` has names for its numbers."""

    name: str
    bits: int
    low: int = 0
    meaning: str = ""
    values: type[IntEnum] | None = None


@dataclass(frozen=True)
class Register:
    """One 32-bit register at word address ``address``; access is "r", "w" or "rw".

    Bits outside its ``fields`` read 0 and ignore writes. ``reset`` is what it reads after reset,
    None if that is not known. ``live``: it changes by itself. ``on_read`` and ``on_write`` say
    what else an access does: "next" moves to the next word of a memory, "rewind" goes to a
    memory's first word, "clear" zeroes the register whatever is written, "ones" zeroes the bits in
    which a 1 is written, "command" starts something.
    """

    name: str
    access: str
    meaning: str
    fields: tuple[Field, ...] = (Field("value", BITS),)
    reset: int | None = 0
    live: bool = False
    on_read: str = ""
    on_write: str = ""
    address: int = 0

    @property
    def offset(self) -> int:
        """Its place in a byte-addressed map."""
        return BITS // 8 * self.address
