"""Numbers and arrays that count what is done with them."""

import math
from collections import Counter
from typing import Any

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network


class Number:
    """A float whose sums, differences and products are counted."""

    def __init__(self, value: float, meter: "Meter") -> None:
        self.value, self.meter = float(value), meter

    def _with(self, other: "Number | float") -> float:
        return other.value if isinstance(other, Number) else float(other)

    def __add__(self, other: "Number | float") -> "Number":
        self.meter.counts["additions"] += 1
        return Number(self.value + self._with(other), self.meter)

    def __sub__(self, other: "Number | float") -> "Number":
        self.meter.counts["additions"] += 1
        return Number(self.value - self._with(other), self.meter)

    def __mul__(self, other: "Number | float") -> "Number":
        self.meter.counts["multiplications"] += 1
        return Number(self.value * self._with(other), self.meter)

    def __gt__(self, other: float) -> bool:
        self.meter.counts["comparisons"] += 1
        return self.value > other

    def signed(self, sign: "Number") -> "Number":
        """Times +1 or -1: no operation."""
        assert abs(sign.value) == 1
        return Number(self.value * sign.value, self.meter)

    def plus_if(self, other: "Number | float", gate: "Number | bool") -> "Number":
        """An addition that a spike gates, counted in any case."""
        self.meter.counts["gated"] += 1
        fired = gate.value if isinstance(gate, Number) else gate
        assert fired in (0, 1)
        return Number(self.value + self._with(other) * fired, self.meter)


class Array:
    """An array whose reads and writes are counted."""

    def __init__(self, shape: tuple[int, ...], meter: "Meter") -> None:
        self.values, self.meter = np.full(shape, np.nan), meter

    def __getitem__(self, index: Any) -> Number:
        self.meter.counts["reads"] += 1
        value = self.values[index]
        assert isinstance(value, float) and not math.isnan(value)
        return Number(value, self.meter)

    def __setitem__(self, index: Any, value: "Number | float") -> None:
        self.meter.counts["writes"] += 1
        self.values[index] = value.value if isinstance(value, Number) else value


class Meter:
    """What has been counted so far, and the arrays it is counted on."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()

    def zero(self) -> Number:
        return Number(0, self)

    def given(self, values: Floats) -> Array:
        array = Array(values.shape, self)
        array.values[...] = values
        return array

    def made(self, *shape: int, keep: str = "") -> Array:
        """``keep``: what of kept_values and kept_bits it counts as."""
        if keep:
            self.kept[keep] += math.prod(shape)
        return Array(shape, self)

    def surrogate(self, network: Network, distance: Number) -> Number:
        self.counts["surrogates"] += 1
        s = network.surrogate
        return Number(s.peak * math.exp(-0.5 * (distance.value / s.sigma) ** 2), self)
