"""Files of events in the format AEDAT 3.1, the parts of it that a sensor's changes need.

Lines of text up to ``#!END-HEADER``, then packets: a header of 28 bytes, all numbers little-endian
(type, source: 16 bits; size of an event, offset of its time, overflows, capacity, number, valid
events: 32 bits), then its events. An event of type 1, a polarity event, is 32 bits of data (bit 0
valid, 1 polarity, 2 to 16 y, 17 to 31 x) and 32 bits of microseconds, to which every overflow adds
2^31. Source: iniVation, "AEDAT 3.1".
"""

import struct
from pathlib import Path

import numpy as np

from dualspike.golden.data.labelled.events import Events
from dualspike.golden.files.contents import read_bytes
from dualspike.model.errors import BadInput

MAGIC = b"#!AER-DAT3.1\r\n"
END = b"#!END-HEADER\r\n"
HEADER = struct.Struct("<hhiiiiii")
POLARITY, SIZE = 1, 8

MOST = 1 << 27
"""Bytes of a recording: 16 million events, which take five times as many in memory."""


def read_aedat(path: Path, height: int, width: int) -> Events:
    """All valid polarity events, of a sensor of that many pixels; packets of other types are left.

    Raises BadInput, with file and offset, for a file that cannot be read, begins otherwise, is cut
    off, has an event that is out of range, or is of more than ``MOST`` bytes.
    """
    content = read_bytes(path, MOST)
    if not content.startswith(MAGIC):
        came = content[: len(MAGIC)]
        raise BadInput(f"{path}: bytes at offset 0 must be {MAGIC}, not {came}")
    start = content.find(END)
    if start < 0:
        raise BadInput(f"{path}: lines of text must end with {END}, not at offset {len(content)}")
    at = start + len(END)
    most = (len(content) - at) // SIZE
    data, times, count = np.empty(most, np.uint32), np.empty(most, np.int64), 0
    while at < len(content):
        begin = at + HEADER.size
        if begin > len(content):
            raise BadInput(f"{path}: packet must end at offset {begin}, not {len(content)}")
        kind, _, size, _, overflow, _, number, _ = HEADER.unpack_from(content, at)
        if kind == POLARITY and size != SIZE:
            raise BadInput(f"{path}: size at offset {at + 4} must be {SIZE}, not {size}")
        if size < 1 or number < 0 or overflow < 0:
            came = f"{size}, {overflow}, {number}"
            raise BadInput(
                f"{path}: size, overflows, number at offset {at + 4} must be 1, 0, 0 up, not {came}"
            )
        end = begin + size * number
        if end > len(content):
            raise BadInput(f"{path}: packet must end at offset {end}, not {len(content)}")
        if kind == POLARITY and number:
            pairs = np.frombuffer(content, "<u4", 2 * number, begin).reshape(-1, 2)
            valid = pairs[:, 0] & 1 == 1
            _check(path, begin, pairs, valid, height, width)
            first, count = count, count + int(valid.sum())
            data[first:count] = pairs[valid, 0]
            times[first:count] = pairs[valid, 1]
            times[first:count] += overflow << 31
        at = end
    found = data[:count]
    x, y, p = (place.view(np.int32) for place in (found >> 17, found >> 2 & 0x7FFF, found >> 1 & 1))
    return Events(x, y, p, times[:count])


def _check(
    path: Path, begin: int, pairs: np.ndarray, valid: np.ndarray, height: int, width: int
) -> None:
    columns = (
        ("x", pairs[:, 0] >> 17, width, 0),
        ("y", pairs[:, 0] >> 2 & 0x7FFF, height, 0),
        ("time", pairs[:, 1], 1 << 31, 4),
    )
    for name, values, limit, place in columns:
        wrong = np.flatnonzero(valid & (values >= limit))
        if wrong.size:
            offset, came = begin + SIZE * int(wrong[0]) + place, values[wrong[0]]
            raise BadInput(
                f"{path}: {name} at offset {offset} must be in [0, {limit - 1}], not {came}"
            )
