"""A feedback matrix that follows what lanes find, in a memory that every step reads and writes."""

from amaranth.hdl import Const, Module, Signal, Value

from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.online.weights import ChangingWeights
from dualspike.model.description.part import Part
from dualspike.model.sizes.feedback import FeedbackSizes
from dualspike.model.sizes.layers import Layer


class FeedbackMatrix(ChangingWeights):
    """Numbers A of neuron i and output j, as `ChangingWeights` has them; M = floor(A / 2^k).

    A word becomes A - M + x, x of ``changes``, ``finer`` = k. No sum leaves the format: with x in
    the tangent format A stays in one that is k bits finer. ``saturated`` is never 1.
    """

    def __init__(self, part: Part, layer: Layer, sizes: FeedbackSizes) -> None:
        self.finer = part.learning.feedback_momentum
        words = Words(sizes.bits, protection=part.protection)
        outputs, tangent = part.network.layers[-1], part.formats.tangent.bits
        super().__init__(layer.n_out, outputs, layer.next_simd, sizes.columns, words, tangent)

    def _changed(self, m: Module, held: Signal, bank: int) -> tuple[Value, Value]:
        return held - held.shift_right(self.finer) + self.changes[bank], Const(0)
