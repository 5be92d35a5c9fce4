"""Which training data a description names."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Self, cast

from pydantic import PlainValidator, model_validator

from dualspike.model.description.network import Section, within

PROBLEMS = ("hat", "poisson", "reaction-diffusion")
LABELLED = ("digits", "events")
FROM_FILES = ("mnist", "nmnist", "spoken-digits", "shd", "ssc", "dvs-gesture")
"""Data sets with labels: those that need no files, and those whose files a user has."""

SOURCES = (*PROBLEMS, *LABELLED, *FROM_FILES)


OF_FILES = ("offset", "scale", "target_offset", "target_scale", "bin")
"""Keys for samples of a file, not for data that are known by name."""

MOST = 2.0**32
"""Of an offset and a scale."""


def _numbers(lowest: float, highest: float) -> Callable[[object], float | list[float]]:
    """A number in [lowest, highest], or a list of such, or one line that says so."""

    def one(value: object, name: str = "") -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name}must be a number, not {value!r}")
        if not lowest <= value <= highest:
            raise ValueError(f"{name}must be in [{lowest:g}, {highest:g}], not {value}")
        return float(value)

    def check(value: object) -> float | list[float]:
        if not isinstance(value, list):
            return one(value)
        entries = cast(list[object], value)
        return [one(entry, f"entry {n} ") for n, entry in enumerate(entries)]

    return check


class Data(Section):
    """Training data: a built-in problem, a known data set, or an ``.npz`` of samples or functions.

    ``hat`` is the 2-D Mexican hat; a file for a perceptron has x [N, n_in] and y [N, n_out], or
    labels [N]. ``digits`` and ``events`` need no files; the data sets of FROM_FILES are in
    ``folder``, or are that file. For an operator network there are ``poisson`` and
    ``reaction-diffusion``, with the ``length`` of their random field, whose sensors are the
    branch's inputs.

    Inputs x of a file become (x - ``offset``) ``scale``: a number each, or a list of one for every
    input. A network learns (y - ``target_offset``) ``target_scale`` of its targets y [N, n_out],
    and its answers are brought back by the same. ``bin`` is how long a time step is in the time of
    a file of events; left out, the steps share each sample's time from its first to its last event.
    ``tested`` on validation samples, a sixth of a labelled training set that is then not trained
    on, settings are chosen without a look at the test set.
    """

    source: str = "hat"
    folder: str | None = None
    offset: Annotated[float | list[float], PlainValidator(_numbers(-MOST, MOST))] = 0.0
    scale: Annotated[float | list[float], PlainValidator(_numbers(1 / MOST, MOST))] = 1.0
    target_offset: Annotated[float | list[float], PlainValidator(_numbers(-MOST, MOST))] = 0.0
    target_scale: Annotated[float | list[float], PlainValidator(_numbers(1 / MOST, MOST))] = 1.0
    bin: Annotated[float, within(1e-12, 1e12)] | None = None
    tested: Literal["test", "validation"] = "test"
    length: Annotated[float, within(1e-3, 1e3)] = 1.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.folder is not None and self.known not in FROM_FILES:
            raise ValueError(
                f"folder must be left out with source {self.source!r}: it is that of"
                f" {', '.join(FROM_FILES[:-1])} or {FROM_FILES[-1]}"
            )
        for key in OF_FILES:
            if getattr(self, key) != type(self).model_fields[key].default and self.known:
                raise ValueError(
                    f"{key} must be left out with source {self.source!r}: it is for files"
                )
        return self

    @property
    def known(self) -> str | None:
        """Which of SOURCES it is, in whose names underscores may stand for hyphens, or None."""
        name = self.source.replace("_", "-")
        return name if name in SOURCES else None

    @property
    def plain(self) -> bool:
        """Whether inputs are taken as they are."""
        return (self.offset, self.scale) == (0, 1)

    @property
    def path(self) -> Path | None:
        """The file, or None for a source that is known by name."""
        return None if self.known else Path(self.source)
