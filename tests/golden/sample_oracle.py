"""A scalar oracle of the online learner with one change a sample, from docs/online_chip.md.

Signs that are added to z in every step are those of a bias: samples go through the scalar oracle of
randomized forward gradients, in lanes that perturb biases alone.
"""

import math
from fractions import Fraction
from typing import Any

from dualspike.model.description.description import Description
from tests.golden.drawn import SIGNS, Register
from tests.golden.online_oracle import ONE, OnlineOracle, inner
from tests.golden.oracle import Oracle

LAG = 2


class Followed(Oracle):
    """One sample after the other; it remembers what fired, step by step, by depth."""

    def follow(self, frames: list[list[Fraction]], drawn: Any, part: int = 0) -> Any:
        """(y, [dy of every lane]) of every output, of a sample's inputs by step."""
        self.given, self.widths = frames, self.d.networks[part].layers
        self.fired: list[list[Fraction]] = [[] for _ in self.widths[1:-1]]
        # The oracle asks for inputs by their values: here these are their numbers.
        (outputs,) = self.part(part, list(range(len(frames[0]))), drawn)
        return outputs

    def coded(self, part: int, t: int, value: Fraction) -> Fraction:
        """What the first layer gets of an input at step t."""
        return self.given[t][int(value / self.d.formats.input.lsb)]

    def neuron(self, part: int, depth: int, state: Any, fed: Any) -> Any:
        """U, dU, S, dS."""
        found = super().neuron(part, depth, state, fed)
        self.fired[depth].append(found[2])
        return found

    def counts(self, layer: int) -> list[Fraction]:
        """The sums over the steps of what went into a layer, counted in its part."""
        if not layer:
            return [sum(column, Fraction(0)) for column in zip(*self.given, strict=True)]
        fired, width = self.fired[layer - 1], self.widths[layer]
        return [sum(fired[i::width], Fraction(0)) for i in range(width)]


class SampleOracle(OnlineOracle):
    """One chip: lists of stored integers, the registers, the flags raised so far."""

    def __init__(self, d: Description, weights: Any, biases: Any) -> None:
        super().__init__(d, weights, biases)
        self.network = Followed(d, weights, biases)
        self.network.flags = self.flags

    def run(self, x: Any, target: Any, stage: int) -> tuple[int, list[list[int]]]:
        """A batch: loss, outputs."""
        d, f, layers, lanes = self.d, self.d.formats, self.d.n_layers, self.d.learning.directions
        learn, loss, outputs = target is not None, Fraction(0), []
        if learn:
            self.rounding = [
                [Register(SIGNS, self.drawer.word()) for _ in "rc"] for _ in range(layers)
            ]
            words = [[self.drawer.word() for _ in range(lanes)] for _ in range(layers - 1)]
            signs = [[Register(SIGNS, word) for word in some] for some in words]
        self.due: list[list[Any]] = [[] for _ in range(layers)]
        for n, frames in enumerate(self.frames(x)):
            if not learn:
                found = self.network.follow(frames, [])
                outputs.append([int(y / f.membrane.lsb) for y, _ in found])
                continue
            for layer in range(layers):
                self.land(layer, n, stage)
            v = [
                [[1 - 2 * register.bit() for _ in range(width)] for register in signs[m]]
                for m, (_, width) in enumerate(d.shapes[:-1])
            ]
            drawn = [self.lane(m, one) for m, some in enumerate(v) for one in some]
            found = self.network.follow(frames, drawn)
            e = self.errors([y for y, _ in found], target[n])
            loss += sum(one * one for one in e)
            for m in range(layers - 1):
                dy = [[one[m * lanes + q] for _, one in found] for q in range(lanes)]
                self.change(m, n, LAG, self.back(e, dy, v[m]), *self.traces(m))
            self.change(layers - 1, n, LAG, e, *self.traces(layers - 1))
        for layer in range(layers):
            self.land(layer, 10**9, stage)
        return int(loss / f.error.lsb**2), outputs

    def back(self, e: Any, dy: Any, v: Any) -> list[Fraction]:
        """Signals of a layer's neurons, of errors, their tangents by lane, and the lanes' signs."""
        form, shared = self.d.formats.cotangent, 2 ** (len(v) - 1).bit_length()
        slopes = [self.fit(inner(e, one), form, "STEP") for one in dy]
        columns = zip(*v, strict=True)
        return [self.fit(inner(column, slopes) / shared, form, "STEP") for column in columns]

    def traces(self, layer: int) -> tuple[list[Fraction], Fraction]:
        """Those of a layer's inputs, and of the constant 1."""
        if layer == 0 and self.d.network.coding == "direct":
            return self.network.given[0], ONE
        lsb, steps = self.trace_lsb(layer), self.d.network.time_steps
        return [count * lsb for count in self.network.counts(layer)], steps * lsb

    def lane(self, perturbed: int, signs: list[int]) -> Any:
        """Signs of the weights and biases of every layer in a lane of one of them."""
        return [
            ([[0] * n_in] * n_out, signs if m == perturbed else [0] * n_out)
            for m, (n_in, n_out) in enumerate(self.d.shapes)
        ]

    def trace_lsb(self, layer: int) -> Fraction:
        """That of a mean over the steps, or over the next power of two."""
        if layer == 0 and self.d.network.coding == "direct":
            return self.d.formats.input.lsb
        return Fraction(1, 2 ** math.ceil(math.log2(self.d.network.time_steps)))
