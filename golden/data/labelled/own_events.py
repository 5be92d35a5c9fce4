"""A user's own labelled events, from an ``.npz`` file, as frames of counts."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.events import counted
from dualspike.golden.data.labelled.own import TEST, labels_of, parted
from dualspike.golden.data.labelled.samples import ClassData, Labelled, Labels
from dualspike.golden.files.arrays import finite_floats, read_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

MOST = 1 << 28
"""Numbers in all frames of a file."""

MOST_CHANNELS = 4096
"""The widest layer."""


def read_own_events(
    path: Path,
    held: list[str],
    steps: int,
    width: float | None = None,
    channels: int | None = None,
    classes: int | None = None,
) -> ClassData:
    """Samples as ``steps`` frames of counts.

    ``times`` [E] and ``channels`` [E] of all events, sample after sample, in each of them not
    falling; which sample an event is of: ``samples`` [E], its number, or ``offsets`` [N + 1], where
    the events of sample n are offsets[n] up to offsets[n + 1]. ``labels`` [N]. The same with _test
    is tested on, or what is held out, as `golden.data.labelled.own.read_labelled` has it.

    A frame is ``width`` of time long, from 0 on, and later events do not count; left out, frames
    share each sample's time from its first to its last event. Counts stay at 255. ``channels``: how
    many there are, left out the largest and one.

    Raises BadInput with the path for arrays that are missing, ragged, not finite or out of range,
    for times that go backwards, where no frame has an event, and as `parted` does.
    """
    form = _Form(path, steps, width, channels)
    whole = form.read(held, "", channels is None)
    tests = sorted(name for name in held if name.endswith(TEST))
    test = form.read(held, TEST, False) if tests else None
    return parted(path, "labels", whole, test, classes)


class _Form:
    """How the events of a file become frames."""

    def __init__(self, path: Path, steps: int, width: float | None, channels: int | None) -> None:
        self._path, self._steps, self._width = path, steps, width
        self._channels = channels or MOST_CHANNELS

    def read(self, held: list[str], end: str, counted_here: bool) -> Labelled:
        """The samples in the arrays whose names have that ``end``."""
        which = f"offsets{end}" if f"offsets{end}" in held else f"samples{end}"
        names = [f"times{end}", f"channels{end}", which, f"labels{end}"]
        arrays = read_arrays(self._path, names)
        labels = labels_of(self._path, names[3], arrays[names[3]], arrays[names[3]].size)
        times, channels = self._events(names, arrays)
        if counted_here and len(channels):
            self._channels = 1 + int(channels.max())
        ends = self._ends(which, arrays[which], len(labels), len(times))
        self._check_order(names[0], times, ends)
        size = len(labels) * self._steps * self._channels
        if size > MOST:
            raise BadInput(
                f"{self._path}: {names[3]} must be of {MOST // (self._steps * self._channels)}"
                f" samples at most, with {self._steps} steps of {self._channels} channels, not of"
                f" {len(labels)}"
            )
        frames = np.empty((len(labels), self._steps, self._channels), np.uint8)
        span = None if self._width is None else (0.0, self._width * self._steps)
        for n in range(len(labels)):
            own = slice(ends[n], ends[n + 1])
            frames[n] = counted(times[own], channels[own], self._steps, self._channels, span)
        if not frames.any():
            raise BadInput(
                f"{self._path}: {names[0]} must be of one event or more{self._none(times)}"
            )
        return Labelled(frames, labels)

    def _none(self, times: Doubles) -> str:
        """Why frames are empty."""
        if self._width is None or not len(times):
            return ""
        return (
            f" in the first {self._width * self._steps:g}, {self._steps} frames of data.bin, all"
            f" {len(times)} are later"
        )

    def _events(self, names: list[str], arrays: dict[str, NDArray[Any]]) -> tuple[Doubles, Labels]:
        times = finite_floats(self._path, names[0], arrays[names[0]])
        if times.ndim != 1:
            raise BadInput(f"{self._path}: {names[0]} must have shape [E], not {list(times.shape)}")
        channels = labels_of(self._path, names[1], arrays[names[1]], len(times))
        self._check(names[1], channels, 0, self._channels - 1)
        return times, channels

    def _ends(self, name: str, given: NDArray[Any], samples: int, events: int) -> Labels:
        """[samples + 1]: the events of sample n are those from entry n up to entry n + 1."""
        if name.startswith("offsets"):
            ends = labels_of(self._path, name, given, samples + 1)
            self._check(name, ends, 0, events)
            self._check_rising(name, ends)
            if (ends[0], ends[-1]) != (0, events):
                raise BadInput(
                    f"{self._path}: {name} must go from 0 to {events}, the number of events, not"
                    f" from {ends[0]} to {ends[-1]}"
                )
            return ends
        numbers = labels_of(self._path, name, given, events)
        self._check(name, numbers, 0, samples - 1)
        self._check_rising(name, numbers)
        return np.searchsorted(numbers, np.arange(samples + 1))

    def _check(self, name: str, values: Labels, lowest: int, highest: int) -> None:
        wrong = np.flatnonzero((values < lowest) | (values > highest))
        if wrong.size:
            raise BadInput(
                f"{self._path}: {name} must be in [{lowest}, {highest}], {name}[{wrong[0]}] is"
                f" {values[wrong[0]]}"
            )

    def _check_rising(self, name: str, values: Labels) -> None:
        wrong = np.flatnonzero(np.diff(values) < 0)
        if wrong.size:
            n = int(wrong[0]) + 1
            raise BadInput(
                f"{self._path}: {name} must not fall, {name}[{n}] is {values[n]} after"
                f" {values[n - 1]}"
            )

    def _check_order(self, name: str, times: NDArray[np.float64], ends: Labels) -> None:
        """Time must not go backwards within a sample; from one to the next it may."""
        back = np.flatnonzero(np.diff(times) < 0) + 1
        wrong = back[~np.isin(back, ends)]
        if wrong.size:
            n = int(wrong[0])
            sample = int(np.searchsorted(ends, n, "right")) - 1
            raise BadInput(
                f"{self._path}: {name} must not go backwards, {name}[{n}] of sample {sample} is"
                f" {times[n]:g} after {times[n - 1]:g}"
            )
        if self._width is not None and len(times) and times.min() < 0:
            n = int(np.argmin(times))
            raise BadInput(
                f"{self._path}: {name} must be from 0 up with data.bin, {name}[{n}] is {times[n]:g}"
            )
