"""Rules of `golden.online` as a training engine that takes samples one by one, as a chip does."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from dualspike.golden.float.layout import start
from dualspike.golden.numeric import Doubles, Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import ChipLoss
from dualspike.golden.online.neuron import GatedNeuron
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.traces import answer, repeated, train_pass
from dualspike.model.description.description import Description

MOMENTUM = 1 - 2.0**-9
ALPHA = 0.2


class SpatialEngine:
    """The network of a description in float64, learned by ``rule``: one of `RULES`.

    Gates, errors, rates, stages and traces are those of the description's online learner. But the
    changes of a sample land together, at its end, and a bias has a trace as a weight has.
    """

    def __init__(self, description: Description, rule: str) -> None:
        d, learning = description, description.learning
        rng = np.random.default_rng(learning.seed)
        neuron = GatedNeuron(d.network.leak, d.network.thresholds[0], d.network.surrogate.sigma)
        self._network = perceptron(d.network.layers, rng, neuron)
        first = start(d, learning.seed)
        for places, values in (
            (self._network.weights, first.weights),
            (self._network.biases, first.biases),
        ):
            for place, value in zip(places, values, strict=True):
                place[:] = value
        noise = Noise(rng, ALPHA, "rademacher")
        makers: dict[str, Callable[[], Rule]] = {
            "BP": SpatialBackpropagation,
            "OPZO": partial(PseudoZerothOrder, self._network, noise, MOMENTUM, divided=True),
        }
        self._d, self._rule = d, makers[rule]()
        self._loss = ChipLoss(learning.loss == "margin")

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once from every sample; see Engine.update."""
        stage, steps, loss = self._d.stage(update), self._d.network.time_steps, 0.0
        rates = [2.0 ** -(self._d.learning.rate + s + stage) for s in self._d.layer_shift]
        parts = self._network.own
        for n in range(len(target)):
            frames = self._frames(inputs[0][n : n + 1])
            found = train_pass(self._network, self._rule, self._loss, frames, target[n : n + 1])
            moves = self._network.parts(found.gradient)
            for own, rate, move in zip(parts, rates, moves, strict=True):
                own -= rate * steps * move
            loss += found.loss / len(target)
        return loss

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Mean outputs over the steps."""
        total = answer(self._network, self._frames(inputs[0]))
        return np.asarray(total / self._d.network.time_steps, np.float64)

    def _frames(self, x: Doubles) -> Floats:
        if x.ndim == 2:
            return repeated(x, self._d.network.time_steps)
        return np.ascontiguousarray(x.swapaxes(0, 1))
