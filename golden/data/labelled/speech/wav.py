"""Recordings of speech as wav files: 8 kHz, one channel, 16 bits."""

import io
import wave
from pathlib import Path

import numpy as np

from dualspike.golden.files.contents import read_bytes
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

RATE = 8000

MOST = 1 << 22
"""Bytes of a file: more than four minutes."""


def read_wav(path: Path) -> Doubles:
    """The samples of a recording, in [-1, 1).

    Raises BadInput with the path for a file that cannot be read, is no wav file or is cut off, has
    another format, or nothing in it.
    """
    content = read_bytes(path, MOST)
    # Damaged chunks make wave seek and count beyond the end: any exception.
    try:
        with wave.open(io.BytesIO(content)) as file:
            form = file.getframerate(), file.getnchannels(), 8 * file.getsampwidth()
            count, found = file.getnframes(), file.readframes(MOST)
    except Exception as error:
        reason = " ".join(str(error).split()) or "it is cut off"
        raise BadInput(f"{path} must be a wav file of plain samples: {reason}") from None
    if form != (RATE, 1, 16):
        rate, channels, bits = form
        raise BadInput(
            f"{path} must be of {RATE} Hz, 1 channel and 16 bits, not of {rate} Hz, {channels} and"
            f" {bits}"
        )
    if not count or len(found) != 2 * count:
        raise BadInput(f"{path} must have {2 * max(1, count)} bytes of samples, not {len(found)}")
    return np.frombuffer(found, "<i2").astype(np.float64) / (1 << 15)
