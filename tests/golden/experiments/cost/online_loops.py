"""The loops whose operations `golden.experiments.cost.online` counts, for one pass of a rule.

Arrays hold `Number` where something is computed: NumPy then does one counted operation an entry.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.model.description.network import Network

from .meter import Meter, Number

Array = NDArray[Any]

gate = np.frompyfunc(lambda total, value, spike: total.plus_if(value, spike), 3, 1)
above = np.frompyfunc(lambda number: float(number > 0), 1, 1)
value = np.frompyfunc(lambda number: number.value, 1, 1)


@dataclass(frozen=True)
class Settings:
    """Of a rule; ``alpha`` of its noise, ``momentum`` of OPZO, the others of DKP and readouts."""

    rule: str
    alpha: float
    momentum: float
    rate: float
    decay: float
    scale: float
    own_rate: float


class OnlinePart:
    """One part. ``noise``: n by step and layer, ``matrices``: M, ``readouts``: R, if there are."""

    def __init__(
        self,
        meter: Meter,
        network: Network,
        weights: list[tuple[Array, Array]],
        x: Array,
        settings: Settings,
        noise: list[list[Array]],
        matrices: list[Array],
        readouts: list[Array],
    ) -> None:
        self.meter, self.network, self.weights, self.x = meter, network, weights, x
        self.settings, self.noise, self.t = settings, noise, 0
        self.matrices = [self.given(M) for M in matrices]
        self.readouts = [self.given(R) for R in readouts]
        self.hidden = range(len(network.layers) - 2)
        W, b = weights[0]
        self.z = self.given(np.broadcast_to(b, (len(x), len(b))))
        for j in range(len(W[0])):
            self.z = self.z + self.given(x[:, j, None]) * W[:, j]
        self.U, self.a, self.h = (
            [self.zeros(len(x), n) for n in network.layers[1:-1]] for _ in range(3)
        )
        self.total = self.zeros(len(x), network.layers[-1])
        self.dW = [self.zeros(*W.shape) for W, _ in weights]
        self.db = [self.zeros(len(b)) for _, b in weights]
        self.q = self.zeros(len(x), network.layers[1])

    def given(self, values: Array) -> Any:
        return np.frompyfunc(lambda v: Number(v, self.meter), 1, 1)(values)

    def zeros(self, *shape: int) -> Array:
        return self.given(np.zeros(shape))

    def slope(self, distance: Array) -> Any:
        return np.frompyfunc(lambda d: self.meter.surrogate(self.network, d), 1, 1)(distance)

    def product(self, left: Array, right: Array) -> Array:
        """Sum over k of left[k, i] right[k, j]."""
        total = self.zeros(left.shape[1], right.shape[1])
        for a, b in zip(left, right, strict=True):
            total = total + a[:, None] * b
        return total

    def run(
        self, before: list[Array], nu: list[Array]
    ) -> tuple[list[Array], list[Array], list[Array], Array]:
        """Membranes after the reset, distances from the threshold, spikes; the output."""
        kept: list[Any] = []
        far: list[Any] = []
        spikes: list[Any] = []
        z: Any = self.z
        for layer in [*self.hidden, len(self.hidden)]:
            if layer:
                W, b = self.weights[layer]
                z = self.given(np.broadcast_to(b, (len(self.x), len(b))))
                for j in range(len(W[0])):
                    z = gate(z, W[:, j], spikes[-1][:, j, None])
                    if nu:
                        z = z + nu[layer - 1][:, j, None] * W[:, j]
            if layer == len(self.hidden):
                return kept, far, spikes, z
            u = before[layer] + z
            far.append(u - self.network.thresholds[layer])
            spikes.append(above(far[-1]))
            kept.append(np.where(spikes[-1] == 1, far[-1], u))
        raise AssertionError

    def advance(self) -> None:
        alpha, self.before = self.settings.alpha, self.U
        drawn = self.noise[self.t] if self.noise else []
        self.nu = [self.given(n) * alpha for n in drawn]
        self.U, self.far, self.S, self.o = self.run(self.U, self.nu)
        self.t += 1
        self.total = self.total + self.o
        self.a[:-1] = [gate(a, 1, S) for a, S in zip(self.a[:-1], self.S[:-1], strict=True)]
        if self.readouts:
            self.h = [gate(h, 1, S) for h, S in zip(self.h, self.S, strict=True)]

    @property
    def answer(self) -> Array:
        return self.total * (1 / self.t)

    def other_answer(self) -> Array:
        """Had the noise had the other sign."""
        turned = [
            np.frompyfunc(lambda n: n.signed(Number(-1, self.meter)), 1, 1)(n) for n in self.nu
        ]
        return (self.total - self.o + self.run(self.before, turned)[3]) * (1 / self.t)

    def learn(self, error: Array, loss: Array, other: Array | None, target: Array) -> None:
        f = [self.slope(d) for d in self.far]
        deltas = self.deltas(f, error, loss, other, target)
        self.q = self.q + deltas[0] * self.t
        for layer in self.hidden[1:]:
            summed = self.zeros(deltas[layer].shape[1])
            for row, trace in zip(deltas[layer], self.a[layer - 1], strict=True):
                self.dW[layer] = self.dW[layer] + row[:, None] * trace
                summed = summed + row
            self.db[layer] = self.db[layer] + summed * self.t
        for e, S in zip(error, self.S[-1], strict=True):
            self.dW[-1] = gate(self.dW[-1], e[:, None], S)
            self.db[-1] = self.db[-1] + e

    def deltas(
        self, f: list[Array], error: Array, loss: Array, other: Array | None, target: Array
    ) -> list[Array]:
        s, rows = self.settings, len(self.x)
        signals: list[Array] = []
        if s.rule == "OTTT":
            for layer in reversed(self.hidden):
                above = error if not signals else signals[0] * f[layer + 1]
                W = self.given(self.weights[layer + 1][0])
                signals.insert(0, self.product(above.T, W))
        elif s.rule in ("SPSA", "ZO"):
            if other is None:
                size = loss * (self.t / s.alpha)
            else:
                size = (loss - other) * (self.t / (2 * s.alpha))
            signals = [size[:, None] * n for n in self.noise[self.t - 1]]
        else:
            if s.rule == "OPZO":
                share = (1 - s.momentum) / rows
                for layer, n in enumerate(self.noise[self.t - 1]):
                    moved = self.product(self.given(n), self.o) * share
                    self.matrices[layer] = self.matrices[layer] * s.momentum + moved
            signals = [self.product(error.T, M.T) for M in self.matrices]
        if s.rule == "DKP":
            for layer, S in enumerate(self.S):
                summed = self.zeros(*self.matrices[layer].shape)
                for spikes, e in zip(S, error, strict=True):
                    summed = gate(summed, e, spikes[:, None])
                kept = self.matrices[layer] * (1 - s.decay)
                self.matrices[layer] = kept - summed * (s.rate / rows)
        for layer, R in enumerate(self.readouts):
            heard = self.h[layer] * (1 / self.t)
            own = self.product(heard.T, R.T) - target
            signals[layer] = signals[layer] + self.product(own.T, R) * s.scale
            self.readouts[layer] = R - self.product(own, heard) * (s.own_rate / rows)
        return [a * b for a, b in zip(signals, f, strict=True)]

    def gradient(self) -> Array:
        """After the last step."""
        for x, q in zip(self.x, self.q, strict=True):
            self.dW[0] = self.dW[0] + q[:, None] * x
            self.db[0] = self.db[0] + q
        scale = 1 / (len(self.x) * (self.t - self.t // 2))
        pairs = zip(self.dW, self.db, strict=True)
        return value(np.concatenate([a.ravel() for pair in pairs for a in pair]) * scale)


def execute(parts: list[OnlinePart], target: Array, weights: Array | None) -> Array:
    """The gradient of all parts."""
    first = parts[0]
    steps = first.network.time_steps
    for step in range(steps):
        for part in parts:
            part.advance()
        if step < steps // 2:
            continue
        answers = [part.answer for part in parts]
        losses, errors = judged(parts, answers, target, weights, errors=True)
        others: list[Array | None] = [None] * len(parts)
        if first.settings.rule == "SPSA":
            for n, part in enumerate(parts):
                changed = [*answers[:n], part.other_answer(), *answers[n + 1 :]]
                others[n] = judged(parts, changed, target, weights, only=n)[0][0]
        for n, part in enumerate(parts):
            part.learn(errors[n], losses[n], others[n], target)
    return np.concatenate([part.gradient() for part in parts]).astype(float)


def judged(
    parts: list[OnlinePart],
    answers: list[Array],
    target: Array,
    weights: Array | None,
    *,
    only: int | None = None,
    errors: bool = False,
) -> tuple[list[Array], list[Array]]:
    """The loss of every row of each part, or of one, and dL/danswer."""
    first = parts[0]
    if len(parts) == 1:
        distance = heavy = answers[0] - target
    else:
        distance = first.product(answers[0].T, answers[1].T) - target
        heavy = distance if weights is None else distance * weights[:, None]
    squares, losses = distance * heavy, []
    for n in range(len(parts)) if only is None else [only]:
        entries = squares if n == 0 else squares.T
        summed = first.zeros(len(entries))
        for column in entries.T:
            summed = summed + column
        losses.append(summed * (0.5 if len(parts) == 1 else 0.5 / entries.shape[1]))
    if not errors:
        return losses, []
    if len(parts) == 1:
        return losses, [heavy]
    f, p = target.shape
    return losses, [
        first.product(heavy.T, answers[1]) * (1 / p),
        first.product(heavy, answers[0]) * (1 / f),
    ]
