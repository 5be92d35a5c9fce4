"""The float model of a chip that learns online: the learner of docs/online_chip.md in real numbers.

Lags, traces, gates, errors and the moments of all changes are the chip's. So are the signs of lanes
and of fixed feedback and the spikes drawn for inputs, which come from the same registers. In place
of dither there is nothing to round; nothing saturates.
"""

from collections.abc import Sequence

import numpy as np

from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.float.online.arrays import Setup, State
from dualspike.golden.float.online.kernels import KINDS
from dualspike.golden.float.online.samples import run_samples
from dualspike.golden.float.online.steps import run
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.integer.coding import Coder
from dualspike.golden.integer.lfsr import RandomWords
from dualspike.golden.integer.online.feedback import fixed_signs, no_feedback, padded
from dualspike.golden.integer.rounding import quantise
from dualspike.golden.numeric import Doubles, Matrix
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import online_draws, seed_state
from dualspike.model.sizes.geometry import geometry


class OnlineModel:
    """Weights and biases of one network with the online learner, in float64.

    They start from ``initial``, or from ``start(description, learning.seed)``; feedback matrices,
    where these are learned, from 0. ``setup`` has what stays the same from batch to batch, of stage
    0.
    """

    def __init__(self, description: Description, initial: Parameters | None = None) -> None:
        first = start(description, description.learning.seed) if initial is None else initial
        self.weights = [w.astype(np.float64) for w in first.weights]
        self.biases = [b.astype(np.float64) for b in first.biases]
        self.feedback = [M.astype(np.float64) for M in no_feedback(description)]
        self._d = description
        self._coder = Coder(description.parts[0])
        self._lfsr = seed_state(description.learning.seed)
        self.setup = _setup(description)

    def infer(self, inputs: Doubles) -> Doubles:
        """Scores [B, n_out] of inputs [B, n_in], or [B, T, n_in] over time."""
        x = self._frames(inputs)
        y = np.zeros((len(x), self._d.basis))
        self._run(self.setup, x, y, False, y)
        return y

    def update(self, inputs: Doubles, target: Doubles, stage: int = 0) -> float:
        """Learn from a batch with targets [B, n_out]; sum of squared errors of all samples."""
        setup = self.setup._replace(rates=self.setup.rates * 2.0**-stage)
        x, wanted = self._frames(inputs), np.ascontiguousarray(target, np.float64)
        return self._run(setup, x, wanted, True, np.zeros_like(wanted))

    def _frames(self, x: Doubles) -> Doubles:
        """Inputs as the first layer takes them: [B, 1, n_in] once a sample, or [B, T, n_in]."""
        coding = self._d.network.coding
        if coding == "direct":
            return np.ascontiguousarray(x[:, None], np.float64)
        if coding == "frames":
            return np.ascontiguousarray(x, np.float64)
        fired = self._coder.frames(quantise(x, self._d.formats.input, "x"))
        return np.ascontiguousarray(fired.swapaxes(0, 1), np.float64)

    def _run(self, setup: Setup, x: Doubles, target: Doubles, learn: bool, y: Doubles) -> float:
        signs = self._lanes(setup) if learn else np.zeros((len(self.weights), 0), np.int64)
        feedback = padded(self.feedback, int(max(setup.sizes)), self._d.basis).astype(np.float64)
        state = _state(setup, self.weights, self.biases, signs)._replace(feedback=feedback)
        loop = run_samples if setup.by_sample else run
        loss = float(loop(setup, state, x, target, learn, y))
        place = first = 0
        for w, b in zip(self.weights, self.biases, strict=True):
            w[:] = state.weights[place : place + w.size].reshape(w.shape)
            b[:] = state.biases[first : first + len(b)]
            place, first = place + w.size, first + len(b)
        for matrix, held in zip(self.feedback, state.feedback, strict=True):
            matrix[:] = held[: len(matrix)]
        return loss

    def _lanes(self, setup: Setup) -> Matrix:
        """What the registers of the lanes' signs start a batch from, [hidden, lanes]."""
        drawer, draws = RandomWords(self._lfsr), online_draws([len(self.weights)], setup.lanes)
        words, self._lfsr = drawer.words(len(draws)), drawer.state
        drawn = [word for word, one in zip(words, draws, strict=True) if one.kind == "lane"]
        return np.array(drawn, np.int64).reshape(len(self.weights) - 1, setup.lanes)


def _state(
    setup: Setup, weights: Sequence[Doubles], biases: Sequence[Doubles], signs: Matrix
) -> State:
    layers, widest, depth = len(weights), int(max(setup.sizes)), 1 + int(max(setup.lags))
    carried = layers if setup.by_sample else 0

    def zeros(*shape: int) -> Doubles:
        return np.zeros(shape)

    return State(
        weights=np.concatenate([w.ravel() for w in weights]),
        biases=np.concatenate(biases),
        signs=signs,
        feedback=zeros(0, widest, setup.sizes[-1]),
        u=zeros(layers, widest),
        spikes=zeros(layers, widest),
        gates=zeros(layers, widest),
        current=zeros(layers, widest),
        trace=zeros(layers, widest),
        lane=zeros(layers, setup.lanes, widest),
        own=zeros(layers, setup.lanes, widest),
        charge=zeros(carried, layers, setup.lanes, widest),
        slope=zeros(carried, setup.lanes, widest),
        signal_ring=zeros(layers, depth, widest),
        trace_ring=zeros(layers, depth, widest),
        error=zeros(widest),
        held=zeros(widest),
        total=zeros(widest),
    )


def _setup(d: Description) -> Setup:
    """Of stage 0."""
    part, network, learning = d.parts[0], d.network, d.learning
    steps = np.arange(1, network.time_steps + 1)
    leak = network.leak
    kappa = steps * 1.0 if leak == 1 else (1 - leak**steps) / (1 - leak)
    score, still = 2.0 ** -(network.time_steps - 1).bit_length(), network.coding == "direct"
    ones = np.full(d.n_layers, network.time_steps * score if part.by_sample else 1.0)
    ones[: 1 if still else 0] = 1.0
    stairs = slopes_of([network], (learning.seed,))[0].staircase
    return Setup(
        sizes=np.array(network.layers),
        steps=network.time_steps,
        still=still,
        margin=learning.loss == "margin",
        by_sample=part.by_sample,
        kind=KINDS.index(network.surrogate.kind),
        lanes=part.own_lanes,
        moved=2.0**-part.feedback_finer if learning.keeps_feedback and part.own_lanes else 0.0,
        mirrored=learning.keeps_feedback and not part.own_lanes,
        kept=float(leak),
        gate=float(network.surrogate.sigma),
        score=score,
        share=2.0 ** -(learning.directions - 1).bit_length(),
        theta=np.array(network.thresholds, np.float64),
        rates=np.array([2.0 ** -(learning.rate + shift) for shift in d.layer_shift]),
        lags=np.array([layer.lag for layer in geometry(part).layers]),
        ones=ones,
        stairs=np.zeros(0) if stairs is None else stairs.steps,
        heights=np.zeros(0) if stairs is None else stairs.heights,
        kappa=kappa,
        fixed=fixed_signs(d).astype(np.float64),
    )
