"""What may interrupt a host, and the two registers that hold and enable it."""

from enum import IntEnum

from dualspike.model.interface.register import Field, Register


class Cause(IntEnum):
    """Bits of IRQ_STATUS and of IRQ_ENABLE."""

    DONE = 0
    FLAG = 1


_TOLD = {
    Cause.DONE: "busy has fallen: all that was under way is over",
    Cause.FLAG: "a bit of FLAGS has gone up, other than floor",
}


def interrupt_registers() -> list[Register]:
    """IRQ_STATUS and IRQ_ENABLE."""
    causes = tuple(Field(cause.name.lower(), 1, cause, _TOLD[cause]) for cause in Cause)
    return [
        Register(
            "IRQ_STATUS",
            "rw",
            "causes that have come, sticky; a 1 that is written clears its bit",
            causes,
            live=True,
            on_write="ones",
        ),
        Register("IRQ_ENABLE", "rw", "causes that raise irq", causes),
    ]
