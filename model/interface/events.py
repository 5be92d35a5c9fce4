"""What events are on a bus, and what an adapter says of them: see `hw.stream.address_events`."""

from enum import IntEnum

from dualspike.model.interface.register import Field, Register

CHANNEL_BITS, WORD_BITS = 14, 16
"""Bits of the number of a channel, and with the sign and the end of a step above it."""


class EventFlag(IntEnum):
    """Bits of the register EVENTS."""

    CHANNEL = 0
    SHORT = 1
    LATE = 2


_TOLD = {
    EventFlag.CHANNEL: "an event of a channel that is not there, which was ignored",
    EventFlag.SHORT: "a sample ended before its last step; its other frames are empty",
    EventFlag.LATE: "something came after the end of the last step, and was ignored",
}


def event_register(address: int) -> Register:
    """EVENTS, at that address."""
    return Register(
        "EVENTS",
        "rw",
        "what was wrong with the events that came, sticky; any write clears",
        tuple(Field(flag.name.lower(), 1, flag, _TOLD[flag]) for flag in EventFlag),
        live=True,
        on_write="clear",
        address=address,
    )
