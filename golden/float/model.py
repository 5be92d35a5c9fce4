"""A spiking perceptron or operator network: outputs, loss, and its derivatives both ways.

The readout of a part is A = W mean_t S[t] + b, without spikes. Everything after the hidden
layers is linear in the rates or a product of the parts, so reverse mode and directional
derivatives share dL/drate of every hidden layer; a lane of forward mode ends in one number,
<dL/drate, drate>, and is never spread over the entries of y.

Local losses (arXiv 2411.07057): L = L_global + (1/N) sum over n of L_n, where L_n is the same
loss of auxiliary readouts of hidden layer n of every part.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dualspike.golden.float.coding import encode
from dualspike.golden.float.combine import combine, loss_and_cotangents, shape_of
from dualspike.golden.float.compiled import CompiledHidden
from dualspike.golden.float.hidden import Hidden, Scope
from dualspike.golden.float.layout import Layout, Parameters, Slot, views
from dualspike.golden.float.perturbed import NeuronSlopes
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.keys import Purpose, generator
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

Inputs = tuple[Floats, ...]
Key = tuple[int, ...]


class Model:
    """The network that ``operator`` describes, in one floating type, as functions of theta [N].

    Inputs are one array [B_n, n_in] for each part; y is [B, n_out] for a perceptron, [B_0, B_1,
    ...] for an operator network, and a target has the shape of y. ``key`` names the draws of
    spike codings and of the Stein surrogate. ``local`` adds auxiliary readouts and local losses,
    ``floor`` weighs functions in the loss (see `golden.float.combine`). ``hidden`` runs the hidden
    layers: compiled, or `golden.float.hidden.ReferenceHidden`.

    Raises BadInput for inputs, targets, parameters or directions of the wrong shape.
    """

    def __init__(
        self,
        operator: Operator,
        *,
        local: bool = False,
        dtype: type[np.float64 | np.float32] = np.float64,
        floor: float | None = None,
        hidden: Callable[[Network, np.dtype[np.floating[Any]]], Hidden] = CompiledHidden,
    ) -> None:
        self.operator = operator
        self.local = local
        self.dtype: np.dtype[np.floating[Any]] = np.dtype(dtype)
        self.floor = floor
        self.layout = Layout(operator, local=local)
        self._hidden = [hidden(network, self.dtype) for network in operator.parts]
        self._slots = [
            (self.layout.of_part(part), self.layout.of_part(part, auxiliary=True))
            for part in range(len(operator.parts))
        ]
        readouts = {slot for main, extra in self._slots for slot in (main[-1], *extra)}
        self._readouts = [
            (column, slot) for column, slot in enumerate(self.layout.layers) if slot in readouts
        ]

    def start(self, seed: int) -> Floats:
        """Start values, see `Layout.start`; rounded to the model's type."""
        return self.layout.start(seed).astype(self.dtype)

    def predict(
        self, theta: Floats, inputs: Inputs, rng: np.random.Generator | None = None
    ) -> Floats:
        """y; ``rng`` draws the spikes of coding bernoulli, part by part."""
        params = self._params(theta)
        encoded = [
            encode(x, network, rng)
            for x, network in zip(self._checked(inputs), self.operator.parts, strict=True)
        ]
        outputs: list[Floats] = []
        for hidden, p, x in zip(self._hidden, params, encoded, strict=True):
            outputs.append(_affine(hidden.rates(p, x)[-1], p.weights[-1], p.biases[-1]))
        return combine(outputs)

    def loss(self, theta: Floats, inputs: Inputs, target: Floats, key: Key = (0,)) -> float:
        """L, local losses included."""
        params = self._params(theta)
        encoded = self._encoded(inputs, key)
        rates = [h.rates(p, x) for h, p, x in zip(self._hidden, params, encoded, strict=True)]
        return self._errors(theta, inputs, rates, target)[0]

    def gradient(
        self, theta: Floats, inputs: Inputs, target: Floats, key: Key = (0,)
    ) -> tuple[float, Floats]:
        """(L, dL/dtheta [N]) by reverse mode."""
        params = self._params(theta)
        encoded = self._encoded(inputs, key)
        slopes = slopes_of(self.operator.parts, key)
        passes = [
            hidden.reverse(p, x, slope)
            for hidden, p, x, slope in zip(self._hidden, params, encoded, slopes, strict=True)
        ]
        loss, backs, g = self._errors(theta, inputs, [rates for rates, _ in passes], target)
        for (slots, _), (_, pull_hidden), back in zip(self._slots, passes, backs, strict=True):
            found = pull_hidden(back)
            for slot, w, b in zip(slots, found.weights, found.biases, strict=False):
                weights, biases = slot.split(g)
                weights[:], biases[:] = w, b
        return loss, g

    def slopes(
        self,
        theta: Floats,
        inputs: Inputs,
        target: Floats,
        v: Floats,
        scope: Scope,
        key: Key = (0,),
    ) -> tuple[float, Floats]:
        """(L, <dL/dtheta, v_k>) by forward mode, for directions v [K, N].

        Scope global: [K, 1]. Scope layer: [K, layers], entry (k, l) for v_k with everything but
        layer l of ``layout.layers`` set to 0.
        """
        params = self._params(theta)
        v = self._directions(v)
        encoded = self._encoded(inputs, key)
        slopes = slopes_of(self.operator.parts, key)
        passes = [
            hidden.tangents(p, x, dp, scope, slope)
            for hidden, p, x, dp, slope in zip(
                self._hidden, params, encoded, self.layout.split(v), slopes, strict=True
            )
        ]
        loss, backs, g = self._errors(theta, inputs, [rates for rates, _ in passes], target)
        table = np.zeros((len(v), len(self.layout.layers)), self.dtype)
        column = 0
        for (slots, _), (_, tangents), back in zip(self._slots, passes, backs, strict=True):
            for depth, (c, tangent) in enumerate(zip(back, tangents, strict=True)):
                found = tangent.reshape(len(tangent), -1) @ c.reshape(-1)
                if scope == "layer":
                    table[:, column : column + depth + 1] += found.reshape(depth + 1, -1).T
                else:
                    table[:, column] += found
            column += len(slots)
        for column, slot in self._readouts:
            table[:, column] = v[:, slot.slice] @ g[slot.slice]
        return loss, table if scope == "layer" else table.sum(axis=1, keepdims=True)

    def neuron_slopes(
        self, theta: Floats, inputs: Inputs, target: Floats, v: Sequence[Floats], key: Key = (0,)
    ) -> tuple[float, Floats, list[NeuronSlopes]]:
        """L, dL/dtheta [N] where readouts are and else 0, and slopes along neurons.

        ``v``: directions [K, B, n] for every hidden layer of `hidden_slots`, each moved by itself.
        """
        params = self._params(theta)
        encoded = self._encoded(inputs, key)
        split = self._neurons(v, encoded)
        passes = [
            hidden.neuron_tangents(p, x, moved, slope)
            for hidden, p, x, moved, slope in zip(
                self._hidden,
                params,
                encoded,
                split,
                slopes_of(self.operator.parts, key),
                strict=True,
            )
        ]
        loss, backs, g = self._errors(theta, inputs, [rates for rates, _ in passes], target)
        found: list[NeuronSlopes] = []
        for (slots, _), x, (rates, tangents), back in zip(
            self._slots, encoded, passes, backs, strict=True
        ):
            lanes, rows = len(v[0]), x.shape[1]
            slopes = np.zeros((len(rates), lanes, rows), self.dtype)
            for depth, (c, tangent) in enumerate(zip(back, tangents, strict=True)):
                along = np.einsum("lbi,bi->lb", tangent, c)
                slopes[: depth + 1] += along.reshape(depth + 1, lanes, rows)
            sent = [x.mean(axis=0), *rates[:-1]]
            found += map(NeuronSlopes, slots[:-1], sent, slopes)
        return loss, g, found

    @property
    def hidden_slots(self) -> list[Slot]:
        """The hidden layers of all parts."""
        return [slot for slots, _ in self._slots for slot in slots[:-1]]

    def jvp(
        self, theta: Floats, inputs: Inputs, v: Floats, key: Key = (0,)
    ) -> tuple[Floats, Floats]:
        """y and its derivatives dy [K, ...] along directions v [K, N], by forward mode."""
        params, directions = self._params(theta), self.layout.split(self._directions(v))
        encoded = self._encoded(inputs, key)
        slopes = slopes_of(self.operator.parts, key)
        outputs: list[Floats] = []
        tangents: list[Floats] = []
        for hidden, p, x, dp, slope in zip(
            self._hidden, params, encoded, directions, slopes, strict=True
        ):
            rates, drates = hidden.tangents(p, x, dp, "global", slope)
            outputs.append(_affine(rates[-1], p.weights[-1], p.biases[-1]))
            moved = rates[-1] @ dp.weights[-1].swapaxes(1, 2) + dp.biases[-1][:, None]
            tangents.append(moved + drates[-1] @ p.weights[-1].T)
        dy = [
            sum(
                combine([*outputs[:part], tangent[lane], *outputs[part + 1 :]])
                for part, tangent in enumerate(tangents)
            )
            for lane in range(len(v))
        ]
        y = combine(outputs)
        return y, np.array(dy, self.dtype).reshape(len(v), *y.shape)

    def _errors(
        self, theta: Floats, inputs: Inputs, rates: list[list[Floats]], target: Floats
    ) -> tuple[float, list[list[Floats]], Floats]:
        """L, dL/drate by part and hidden layer, and dL/dtheta [N] where readouts are, else 0."""
        g = np.zeros(self.layout.size, self.dtype)
        backs: list[list[Floats]] = [[np.zeros_like(r) for r in part] for part in rates]
        total = 0.0
        depths = range(len(rates[0]) if self.local else 0)
        heads = [([slots[-1] for slots, _ in self._slots], 1.0)]
        heads += [([extra[n] for _, extra in self._slots], 1 / len(depths)) for n in depths]
        target = np.asarray(target, self.dtype)
        for readouts, weight in heads:
            read = [rates[s.part][s.depth if s.auxiliary else -1] for s in readouts]
            split = [s.split(theta) for s in readouts]
            outputs = [_affine(r, w, b) for r, (w, b) in zip(read, split, strict=True)]
            shape = shape_of(outputs)
            if target.shape != shape:
                raise BadInput(f"target must have shape {list(shape)}, not {list(target.shape)}")
            loss, cotangents = loss_and_cotangents(outputs, target, self.floor)
            total += weight * loss
            for slot, r, (w, _), m in zip(readouts, read, split, cotangents, strict=True):
                m *= weight
                backs[slot.part][slot.depth if slot.auxiliary else -1] += m @ w
                weights, biases = slot.split(g)
                weights[:], biases[:] = m.T @ r, m.sum(axis=0)
        return total, backs, g

    def _params(self, theta: Floats) -> tuple[Parameters, ...]:
        if theta.shape != (self.layout.size,):
            raise BadInput(f"theta must have shape [{self.layout.size}], not {list(theta.shape)}")
        return tuple(views(slots, theta) for slots, _ in self._slots)

    def _directions(self, v: Floats) -> Floats:
        if v.ndim != 2 or v.shape[1] != self.layout.size:
            raise BadInput(f"v must have shape [K, {self.layout.size}], not {list(v.shape)}")
        return np.ascontiguousarray(v, self.dtype)

    def _neurons(self, v: Sequence[Floats], encoded: list[Floats]) -> list[list[Floats]]:
        """Directions of the neurons by part."""
        slots = self.hidden_slots
        lanes = len(v[0]) if v else 0
        shapes = [(lanes, encoded[slot.part].shape[1], slot.n_out) for slot in slots]
        if [one.shape for one in v] != shapes:
            wanted, came = (
                ", ".join(str(list(shape)) for shape in some)
                for some in (shapes, [one.shape for one in v])
            )
            raise BadInput(f"v must have the shapes {wanted}, not {came or 'nothing'}")
        split: list[list[Floats]] = [[] for _ in encoded]
        for slot, one in zip(slots, v, strict=True):
            split[slot.part].append(np.ascontiguousarray(one, self.dtype))
        return split

    def _encoded(self, inputs: Inputs, key: Key) -> list[Floats]:
        return [
            encode(
                x,
                network,
                generator((*key, part), Purpose.CODING) if network.coding == "bernoulli" else None,
            )
            for part, (x, network) in enumerate(
                zip(self._checked(inputs), self.operator.parts, strict=True)
            )
        ]

    def _checked(self, inputs: Inputs) -> list[Floats]:
        parts = self.operator.parts
        if len(inputs) != len(parts):
            raise BadInput(
                f"inputs must be {len(parts)} arrays, one for each part, not {len(inputs)}"
            )
        checked = [np.asarray(x, self.dtype) for x in inputs]
        for part, (x, network) in enumerate(zip(checked, parts, strict=True)):
            if x.ndim != 2 or x.shape[1] != network.layers[0]:
                raise BadInput(
                    f"inputs[{part}] must have shape [B, {network.layers[0]}], not {list(x.shape)}"
                )
        return checked


def _affine(values: Floats, w: Floats, b: Floats) -> Floats:
    return values @ w.T + b
