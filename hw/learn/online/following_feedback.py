"""Feedback by a matrix that follows v dy: what lanes find (docs/online_chip.md)."""

from math import ceil, log2

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data

from dualspike.hw.layer.online.weights import CHANGED
from dualspike.hw.learn.online.feedback_matrix import FollowingMatrix
from dualspike.hw.learn.online.matrix_feedback import MatrixFeedback
from dualspike.hw.stream.arithmetic import add, round_saturate
from dualspike.hw.stream.delay import bit_later, later


class FollowingFeedback(MatrixFeedback):
    """``marks`` are the signs of the layer's lanes, 1 for -1."""

    def picked(self, neurons: data.View) -> data.View:
        """See `Feedback.picked`; a lane begins with 1 or -1 whatever the gate."""
        width, lanes = range(self._layer.next_simd), range(self._lanes)
        signs = (neurons.own[slot][q][1] for slot in width for q in lanes)
        return data.View(self.gates.payload.shape(), Cat(neurons.gate, *signs))

    def _matrix(self) -> FollowingMatrix:
        tangent = self._part.formats.tangent.bits
        return FollowingMatrix(self._part, self._layer, self._sizes, tangent)

    def _found(
        self, m: Module, taken: Value, chunk: Value, marks: data.View, errors: data.View
    ) -> tuple[list[Value], Value | None]:
        """See `MatrixFeedback._found`."""
        width, bits = self._layer.next_simd, self._part.formats.tangent.bits
        dy = later(m, self._chunk(errors.tangent, chunk), CHANGED - 1, "dy")
        v = later(m, marks, CHANGED - 1, "v")
        found: list[Value] = []
        clipped: list[Value] = []
        for bank in range(width * self._sizes.columns):
            column, slot = divmod(bank, width)
            terms = [Mux(v[slot][q], -dy[column][q], dy[column][q]) for q in range(self._lanes)]
            x, clips = round_saturate(
                m, add(*terms), ceil(log2(self._lanes)), bits, f"exact_{bank}"
            )
            found.append(later(m, x, 1, f"found_{bank}"))
            clipped.append(clips)
        over = Signal(len(clipped), name="found_over")
        m.d.sync += over.eq(Mux(bit_later(m, taken, CHANGED - 1, "found"), Cat(clipped), 0))
        return found, over.any()
