"""Online rules as estimators of the gradient of the project's own networks."""

from collections.abc import Callable

import numpy as np

from dualspike.golden.float.combine import function_weights, loss_and_cotangents, row_products
from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.neuron import GaussianNeuron
from dualspike.golden.online.rules.noise import Noise, decayed
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.traces import Judge, OnlinePass, repeated
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

Make = Callable[[OnlineNetwork, Noise, np.random.Generator], Rule]

FIRST_ALPHA, LAST_ALPHA = 0.2, 0.01
SETTLING = 0.5
"""The share of the steps, from the first on, that is not learned from."""


class OnlineGradient:
    """See `golden.float.estimators.estimator.Estimator`: one pass over the steps, part by part.

    Every part has a rule of its own, from ``make``. After t steps the network's answer is made of
    the means of the parts' outputs so far, and each part is told the derivative of its loss, the
    others' means being given: for y = A C^T and e = dL/dy that is e C for the branch and e^T A for
    the trunk. So what stands behind the readouts is differentiated as it is; rules differ in how
    hidden layers hear of it. Rules that know the loss alone are told that of their own row, a
    function's or a point's. Means over few steps are coarse: all learn from the `learned_from`
    last steps. Alpha of noise falls in a straight line over ``updates``.

    All that is random comes from ``seed``, draw after draw: the gradient depends on the calls
    before, as rules that learn do anyway. Raises BadInput for networks of another kind than
    integrate and fire with constant inputs, a gaussian surrogate and a detached reset.
    """

    def __init__(self, operator: Operator, make: Make, updates: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.networks = [_network(part, rng) for part in operator.parts]
        self._steps = [part.time_steps for part in operator.parts]
        if len(set(self._steps)) > 1:
            raise BadInput(f"time_steps must be the same in all parts, not {self._steps}")
        self._noises = [Noise(rng, FIRST_ALPHA) for _ in self.networks]
        self._rules = [
            make(network, noise, rng)
            for network, noise in zip(self.networks, self._noises, strict=True)
        ]
        self._last = max(1, updates - 1)

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient; the last entry of the key is the update."""
        for noise in self._noises:
            noise.alpha = decayed(FIRST_ALPHA, LAST_ALPHA, key[-1] / self._last)
        sizes = np.cumsum([network.theta.size for network in self.networks])
        for network, part in zip(self.networks, np.split(theta, sizes[:-1]), strict=True):
            network.theta[:] = part
        walks = [
            OnlinePass(network, rule, repeated(x, steps), averaged=True)
            for network, rule, x, steps in zip(
                self.networks, self._rules, inputs, self._steps, strict=True
            )
        ]
        views = [Share(part, target, model.floor) for part in range(len(walks))]
        for step in range(self._steps[0]):
            for walk in walks:
                walk.advance()
            if step < self._steps[0] - learned_from(self._steps[0]):
                continue
            answers = [walk.answer for walk in walks]
            for view, walk in zip(views, walks, strict=True):
                walk.learn(view.judge(answers))
        loss, _ = loss_and_cotangents([walk.answer for walk in walks], target, model.floor)
        return loss, np.concatenate([walk.gradient() for walk in walks])


def learned_from(steps: int) -> int:
    """How many of the steps, the last ones, are learned from."""
    return steps - int(SETTLING * steps)


class Share:
    """One part's view of the loss of `golden.float.combine`: L is the mean over its rows."""

    def __init__(self, part: int, target: Floats, floor: float | None) -> None:
        weights = function_weights(target, floor)
        if weights is None:
            weights = np.ones(len(target))
        spread = np.broadcast_to(weights.reshape(-1, *[1] * (target.ndim - 1)), target.shape)
        self._part = part
        self._wanted, self._weights = (
            np.ascontiguousarray(np.moveaxis(a, part, 0)).reshape(target.shape[part], -1)
            for a in (target, spread)
        )

    def judge(self, answers: list[Floats]) -> Judge:
        """Loss [B] and derivative [B, p] of the part's answers, the other ones' being given."""
        others = [*answers[: self._part], *answers[self._part + 1 :]]
        basis = row_products(others) if others else None
        scale = 1 if basis is None else 1 / len(basis)

        def judge(answer: Floats) -> tuple[Floats, Floats]:
            distance = (answer if basis is None else answer @ basis.T) - self._wanted
            heavy = distance * self._weights
            loss = np.einsum("ij,ij->i", distance, heavy) * (scale / 2)
            return loss, heavy if basis is None else scale * (heavy @ basis)

        return judge


def _network(part: Network, rng: np.random.Generator) -> OnlineNetwork:
    for name, wanted in (("leak", 1), ("reset", "detached"), ("coding", "direct")):
        if getattr(part, name) != wanted:
            raise BadInput(f"{name} must be {wanted} to learn online, not {getattr(part, name)}")
    if part.surrogate.kind != "gaussian":
        raise BadInput(f"surrogate must be gaussian to learn online, not {part.surrogate.kind}")
    if len(set(part.thresholds)) > 1:
        raise BadInput("threshold must be one for all layers to learn online")
    neuron = GaussianNeuron(1.0, part.thresholds[0], part.surrogate.sigma)
    return perceptron(part.layers, rng, neuron)
