"""An operator network that learns -u'' = g from the equation alone: its loss is an energy.

u[f, x] = (1 - x^2) sum over i of branch_i(g[f]) trunk_i(x) is 0 at both ends whatever the weights.
Of all functions that are, the solution has the least energy

    E(u) = integral over (-1, 1) of u'^2 / 2 - g u,

more than which any other has half the integral of (u - solution)'^2. u' is the derivative along the
points, which forward mode gives at once. A second one, as the residual -u'' - g has it, is 0 nearly
everywhere where a rate is straight between kinks, as that of a spiking neuron is but for its steps.
Source: E and Yu, "The deep Ritz method", arXiv 1710.00211.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dualspike.golden.float.combine import function_weights
from dualspike.golden.float.compiled import CompiledHidden
from dualspike.golden.float.dual import DualHidden, spiking, tanh
from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.float.perturbed import NeuronSlopes
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.float.tanh import TanhHidden
from dualspike.golden.numeric import Floats
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

FLOOR = 0.1
"""Of the weights of functions, see `golden.float.combine`."""

STEP = 1e-30
"""Of complex steps: nothing is lost to rounding."""

Loss = Callable[[Floats, Floats, Floats], tuple[float, Floats, Floats]]
"""From u, u' and a target [F, P]: L, dL/du and dL/du'."""


def energy(u: Floats, du: Floats, g: Floats) -> tuple[float, Floats, Floats]:
    """Mean over functions and points of w (u'^2 / 2 - g u), w by the mean squares of g."""
    weights = _weights(g)
    back, along = -weights * g, weights * du
    return float(np.sum(along * du / 2 + back * u)), back, along


def squares(u: Floats, du: Floats, solution: Floats) -> tuple[float, Floats, Floats]:
    """Mean over functions and points of w (u - solution)^2 / 2, w by mean squares of solutions."""
    error = u - solution
    back = _weights(solution) * error
    return float(np.sum(back * error / 2)), back, np.zeros_like(du)


def dual_points(x: Floats) -> Floats:
    """Points [P, 1] and, below them, the direction 1 of each: [2 P, 1]."""
    return np.concatenate([x, np.ones_like(x)])


class EquationModel(Model):
    """The network as functions of theta, see `Model`, in float64.

    Inputs are g at the sensors [F, m] and `dual_points`; a target [F, P] is what ``loss`` takes:
    g at the points (`energy`) or the solution (`squares`). ``spikes``: false for neurons of tanh.
    Raises BadInput for what is no DeepONet of points on a line, and as `DualHidden` does.
    """

    def __init__(self, operator: Operator, loss: Loss, *, spikes: bool = True) -> None:
        if operator.kind != "deeponet" or operator.parts[1].layers[0] != 1:
            raise BadInput(
                "operator must be a deeponet whose trunk has 1 input, not a"
                f" {operator.kind} whose last part has {operator.parts[-1].layers[0]}"
            )
        super().__init__(operator, hidden=CompiledHidden if spikes else TanhHidden)
        self._hidden[1] = DualHidden(operator.parts[1], self.dtype, spiking if spikes else tanh)
        self._loss = loss

    def predict(
        self, theta: Floats, inputs: Inputs, rng: np.random.Generator | None = None
    ) -> Floats:
        """The solutions u [F, P]."""
        return self.fields(theta, inputs)[0]

    def fields(self, theta: Floats, inputs: Inputs) -> tuple[Floats, Floats]:
        """U and u' at the points, [F, P] each."""
        pairs = zip(self._hidden, self._params(theta), self._encoded(inputs, (0,)), strict=True)
        return self._read(theta, inputs, [hidden.rates(p, x) for hidden, p, x in pairs])[:2]

    def loss(self, theta: Floats, inputs: Inputs, target: Floats, key: Key = (0,)) -> float:
        """L."""
        return self._loss(*self.fields(theta, inputs), target)[0]

    def neuron_slopes(
        self, theta: Floats, inputs: Inputs, target: Floats, v: Sequence[Floats], key: Key = (0,)
    ) -> tuple[float, Floats, list[NeuronSlopes]]:
        """See `Model.neuron_slopes`; what moves a point's neurons moves u' there as well.

        So points and their directions have lanes of their own, and biases are fed to points alone.
        """
        points, lanes = len(inputs[1]) // 2, len(v[0])
        first = np.arange(2 * points)[:, None] < points
        split = [np.concatenate([v[0]] * 2), np.concatenate([v[1] * first, v[1] * ~first])]
        loss, g, (branch, trunk) = super().neuron_slopes(theta, inputs, target, split, key)
        by_point = trunk.slopes[:, :points] + trunk.slopes[:, points:]
        slopes = np.concatenate(np.split(by_point, 2), axis=1)
        branch = replace(branch, slopes=branch.slopes[:lanes])
        return loss, g, [branch, replace(trunk, slopes=slopes, biased=points)]

    def jvp(
        self, theta: Floats, inputs: Inputs, v: Floats, key: Key = (0,)
    ) -> tuple[Floats, Floats]:
        """See `Model.jvp`, of u; what is read from rates has only products: by a complex step."""
        passes = [
            hidden.tangents(p, x, dp, "global", slope)
            for hidden, p, x, dp, slope in zip(
                self._hidden,
                self._params(theta),
                self._encoded(inputs, key),
                self.layout.split(self._directions(v)),
                slopes_of(self.operator.parts, key),
                strict=True,
            )
        ]
        u = self._read(theta, inputs, [rates for rates, _ in passes])[0]
        moved = np.empty((len(v), *u.shape), self.dtype)
        for k, along in enumerate(v):
            rates = [[r[-1] + 1j * STEP * dr[-1][k]] for r, dr in passes]
            moved[k] = self._read(theta + 1j * STEP * along, inputs, rates)[0].imag / STEP
        return u, moved

    def _read(
        self, theta: Floats, inputs: Inputs, rates: list[list[Floats]]
    ) -> tuple[Floats, Floats, list[Floats]]:
        """U, u' [F, P], and what they are made of: A, T and T' of the parts, then 1 - x^2."""
        (wa, ba), (wt, bt) = (slots[-1].split(theta) for slots, _ in self._slots)
        a = rates[0][-1] @ wa.T + ba
        t, along = np.split(rates[1][-1] @ wt.T, 2)
        t = t + bt
        x = inputs[1][: len(t), 0]
        bound = 1 - x**2
        n = a @ t.T
        return bound * n, bound * (a @ along.T) - 2 * x * n, [a, t, along, x]

    def _errors(
        self, theta: Floats, inputs: Inputs, rates: list[list[Floats]], target: Floats
    ) -> tuple[float, list[list[Floats]], Floats]:
        """See `Model._errors`."""
        u, du, (a, t, along, x) = self._read(theta, inputs, rates)
        if target.shape != u.shape:
            raise BadInput(f"target must have shape {list(u.shape)}, not {list(target.shape)}")
        loss, by_u, by_du = self._loss(u, du, target)
        by_n, by_along = (1 - x**2) * by_u - 2 * x * by_du, (1 - x**2) * by_du
        cotangents = [by_n @ t + by_along @ along, np.concatenate([by_n.T @ a, by_along.T @ a])]
        g = np.zeros(self.layout.size, self.dtype)
        backs: list[list[Floats]] = []
        for (slots, _), part, m, biased in zip(
            self._slots, rates, cotangents, (len(u), len(x)), strict=True
        ):
            weights, biases = slots[-1].split(g)
            weights[:], biases[:] = m.T @ part[-1], m[:biased].sum(axis=0)
            backs.append([m @ slots[-1].split(theta)[0]])
        return loss, backs, g


def _weights(values: Floats) -> Floats:
    """What every entry counts: functions by their mean squares, and one share of the mean."""
    weights = function_weights(values, FLOOR)
    assert weights is not None
    return weights[:, None] / values.size
