"""One spiking multi-layer perceptron: data only, for the float model and for the hardware."""

import math
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, model_validator

LEAST_THRESHOLD, MOST_THRESHOLD = 2**-16, 2**16
MOST_ENTRIES = 4096


def within(lowest: float, highest: float) -> AfterValidator:
    """A number in [lowest, highest], or one line that says so."""

    def check(value: float) -> float:
        if not lowest <= value <= highest:
            raise ValueError(f"must be in [{lowest}, {highest}], not {value}")
        return value

    return AfterValidator(check)


def _entries(least: int, most: int) -> AfterValidator:
    """A list of least to most entries, or one line that says so."""

    def check(value: list[int]) -> list[int]:
        if not least <= len(value) <= most:
            raise ValueError(f"must have {least} to {most} entries, not {len(value)}")
        return value

    return AfterValidator(check)


def _share(value: float) -> float:
    if not 0 < value <= 1:
        raise ValueError(f"must be in (0, 1], not {value}")
    return value


def _threshold(value: object) -> float:
    """A threshold, or one line that says what it must be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"must be a finite number, not {value}")
    if not LEAST_THRESHOLD <= value <= MOST_THRESHOLD:
        raise ValueError(f"must be in [{LEAST_THRESHOLD}, {MOST_THRESHOLD}], not {value}")
    return float(value)


def _one_threshold(value: object) -> object:
    """A number is checked here; a list by the network, which can name an entry."""
    return value if isinstance(value, list) else _threshold(value)  # pyright: ignore[reportUnknownVariableType]


Width = Annotated[int, within(1, 4096)]


class Section(BaseModel):
    """A table of settings: nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
    )


SurrogateKind = Literal["gaussian", "stein", "fast_sigmoid", "triangle", "rectangle"]
_WIDTHS: dict[SurrogateKind, float] = {
    "gaussian": math.sqrt(2 * math.pi),
    "stein": math.sqrt(2 * math.pi),
    "fast_sigmoid": 2,
    "triangle": 1,
    "rectangle": 2,
}
"""Width of the rectangle of the same peak and integral, in units of sigma; stein's on average."""
SURROGATES = tuple(_WIDTHS)


class Surrogate(Section):
    """Derivative f(x) standing in for that of the step, x = U - threshold; it integrates to 1.

    - gaussian: exp(-x^2 / (2 sigma^2)) / (sqrt(2 pi) sigma)
    - stein: the mean of ``samples`` terms |d| / (2 sigma^2) (|x| < |d|), d ~ N(0, sigma^2), whose
      expectation is the gaussian; ``draws`` fixed takes one set of d for a whole run, fresh a
      new set for every update
    - fast_sigmoid: 1 / (2 sigma (1 + |x| / sigma)^2)
    - triangle: max(0, 1 - |x| / sigma) / sigma
    - rectangle: 1 / (2 sigma) for |x| < sigma, otherwise 0

    The hardware tabulates it at the centres of ``entries`` bins over [-span, span), 0 outside.
    """

    kind: SurrogateKind = "gaussian"
    sigma: Annotated[float, within(0.01, 16)] = 0.5
    samples: Annotated[int, within(1, 65536)] = 64
    draws: Literal["fixed", "fresh"] = "fixed"
    entries: Annotated[int, within(2, MOST_ENTRIES)] = 128
    span: Annotated[int, within(1, 64)] = 2

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("entries", "span"):
            value = getattr(self, name)
            if value & (value - 1):
                raise ValueError(f"{name} must be a power of two, not {value}")
        return self

    @property
    def peak(self) -> float:
        """Largest value, f(0); of stein its expectation."""
        return 1 / (_WIDTHS[self.kind] * self.sigma)

    def bin_shift(self, fraction: int) -> int:
        """Right shift from a distance with so many fraction bits to its bin; below 0 none does."""
        return (2 * self.span).bit_length() + fraction - self.entries.bit_length()


Reset = Literal["detached", "attached"]
RESETS: tuple[Reset, ...] = get_args(Reset)


class Network(Section):
    """Spiking multi-layer perceptron: hidden layers of leaky neurons, mean readout.

    ``layers`` are the widths [n_in, hidden ..., n_out]; every sample runs ``time_steps`` steps.
    ``threshold`` is one for all hidden layers, or a list of one for each.
    ``leak`` is the share of the membrane kept from step to step; 1 is integrate and fire.
    ``reset`` says whether derivatives pass through the reset (attached) or not (detached).
    ``coding`` turns an input into the first layer's current: direct feeds the value itself at
    every step; bernoulli and rate feed spikes of its sign, drawn with probability |x| or evenly
    spaced, for inputs in [-1, 1]; with frames a sample is ``time_steps`` frames of -1, 0 or 1, or
    of whole numbers where their format has more than two bits.
    """

    layers: Annotated[list[Width], _entries(3, 16)]
    time_steps: Annotated[int, within(1, 1024)] = 32
    threshold: Annotated[float | list[float], PlainValidator(_one_threshold)] = 1.0
    leak: Annotated[float, AfterValidator(_share)] = 1.0
    surrogate: Surrogate = Surrogate()
    reset: Reset = "detached"
    coding: Literal["direct", "bernoulli", "rate", "frames"] = "direct"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.threshold, list):
            for layer, value in enumerate(self.threshold):
                try:
                    _threshold(value)
                except ValueError as error:
                    raise ValueError(f"threshold[{layer}] {error}") from error
            if len(self.threshold) != len(self.layers) - 2:
                raise ValueError(
                    f"threshold must be a number or have {len(self.layers) - 2} entries, one for"
                    f" each hidden layer, not {len(self.threshold)}"
                )
        return self

    @property
    def thresholds(self) -> list[float]:
        """The threshold of every hidden layer."""
        if isinstance(self.threshold, list):
            return [float(one) for one in self.threshold]
        return [self.threshold] * (len(self.layers) - 2)

    @property
    def frames(self) -> int:
        """Rows of inputs that a sample brings: one for every step where they come over time."""
        return self.time_steps if self.coding == "frames" else 1

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(n_in, n_out) of every weight layer, the readout last."""
        return list(zip(self.layers, self.layers[1:], strict=False))
