"""A scalar oracle of operator chips that learn online, from docs/online_chip.md.

Parts go row after row through the oracle of samples, their outputs through that of the product.
"""

import math
from fractions import Fraction
from typing import Any

from dualspike.model.description.description import Description
from tests.golden.drawn import SIGNS, Register
from tests.golden.online_oracle import ONE
from tests.golden.oracle import Oracle
from tests.golden.sample_oracle import SampleOracle


class OperatorOracle(SampleOracle):
    """One chip: lists of stored integers, the registers, the flags raised so far."""

    def __init__(self, d: Description, weights: Any, biases: Any) -> None:
        super().__init__(d, weights, biases)
        self.product = Oracle(d, weights, biases)
        self.product.flags = self.flags

    def infer(self, x: Any) -> Any:
        """Stored outputs by their place on the grid."""
        return self.product.infer(x)

    def teach(self, x: Any, target: Any, scale: Any, stage: int) -> int:
        """Learn from a batch: the stored loss."""
        d, lanes = self.d, self.d.learning.directions
        self.rounding = [
            [Register(SIGNS, self.drawer.word()) for _ in "rc"] for _ in range(d.n_layers)
        ]
        hidden = [m for n in range(len(d.parts)) for m in list(d.layers_of(n))[:-1]]
        signs = {m: [Register(SIGNS, self.drawer.word()) for _ in range(lanes)] for m in hidden}
        outs, seen = [], []
        self.due: list[list[Any]] = [[] for _ in range(d.n_layers)]
        for n, rows in enumerate(x):
            own = list(d.layers_of(n))
            outs.append([])
            for row in rows:
                v = {
                    m: [[1 - 2 * one.bit() for _ in range(d.shapes[m][1])] for one in signs[m]]
                    for m in own[:-1]
                }
                drawn = [self.lane(m, one) for m, some in v.items() for one in some]
                given = [one * d.formats.input.lsb for one in row]
                found = self.network.follow([given] * d.networks[n].time_steps, drawn, n)
                outs[n].append((found,))
                seen.append((n, v, found, [self.carried(n, m, given) for m in own]))
        loss, errors, _ = self.product.mean_errors(outs, target, scale)
        row = [0] * len(x)
        for n, v, found, traces in seen:
            e, own = errors[n][row[n]], list(d.layers_of(n))
            row[n] += 1
            for depth, m in enumerate(own[:-1]):
                dy = [[one[depth * lanes + q] for _, one in found] for q in range(lanes)]
                self.change(m, 0, 0, self.back(e, dy, v[m]), *traces[depth])
            self.change(own[-1], 0, 0, e, *traces[-1])
        for layer in range(d.n_layers):
            self.land(layer, 0, stage)
        return int(loss / d.formats.error.lsb**2)

    def carried(self, part: int, layer: int, given: Any) -> tuple[list[Fraction], Fraction]:
        """Traces of a layer's inputs, and of the constant 1."""
        depth = layer - self.d.layers_of(part).start
        if not depth:
            return given, ONE
        lsb = self.trace_lsb(layer)
        counts = [one * lsb for one in self.network.counts(depth)]
        return counts, self.d.networks[part].time_steps * lsb

    def unit(self, layer: int) -> Fraction:
        """The last bit of a signal times a trace."""
        return self.d.formats.cotangent.lsb * self.trace_lsb(layer)

    def trace_lsb(self, layer: int) -> Fraction:
        """That of a mean over the steps, or over the next power of two; or of an input."""
        d: Description = self.d
        part = next(n for n in range(len(d.parts)) if layer in d.layers_of(n))
        if layer == d.layers_of(part).start:
            return d.formats.input.lsb
        return Fraction(1, 2 ** math.ceil(math.log2(d.networks[part].time_steps)))
