"""Feedback matrices in memories that every step reads and writes."""

from amaranth.hdl import Const, Module, Signal, Value

from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.online.weights import ChangingWeights
from dualspike.hw.stream.arithmetic import saturate
from dualspike.hw.stream.delay import later
from dualspike.model.description.part import Part
from dualspike.model.sizes.feedback import FeedbackSizes
from dualspike.model.sizes.layers import Layer


class FeedbackMatrix(ChangingWeights):
    """Numbers A of neuron i and output j, as `ChangingWeights` has them, and ``changes`` x of them.

    M = floor(A / 2^k) is what meets errors, ``finer`` = k. ``halves`` are the bits of x.
    """

    def __init__(self, part: Part, layer: Layer, sizes: FeedbackSizes, halves: int) -> None:
        self.finer = part.feedback_finer
        words = Words(sizes.bits, protection=part.protection, spread=part.depth.spread)
        outputs = part.network.layers[-1]
        super().__init__(layer.n_out, outputs, layer.next_simd, sizes.columns, words, halves)


class FollowingMatrix(FeedbackMatrix):
    """A becomes A - M + x before it is seen, so that M follows x, which is in the tangent format.

    No sum leaves the format: A stays in one that is k bits finer. ``saturated`` is never 1.
    """

    def _changed(self, m: Module, held: Signal, bank: int) -> tuple[Value, Value]:
        return held - held.shift_right(self.finer) + self.changes[bank], Const(0)


class MirroringMatrix(FeedbackMatrix):
    """A is seen, and then becomes A - x, saturated."""

    def _changed(self, m: Module, held: Signal, bank: int) -> tuple[Value, Value]:
        return saturate(m, held - self.changes[bank], self._bits, f"sum_{bank}")

    def _seen(self, m: Module, held: Signal, new: Signal, bank: int) -> Value:
        return later(m, held, 1, f"old_{bank}")
