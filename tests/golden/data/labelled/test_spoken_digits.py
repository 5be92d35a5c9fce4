"""Recordings written here: mel bands where they should be, events counted by hand, refusals."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.labelled.speech import wav
from dualspike.golden.data.labelled.speech.spoken_digits import (
    BANDS,
    bank,
    events_of,
    levels,
    mel,
    spoken_digits,
)
from dualspike.golden.data.labelled.speech.wav import RATE, read_wav
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def written(
    path: str, sound: np.ndarray, rate: int = RATE, channels: int = 1, width: int = 2
) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with wave.open(path, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return Path(path)


def tone(hertz: float, seconds: float = 0.4) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)


def digits(folder: str = ".") -> None:
    """Two speakers say 0 and 1, seven times each; a digit is a pitch."""
    for digit in range(2):
        for index in range(7):
            for speaker in ("ann", "bob_2"):
                written(f"{folder}/{digit}_{speaker}_{index}.wav", tone(400 + 900 * digit))


def test_a_recording_is_read() -> None:
    sound = np.array([0.0, 0.5, -0.5, 0.25])
    found = read_wav(written("one.wav", sound))
    assert found.tolist() == ((sound * 32767).astype(int) / 32768).tolist()


def test_the_scale_of_pitch() -> None:
    """1000 Hz are 1000 mel; the bands are as far apart in mel, and every sound is in two."""
    assert mel(np.array([1000.0]))[0] == pytest.approx(1000, abs=0.1)
    weights = bank()
    assert weights.shape == (BANDS, 129) and weights.min() == 0 and weights.max() <= 1
    inside = slice(int(weights[0].argmax()) + 1, int(weights[-1].argmax()))
    np.testing.assert_allclose(weights.sum(axis=0)[inside], 1, atol=1e-12)


@pytest.mark.parametrize("hertz", [300, 800, 1500, 3000])
def test_a_tone_is_loudest_in_its_band(hertz: int) -> None:
    found = levels(tone(hertz), 8)
    centres = mel(np.array([4000.0]))[0] / (BANDS + 1) * np.arange(1, BANDS + 1)
    nearest = int(np.abs(centres - mel(np.array([float(hertz)]))[0]).argmin())
    assert abs(int(found.mean(axis=0).argmax()) - nearest) <= 1
    assert found.max() == 1 and found.min() >= 0


def test_frames_stretch_over_the_word() -> None:
    """A tone in the second half alone is heard in the second half of the frames."""
    sound = np.concatenate([np.zeros(1600), tone(1000, 0.2)])
    for steps in (8, 32):
        loud = levels(sound, steps).max(axis=1)
        assert (loud[: steps // 2 - 1] == 0).all() and (loud[steps // 2 + 1 :] > 0.5).all()
    assert levels(np.zeros(10), 4).tolist() == [[0.0] * BANDS] * 4
    assert levels(tone(500, 0.001), 4).shape == (4, BANDS)


def test_events_by_hand() -> None:
    """Twice what a band is above the mean is added up; a sum beyond 1/2 gives an event."""
    first = np.zeros(BANDS)
    first[0] = 32 / 31  # 1 above the mean of all bands: two events a step, of which one is given
    second = np.zeros(BANDS)
    second[1] = 6 / 31  # 6/32 - 6/992 = 3/16 above: 3/8 a step
    level = np.concatenate([np.tile(first, (3, 1)), np.zeros((3, BANDS)), np.tile(second, (3, 1))])
    found = events_of(level).reshape(3, BANDS, 3)
    assert found[:, 0].tolist() == [[1, 0, 0]] * 3
    assert found[:, 1].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    # The others of the first part are 1/31 below the mean: 2/31 a step never come to 1/2.
    assert not found[:, 2:].any() and not found[:, :, 1].any()


def test_the_mean_of_events_is_the_level() -> None:
    """Within 1/2 of a sum, in each of the three parts, where a step gives one event at most."""
    level = np.random.default_rng(8).integers(0, 1 << 20, (96, BANDS)) / (1 << 21)
    relative = 2 * (level - level.mean(axis=1, keepdims=True))
    found = events_of(level).reshape(32, BANDS, 3)
    assert set(np.unique(found)) == {-1, 0, 1}
    for part in range(3):
        wanted = relative[32 * part : 32 * part + 32].cumsum(axis=0)
        assert np.abs(found[:, :, part].cumsum(axis=0) - wanted).max() <= 1 / 2


@pytest.mark.parametrize("folder", [".", "recordings"])
def test_the_official_split(folder: str) -> None:
    digits(folder)
    Path(folder, "README.md").write_text("no recording")
    data = spoken_digits(Path(), 16)
    assert (len(data.whole), len(data.test)) == (8, 20)
    assert data.whole.x.shape[1:] == (16, 96)
    assert set(np.unique(data.whole.x)) == {-1, 0, 1}
    assert np.bincount(data.test.labels, minlength=10).tolist() == [10, 10, *[0] * 8]
    assert (
        data.whole.x[data.whole.labels == 0].sum(0) != data.whole.x[data.whole.labels == 1].sum(0)
    ).any()


def test_recordings_that_cannot_be_used() -> None:
    digits()
    path = "3_eve_9.wav"
    form = f"{path} must be of 8000 Hz, 1 channel and 16 bits, not of"
    for changed, line in (
        ({"rate": 44100}, f"{form} 44100 Hz, 1 and 16"),
        ({"channels": 2}, f"{form} 8000 Hz, 2 and 16"),
        ({"width": 1}, f"{form} 8000 Hz, 1 and 8"),
    ):
        written(path, tone(500), **changed)
        assert refusal(spoken_digits, Path()) == line
    written(path, np.zeros(0))
    assert refusal(spoken_digits, Path()) == f"{path} must have 2 bytes of samples, not 0"
    whole = written(path, tone(500)).read_bytes()
    for content in (
        b"",
        b"ID3 and more",
        whole[:30],
        whole[:8] + b"AVI " + whole[12:],
        whole[:16] + b"\xff" * 4 + whole[20:],
    ):
        Path(path).write_bytes(content)
        found = refusal(spoken_digits, Path())
        assert found.startswith(f"{path} must be a wav file of plain samples: ")
    Path(path).write_bytes(whole[:-2])
    assert "must have 6400 bytes of samples, not 6398" in refusal(spoken_digits, Path())
    floats = whole[:20] + struct.pack("<H", 3) + whole[22:]
    Path(path).write_bytes(floats)
    assert "unknown format: 3" in refusal(spoken_digits, Path())


def test_names_and_folders_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "must hold DIGIT_SPEAKER_INDEX.wav with an index from {}: none is there"
    assert refusal(spoken_digits, Path("nowhere")) == f"nowhere {missing.format('5 up')}"
    written("1_ann_7.wav", tone(500))
    assert refusal(spoken_digits, Path()) == f". {missing.format('0 to 4')}"
    written("one.wav", tone(500))
    line = "one.wav must be called DIGIT_SPEAKER_INDEX.wav, as in 7_theo_12.wav"
    assert refusal(spoken_digits, Path()) == line
    Path("one.wav").unlink()
    monkeypatch.setattr(wav, "MOST", 100)
    assert refusal(spoken_digits, Path()) == "1_ann_7.wav must have at most 100 bytes, it has more"
