"""What random numbers are drawn for: the last entry of a key that names a generator.

Only numbers that no register of the chip makes; those are in `model.interface.lfsr`.
"""

from enum import IntEnum


class Purpose(IntEnum):
    """What is drawn; large, so that no number of updates in a key comes near."""

    DIRECTIONS = 0x64697265
    SURROGATE = 0x7375726F
    CODING = 0x636F6465
    BATCH = 0x62617463
