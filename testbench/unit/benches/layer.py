"""What a bench of one layer's component starts from: a shape, the layer in it, random numbers."""

import random
from collections.abc import Iterable
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.testbench.unit.benches.reference import Rows, clipped, drawn, drawn_words, matrix
from dualspike.testbench.unit.benches.shapes import shape
from dualspike.testbench.unit.tb import TB


class LayerTB(TB):
    """The component of layer ``LAYER`` of a shape, unless the case says which.

    ``d``, ``g``, ``part`` and ``layer`` are the description with its sizes; ``rng`` is the
    bench's own.
    """

    LAYER = 0

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.rng = random.Random(type(self).__module__)
        self.d, self.g, self.layer = shape(self.case["name"], self.case.get("layer", self.LAYER))
        self.part = self.d.parts[0]

    def rows_of(self, neurons: list[Any]) -> list[list[Any]]:
        """A frame's neurons, row by row as they leave the layer."""
        width = self.layer.next_simd
        return [neurons[i : i + width] for i in range(0, self.layer.n_out, width)]


class WeightsTB(LayerTB):
    """With random weights [n_out][n_in], and the signs of the first batch: [lane][n_out][n_in]."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        form = self.d.formats.weight
        self.weights = matrix(self.rng, form, self.layer.n_out, self.layer.n_in)
        self.draw(self.d.learning.seed)

    def draw(self, seed: int) -> list[tuple[int, int]]:
        """Take the signs of the first batch of a run with this seed; the words they are made of."""
        learning = self.d.learning.model_copy(update={"seed": seed})
        d, index = self.d.model_copy(update={"learning": learning}), self.layer.index
        signs = drawn(d)
        self.signs: list[Rows] = signs.weights[index].tolist()
        self.bias_signs: Rows = signs.biases[index].tolist()
        return drawn_words(d, self.layer)

    def move(self, lane: int, step: int) -> list[tuple[int, int]]:
        """W -= V step; the places of the weights that were clipped."""
        over: list[tuple[int, int]] = []
        for i, row in enumerate(self.weights):
            for j, weight in enumerate(row):
                moved = weight - self.signs[lane][i][j] * step
                row[j], clips = clipped(moved, self.d.formats.weight.bits)
                over += [(i, j)] * clips
        return over


def joined(pairs: Iterable[tuple[list[Any], list[Any]]]) -> tuple[list[Any], list[Any]]:
    """Pairs of what goes in and what comes out, one behind the other."""
    both = list(pairs)
    return [x for given, _ in both for x in given], [x for _, found in both for x in found]
