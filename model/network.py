"""One spiking multi-layer perceptron: data only, for the float model and for the hardware."""

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


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

    kind: Literal["gaussian", "stein", "fast_sigmoid", "triangle", "rectangle"] = "gaussian"
    sigma: Annotated[float, within(0.01, 16)] = 0.5
    samples: Annotated[int, within(1, 65536)] = 64
    draws: Literal["fixed", "fresh"] = "fixed"
    entries: Annotated[int, within(2, 4096)] = 128
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
        """Largest value of the gaussian, f(0)."""
        return 1 / (math.sqrt(2 * math.pi) * self.sigma)


class Network(Section):
    """Spiking multi-layer perceptron: hidden layers of leaky neurons, mean readout.

    ``layers`` are the widths [n_in, hidden ..., n_out]; every sample runs ``time_steps`` steps.
    ``leak`` is the share of the membrane kept from step to step; 1 is integrate and fire.
    ``reset`` says whether derivatives pass through the reset (attached) or not (detached).
    ``coding`` turns an input into the first layer's current: direct feeds the value itself at
    every step; bernoulli and rate feed spikes of its sign, drawn with probability |x| or evenly
    spaced, for inputs in [-1, 1].
    """

    layers: Annotated[list[Width], _entries(3, 16)]
    time_steps: Annotated[int, within(1, 1024)] = 32
    threshold: Annotated[float, within(2**-16, 2**16)] = 1.0
    leak: Annotated[float, AfterValidator(_share)] = 1.0
    surrogate: Surrogate = Surrogate()
    reset: Literal["detached", "attached"] = "detached"
    coding: Literal["direct", "bernoulli", "rate"] = "direct"

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(n_in, n_out) of every weight layer, the readout last."""
        return list(zip(self.layers, self.layers[1:], strict=False))
