"""The integer model of a chip that learns online: sample by sample, step by step.

Equations, random words and the moments at which changes land: docs/online_chip.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.lfsr import RandomWords
from dualspike.golden.integer.online.feedback import fixed_signs, no_feedback
from dualspike.golden.integer.online.samples import run_samples
from dualspike.golden.integer.online.seen import room, seen_in
from dualspike.golden.integer.online.setup import NOTHING, setup_of, state_of, unpack
from dualspike.golden.integer.online.steps import run
from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.description.head import ClassFlag
from dualspike.model.interface.lfsr import online_draws, seed_state
from dualspike.model.interface.memory_map import confusion_memory
from dualspike.model.interface.record import Record
from dualspike.model.sizes.geometry import geometry


class OnlineChip(IntegerChip):
    """State of one chip with the online learner; between batches every change has landed."""

    def __init__(
        self,
        description: Description,
        weights: Sequence[Matrix],
        biases: Sequence[Matrix],
        lfsr: int | None = None,
    ) -> None:
        super().__init__(description, weights, biases)
        self._lfsr = seed_state(description.learning.seed) if lfsr is None else lfsr
        self._fixed = fixed_signs(description)
        self._feedback = no_feedback(description)
        self._draws = online_draws(
            [len(part.shapes) for part in description.parts], description.parts[0].own_lanes
        )

    @property
    def lfsr(self) -> int:
        """The drawer's state."""
        return self._lfsr

    @lfsr.setter
    def lfsr(self, state: int) -> None:
        self._lfsr = state

    @property
    def further(self) -> list[Matrix]:
        """Feedback matrices [n_l, n_out] of the hidden layers, where these are learned."""
        return self._feedback

    def _keep(self, further: list[Matrix]) -> None:
        self._feedback = further

    def infer(self, inputs: Sequence[Ints]) -> Ints:
        """Scores [B, n_out] in the membrane format."""
        return self._run(inputs, None, 0)[1]

    def update(
        self, inputs: Sequence[Ints], target: Ints, stage: int = 0, scale: Ints | None = None
    ) -> Record:
        """Learn from one batch of stored inputs and targets [B, n_out], or classes [B, 1]."""
        loss, y = self._run(inputs, target, stage, scale)
        answered = self.answered(y, target)
        return Record(loss, (), self._lfsr, self.flags, self.skipped, answered)

    def answered(self, y: Ints, target: Ints) -> tuple[int, ...]:
        """What samples with scores ``y`` add to `model.interface.registers.answer_counts`."""
        if not self.d.classes:
            return ()
        label, answer = target[:, 0], y.argmax(axis=1)
        counts = np.zeros((self.d.basis, self.d.basis), np.int64)
        known = (label >= 0) & (label < self.d.basis)
        np.add.at(counts, (label[known], answer[known]), 1)
        matrix = counts.ravel().tolist() if confusion_memory(self.d) else []
        return len(y), int(counts.trace()), *matrix

    def follow(
        self, inputs: Sequence[Ints], target: Ints | None = None, stage: int = 0
    ) -> list[Forward]:
        """See `IntegerChip.follow`: z and spikes of every step, or z once a sample.

        Tangents are not kept: there are those of no lane.
        """
        seen = [room(part, len(x)) for part, x in zip(self.d.parts, inputs, strict=True)]
        _, y = self.copy()._run(inputs, target, stage, None, seen)
        return [seen_in(self.d.parts[0], y, seen[0])]

    def _frames(self, inputs: Ints) -> Matrix:
        """Inputs as the first layer takes them: [B, 1, n_in] once a sample, or [B, T, n_in]."""
        if self.d.network.coding == "frames":
            return np.ascontiguousarray(inputs, np.int64)
        fed = self.coder.frames(inputs).astype(np.int64)
        return fed[:, None] if fed.ndim == 2 else np.ascontiguousarray(fed.swapaxes(0, 1))

    def _words(self, target: Ints | None) -> list[int]:
        """The drawn words of a batch; those of one to infer, without a target, are not drawn."""
        if target is None:
            return [0] * len(self._draws)
        drawer = RandomWords(self._lfsr)
        words, self._lfsr = drawer.words(len(self._draws)), drawer.state
        return words

    def _run(
        self,
        inputs: Sequence[Ints],
        target: Ints | None,
        stage: int,
        scale: Ints | None = None,
        seen: Sequence[Matrix] = (NOTHING,),
    ) -> tuple[int, Matrix]:
        """Run a batch and, with a target, learn from it; the loss, and scores.

        ``scale`` is for operator networks; ``seen``: see `State`, for every part.
        """
        part, x = self.d.parts[0], self._frames(inputs[0])
        y = np.zeros((len(x), self.d.basis), np.int64)
        words, wanted, taught = self._words(target), y, np.ones(len(x), np.bool_)
        if target is not None:
            wanted, taught = self._wanted(target)
        state = state_of(part, self.weights, self.biases, words, self._feedback, seen[0])
        loop = run_samples if self.d.learning.by_sample else run
        setup = setup_of(part, stage, self._fixed)
        loss = int(loop(setup, state, x, wanted, taught, target is not None, y))
        self.flags |= int(state.flags[0])
        skipping = (layer.index for layer in geometry(part).layers if layer.skips)
        self.skipped = tuple(int(state.skipped[n]) for n in skipping)
        if target is not None:
            unpack(part, state, self.weights, self.biases)
            for matrix, held in zip(self._feedback, state.feedback, strict=True):
                matrix[:] = held[: len(matrix)]
        return loss, y

    def _wanted(self, target: Ints) -> tuple[Matrix, NDArray[np.bool_]]:
        """Wanted outputs in the membrane's units, and whether a sample has a target at all."""
        f = self.d.formats
        if not self.d.classes:
            wanted = target.astype(np.int64) << (f.membrane.fraction - f.target.fraction)
            return wanted, np.ones(len(target), np.bool_)
        own = target == np.arange(self.d.basis)
        taught = own.any(axis=1)
        self.flags |= int(not taught.all()) << ClassFlag.LABEL
        return own.astype(np.int64) << f.membrane.fraction, taught
