"""Feedback by a matrix that takes the readout's changes: Kolen-Pollack (docs/online_chip.md)."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Member

from dualspike.hw.layer.online.rounding.scaling import below_top, scaled
from dualspike.hw.layer.online.weights import CHANGED
from dualspike.hw.learn.online.feedback_matrix import MirroringMatrix
from dualspike.hw.learn.online.matrix_feedback import MatrixFeedback
from dualspike.hw.stream.arithmetic import round_half_up
from dualspike.hw.stream.delay import later
from dualspike.model.description.part import change_shifts


class MirroringFeedback(MatrixFeedback):
    """x = round(S e 2^k / 2^s): ``marks`` are spikes, ``shift`` is s, the readout's.

    The shift stays as it is during a batch.
    """

    def picked(self, neurons: data.View) -> data.View:
        """See `Feedback.picked`."""
        return data.View(self.gates.payload.shape(), Cat(neurons.gate, neurons.value))

    def _told(self) -> dict[str, Member]:
        return {"shift": In(7)}

    @property
    def _reach(self) -> range:
        return change_shifts(self._part)[-1]

    def _matrix(self) -> MirroringMatrix:
        more = max(0, self._part.feedback_finer - self._reach[0])
        halves = self._part.formats.error.bits + more + 1
        return MirroringMatrix(self._part, self._layer, self._sizes, halves)

    def _found(
        self, m: Module, taken: Value, chunk: Value, marks: data.View, errors: data.View
    ) -> tuple[list[Value], Value | None]:
        """See `MatrixFeedback._found`; nothing is clipped before it meets the matrix."""
        reach, width = self._reach, self._layer.next_simd
        k = below_top(m, self.shift, reach, "up")
        up = Signal.like(k, name="up_held", reset_less=True)
        m.d.sync += up.eq(k)
        given = later(m, self._chunk(errors.value, chunk), CHANGED - 1, "e")
        spikes = later(m, marks, CHANGED - 1, "spike")
        found: list[Value] = []
        for bank in range(width * self._sizes.columns):
            column, slot = divmod(bank, width)
            x = round_half_up(
                scaled(given[column], up, reach), reach[-1] - self._part.feedback_finer
            )
            found.append(later(m, Mux(spikes[slot][0], x, 0), 1, f"found_{bank}"))
        return found, None
