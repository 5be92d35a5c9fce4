"""The integer model of a chip that learns online: sample by sample, step by step.

Equations, random words and the moments at which changes land: docs/online_chip.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.lfsr import RandomWords
from dualspike.golden.integer.online.arrays import Setup, State
from dualspike.golden.integer.online.feedback import fixed_signs, no_feedback, padded
from dualspike.golden.integer.online.samples import run_samples
from dualspike.golden.integer.online.steps import run
from dualspike.golden.integer.part import Forward, LayerTrace
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.head import ClassFlag
from dualspike.model.description.part import Part, change_shifts
from dualspike.model.interface.lfsr import online_draws, seed_state
from dualspike.model.interface.memory_map import confusion_memory
from dualspike.model.interface.record import Record
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import bias_trace, constant_trace

_NOTHING = np.zeros((0, 0, 0, 0, 0), np.int64)


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
        self._draws = online_draws(description.n_layers, description.parts[0].own_lanes)

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
        loss, y = self._run(inputs, target, stage)
        return Record(loss, (), self._lfsr, self.flags, answered=self.answered(y, target))

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
        part = self.d.parts[0]
        widest, steps = max(part.network.layers), part.network.time_steps
        seen = np.zeros((2, len(part.shapes), len(inputs[0]), steps, widest), np.int64)
        _, y = self.copy()._run(inputs, target, stage, seen)
        result = Forward(y, y[None][:0])
        for layer in geometry(part).layers:
            z, spikes = seen[:, layer.index, :, :, : layer.n_out].swapaxes(1, 2)
            if not layer.every_step:
                z = z[0]
            result.layers.append(LayerTrace(z, z[None][:0], spikes, spikes[None][:0]))
        return [result]

    def _frames(self, inputs: Ints) -> Matrix:
        """Inputs as the first layer takes them: [B, 1, n_in] once a sample, or [B, T, n_in]."""
        if self.d.network.coding == "frames":
            return np.ascontiguousarray(inputs, np.int64)
        fed = self.coder.frames(inputs).astype(np.int64)
        return fed[:, None] if fed.ndim == 2 else np.ascontiguousarray(fed.swapaxes(0, 1))

    def _run(
        self, inputs: Sequence[Ints], target: Ints | None, stage: int, seen: Matrix = _NOTHING
    ) -> tuple[int, Matrix]:
        """Run a batch and, with a target, learn from it; the loss, and scores."""
        x = self._frames(inputs[0])
        y = np.zeros((len(x), self.d.basis), np.int64)
        words, wanted, taught = [0] * len(self._draws), y, np.ones(len(x), np.bool_)
        if target is not None:
            drawer = RandomWords(self._lfsr)
            words, self._lfsr = drawer.words(len(words)), drawer.state
            wanted, taught = self._wanted(target)
        state, setup = self._state(words, seen), _setup(self.d, stage, self._fixed)
        loop = run_samples if self.d.learning.by_sample else run
        loss = int(loop(setup, state, x, wanted, taught, target is not None, y))
        self.flags |= int(state.flags[0])
        if target is not None:
            self._unpack(state)
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

    def _state(self, words: list[int], seen: Matrix) -> State:
        part = self.d.parts[0]
        layers, lanes = len(part.shapes), part.own_lanes
        drawn = np.array(words, np.int64)
        widest, depth = max(part.network.layers), 1 + max(_lags(part))
        carried = layers if part.by_sample else 0

        def zeros(*shape: int) -> Matrix:
            return np.zeros(shape, np.int64)

        return State(
            weights=np.concatenate([w.ravel() for w in self.weights]),
            biases=np.concatenate(self.biases),
            registers=drawn[: 2 * layers].reshape(layers, 2).copy(),
            signs=drawn[2 * layers :].reshape(layers - 1, lanes).copy(),
            feedback=padded(self._feedback, widest, self.d.basis),
            u=zeros(layers, widest),
            spikes=zeros(layers, widest),
            gates=zeros(layers, widest),
            current=zeros(layers, widest),
            trace=zeros(layers, widest),
            lane=zeros(layers, lanes, widest),
            own=zeros(layers, lanes, widest),
            charge=zeros(carried, layers, lanes, widest),
            slope=zeros(carried, lanes, widest),
            signal_ring=zeros(layers, depth, widest),
            trace_ring=zeros(layers, depth, widest),
            error=zeros(widest),
            held=zeros(widest),
            total=zeros(widest),
            flags=zeros(1),
            seen=seen,
        )

    def _unpack(self, state: State) -> None:
        """Weights and biases as a batch has left them."""
        place = first = 0
        for layer, (n_in, n_out) in enumerate(self.d.shapes):
            end = place + n_in * n_out
            self.weights[layer] = state.weights[place:end].reshape(n_out, n_in)
            self.biases[layer] = state.biases[first : first + n_out]
            place, first = end, first + n_out
        for matrix, held in zip(self._feedback, state.feedback, strict=True):
            matrix[:] = held[: len(matrix)]


def _setup(d: Description, stage: int, fixed: Matrix) -> Setup:
    part, f, g = d.parts[0], d.formats, geometry(d.parts[0])
    s, steps = part.network.surrogate, part.network.time_steps
    grow = (steps - 1).bit_length()
    wide = [f.cotangent.lowest << grow, (f.cotangent.highest + 1 << grow) - 1]
    return Setup(
        sizes=np.array(part.network.layers),
        steps=steps,
        still=part.network.coding == "direct",
        margin=d.learning.loss == "margin",
        by_sample=part.by_sample,
        lanes=part.own_lanes,
        momentum=part.feedback_finer if d.learning.keeps_feedback and part.own_lanes else 0,
        mirrored=d.learning.keeps_feedback and not part.own_lanes,
        finer=part.feedback_finer,
        leak=part.leak_shift,
        gate=part.gate,
        score=grow,
        weight_fraction=f.weight.fraction,
        membrane_fraction=f.membrane.fraction,
        input_fraction=f.input.fraction,
        tangent_fraction=f.tangent.fraction,
        error_fraction=f.error.fraction,
        cotangent_fraction=f.cotangent.fraction,
        surrogate_fraction=f.surrogate.fraction,
        bin=s.bin_shift(f.membrane.fraction) if part.by_sample else 0,
        reciprocal=g.reciprocal,
        mean=g.reciprocal_shift,
        table=surrogate_table(part) if part.by_sample else np.zeros(2, np.int64),
        theta=np.array(part.thresholds),
        shifts=np.array(
            [
                min(max(shift + stage, reach[0]), reach[-1])
                for shift, reach in zip(d.step_shift, change_shifts(part), strict=True)
            ]
        ),
        lags=np.array(_lags(part)),
        ones=np.array([bias_trace(part, layer) for layer in g.layers]),
        kappa=np.array(constant_trace(part)),
        fixed=fixed,
        membrane=_range(f.membrane),
        tangent=_range(f.tangent),
        weight=_range(f.weight),
        matrix=_range(part.feedback_format or f.weight),
        error=_range(f.error),
        cotangent=_range(f.cotangent),
        wide=np.array(wide),
    )


def _lags(part: Part) -> list[int]:
    return [layer.lag for layer in geometry(part).layers]


def _range(form: Format) -> Matrix:
    return np.array([form.lowest, form.highest])
