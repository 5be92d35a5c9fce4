"""Spoken digits as a user has them: recordings that become signed events of 32 mel bands.

``DIGIT_SPEAKER_INDEX.wav`` in a folder, or in ``recordings`` below it. Source: Jackson and others,
"Free Spoken Digit Dataset" (FSDD); its test set is the indices 0 to 4 of every speaker and digit.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.listing import listed
from dualspike.golden.data.labelled.samples import ClassData, held_back, stacked
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.data.labelled.speech.wav import RATE, read_wav
from dualspike.golden.data.portable import rounded
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

BANDS, PLACES = 32, 3
SHAPE = Shape(BANDS, 1, PLACES)
STEPS = 32
CLASSES = 10
TESTED = 5

WINDOW = 256
"""Samples that a spectrum is made of: 32 ms."""

RANGE = 1e-6
"""Power of the softest sound that counts, over that of the loudest: 60 dB."""

GAIN = 2
"""A band that is half the range above the mean of all bands gives an event in every step."""

_NAME = re.compile(r"([0-9])_(.+)_([0-9]{1,9})\.wav", re.IGNORECASE)


def spoken_digits(folder: Path, steps: int = STEPS) -> ClassData:
    """Every recording as ``steps`` frames of 96 inputs: three places of the word, for every band.

    Raises BadInput for a name or a file that cannot be, and where there are none to learn or test.
    """
    parts: tuple[list[tuple[int, NDArray[np.int8]]], ...] = ([], [])
    for path in listed(folder / "recordings") or listed(folder):
        if path.suffix.lower() != ".wav":
            continue
        name = _NAME.fullmatch(path.name)
        if not name:
            raise BadInput(f"{path} must be called DIGIT_SPEAKER_INDEX.wav, as in 7_theo_12.wav")
        frames = events_of(levels(read_wav(path), PLACES * steps))
        parts[int(name[3]) < TESTED].append((int(name[1]), frames))
    wanted = "from 5 up", "from 0 to 4"
    train, test = (
        stacked(
            found, f"{folder} must hold DIGIT_SPEAKER_INDEX.wav with an index {one}: none is there"
        )
        for found, one in zip(parts, wanted, strict=True)
    )
    return held_back(train, test, SHAPE, CLASSES)


def mel(hertz: Doubles) -> Doubles:
    """Pitch as it is heard: 2595 log10(1 + f / 700) (O'Shaughnessy, 1987)."""
    return 2595 * np.log10(1 + hertz / 700)


def bank() -> Doubles:
    """[BANDS, WINDOW / 2 + 1]: weights of a spectrum's frequencies in every band.

    Triangles, 1 at their centre and 0 at those of their neighbours, which are equally far apart in
    mel from 0 Hz to half the sampling rate.
    """
    pitch = mel(np.fft.rfftfreq(WINDOW, 1 / RATE).astype(np.float64))
    step = pitch[-1] / (BANDS + 1)
    centres = step * np.arange(1, BANDS + 1)[:, None]
    return np.maximum(0, 1 - np.abs(pitch - centres) / step)


def levels(sound: Doubles, steps: int) -> Doubles:
    """[steps, BANDS]: how loud every band is, from 0 at the word's softest to 1 at its loudest.

    Windows (Hann) start at equal distances, the first with the word and the last so that it ends
    with it. A level is linear in the logarithm of the power; what is more than 60 dB below the
    loudest counts as that much. Rounded to multiples of 2^-30; silence is 0.
    """
    sound = np.pad(sound, (0, max(0, WINDOW - len(sound))))
    starts = np.arange(steps) * (len(sound) - WINDOW) // max(1, steps - 1)
    frames = sound[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.square(np.abs(np.fft.rfft(frames))) @ bank().T
    loudest = float(power.max())
    if loudest == 0:
        return np.zeros_like(power)
    scale = np.log10(np.maximum(power / loudest, RANGE))
    softest = float(scale.min())
    return rounded(1 - scale / softest) if softest < 0 else np.zeros_like(power)


def events_of(level: Doubles) -> NDArray[np.int8]:
    """[steps, BANDS * PLACES] of -1, 0 and 1, from levels of three times as many steps.

    The word is cut into three parts of ``steps``, which are heard side by side: step t has the
    bands at t of every part. What counts is by how much a band is louder than the mean of all bands
    at that moment. Each input adds up GAIN times that, and where the sum is beyond 1/2 in size it
    gives an event of its sign, which is taken off the sum. So the mean of events follows what is
    added, up to 1 a step (first-order sigma-delta modulation). All numbers here are exact.
    """
    relative = GAIN * (level - level.mean(axis=1, keepdims=True))
    places = relative.reshape(PLACES, -1, BANDS).transpose(1, 2, 0)
    frames, due = np.zeros(places.shape, np.int8), np.zeros(places.shape[1:])
    for step in range(len(places)):
        due += places[step]
        frames[step] = np.sign(due) * (np.abs(due) > 1 / 2)
        due -= frames[step]
    return frames.reshape(len(frames), -1)
