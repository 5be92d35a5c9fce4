"""Flags that are up, by name, and what of them is no fault."""

from dualspike.model.description.description import Description
from dualspike.model.interface.register import Flag
from dualspike.model.interface.registers import register_map

RESTING = "membranes of silent neurons that rest at the lower end raise it too, which is no fault"
"""What is said of the flag MEMBRANE: it does not tell at which end a number was clipped."""


def raised(d: Description, flags: int) -> list[str]:
    """Names of the bits that are up in the register FLAGS, from bit 0 on.

    A bit that a core does not have is ``bit N``.
    """
    (register,) = (one for one in register_map(d) if one.name == "FLAGS")
    names = {field.low: field.name for field in register.fields}
    return [names.get(n, f"bit {n}") for n in range(flags.bit_length()) if flags >> n & 1]


def told(d: Description, flags: int) -> str:
    """One line for people; empty where no flag is up."""
    names = raised(d, flags)
    if not names:
        return ""
    rest = f"; {RESTING}" if Flag.MEMBRANE.name.lower() in names else ""
    return f"Flags up: {', '.join(names)} (FLAGS is {flags:#x}){rest}"
