"""A scalar oracle of the operator chip.

It takes one sample, one step, one neuron, one point and one lane after the other, in fractions,
from what docs/operators.md, docs/numbers.md and docs/perturbation.md say. It carries every lane
through every part.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from dualspike.model.formats import Format
from dualspike.model.operator_chip import OperatorDescription

HALF = Fraction(1, 2)


def register(state: int, length: int, taps: tuple[int, ...]) -> Any:
    """Output bits of a shift register, for ever: b[i + n] = XOR of b[i + tap]."""
    bits = [state >> n & 1 for n in range(length)]
    for i in itertools.count():
        yield bits[i]
        bits.append(sum(bits[i + tap] for tap in taps) % 2)


class Oracle:
    """One chip: lists of stored integers, the drawer's bits, the flags raised so far."""

    def __init__(self, d: OperatorDescription, weights: Any, biases: Any, state: int) -> None:
        self.d, self.weights, self.biases = d, weights, biases
        self.flags: set[str] = set()
        self.drawer = register(state, 64, (0, 1, 3, 4))
        self.velocities: dict[Any, int] = {}
        form = d.formats.weight
        bits = 4 if d.learning.momentum else 0
        self.finer = replace(form, fraction=form.fraction + bits)

    def fit(self, value: Fraction, form: Format, flag: str) -> Fraction:
        """Nearest value of the format, halves up, clipped."""
        stored = math.floor(value / form.lsb + HALF)
        clipped = min(form.highest, max(form.lowest, stored))
        if clipped != stored:
            self.flags.add(flag)
        return clipped * form.lsb

    def signs(self) -> Any:
        """By lane, by layer: (V [n_out][n_in], C [n_out]), 0 where masked."""
        d, learning = self.d, self.d.learning
        factored = learning.structure == "factored"
        layers_on = range(d.n_layers)
        lanes_on = [[n] for n in layers_on] if learning.scope == "layer" else [list(layers_on)]
        lanes_on = [*lanes_on * learning.directions] if learning.masks is None else learning.masks
        lanes_on = [[n for n in lane if n not in learning.frozen] for lane in lanes_on]
        lanes_on = [lane for lane in lanes_on if lane]

        def field(count: int) -> list[int]:
            return [next(self.drawer) for _ in range(-(-count // 32) * 32)][:count]

        lanes = []
        for lane in range(len(lanes_on)):
            layers = []
            for layer, (n_in, n_out) in enumerate(d.shapes):
                row = field(n_out)
                if factored:
                    column = field(n_in + 1)
                    v = [[row[i] ^ column[j + 1] for j in range(n_in)] for i in range(n_out)]
                    c = [row[i] ^ column[0] for i in range(n_out)]
                else:
                    start = sum(bit << n for n, bit in enumerate(field(32)))
                    stream = list(itertools.islice(register(start, 32, (0, 2, 6, 7)), n_in * n_out))
                    v = [[stream[j * n_out + i] for j in range(n_in)] for i in range(n_out)]
                    c = row
                on = layer in lanes_on[lane]
                layers.append(
                    ([[on * (1 - 2 * b) for b in r] for r in v], [on * (1 - 2 * b) for b in c])
                )
            lanes.append(layers)
        return lanes

    def part(self, part: int, x: list[int], signs: Any) -> Any:
        """(A_i, [dA_i of every lane]) of every output, for one sample."""
        d, f, network = self.d, self.d.formats, self.d.parts[part]
        first, steps, lanes = d.layers_of(part).start, network.time_steps, len(signs)
        train: Any = [([v * f.input.lsb for v in x], [[Fraction(0)] * lanes for _ in x])] * steps
        for layer in range(first, first + len(network.layers) - 2):
            states = [(Fraction(0), [Fraction(0)] * lanes)] * d.shapes[layer][1]
            after = []
            for a, da in train:
                fired = [
                    self.neuron(part, state, z)
                    for state, z in zip(
                        states, self.sums(layer, signs, a, da, Fraction(1)), strict=True
                    )
                ]
                states = [(u, du) for u, du, _, _ in fired]
                after.append(([s for _, _, s, _ in fired], [ds for *_, ds in fired]))
            train = after
        counts = [sum(column) for column in zip(*[a for a, _ in train], strict=True)]
        moved = [
            [sum(da[j][k] for _, da in train) for k in range(lanes)] for j in range(len(counts))
        ]
        shift = math.ceil(math.log2(steps)) + (0 if steps & (steps - 1) == 0 else 11)
        mean = Fraction(round(2**shift / steps), 2**shift)
        return self.sums(first + len(network.layers) - 2, signs, counts, moved, mean)

    def sums(self, layer: int, signs: Any, a: Any, da: Any, scale: Fraction) -> Any:
        """z and dz of every neuron."""
        f, result = self.d.formats, []
        for i, row in enumerate(self.weights[layer]):
            w = [weight * f.weight.lsb for weight in row]
            total = sum(x * y for x, y in zip(w, a, strict=True)) * scale
            z = self.fit(total + self.biases[layer][i] * f.weight.lsb, f.membrane, "MEMBRANE")
            dz = []
            for k, lane in enumerate(signs):
                v, c = lane[layer]
                moved = sum(x * y[k] for x, y in zip(w, da, strict=True))
                moved += sum(x * y for x, y in zip(v[i], a, strict=True))
                dz.append(self.fit(moved * scale + c[i], f.tangent, "TANGENT"))
            result.append((z, dz))
        return result

    def neuron(self, part: int, state: Any, fed: Any) -> Any:
        """U, dU, S, dS."""
        f, network = self.d.formats, self.d.parts[part]
        s, theta = network.surrogate, round(network.thresholds[0] / f.membrane.lsb) * f.membrane.lsb
        u = self.fit(state[0] + fed[0], f.membrane, "MEMBRANE")
        du = [self.fit(a + b, f.tangent, "TANGENT") for a, b in zip(state[1], fed[1], strict=True)]
        width = Fraction(2 * s.span, s.entries)
        place = math.floor((u - theta + s.span) / width)
        slope = Fraction(0)
        if 0 <= place < s.entries:
            x = float((place + HALF) * width - s.span)
            peak = math.sqrt(2 * math.pi) * s.sigma
            value = math.exp(-(x**2) / (2 * s.sigma**2)) / peak
            slope = math.floor(value * 2**f.surrogate.fraction + 0.5) * f.surrogate.lsb
        ds = [self.fit(slope * charge, f.tangent, "TANGENT") for charge in du]
        fires = u > theta
        return u - fires * theta, du, Fraction(int(fires)), ds

    def update(self, inputs: Any, target: Any, scale: Any, stage: int) -> Any:
        """LOSS, JVP_k as stored integers, and y; then the weights move."""
        d, f = self.d, self.d.formats
        signs, last, basis = self.signs(), len(d.parts) - 1, range(d.basis)
        outs = [[self.part(n, row, signs) for row in rows] for n, rows in enumerate(inputs)]
        factor = [
            [[self.fit(a, f.factor, "FACTOR") for a, _ in row] for row in rows] for rows in outs
        ]
        sizes = [range(len(rows)) for rows in inputs]
        mean = [Fraction(1, 2 ** math.ceil(math.log2(len(size)))) for size in sizes]
        chain: list[Any] = [{(r,): factor[0][r] for r in sizes[0]}]
        for n in range(1, last):
            chain.append(
                {
                    (*at, r): [self.fit(q[i] * factor[n][r][i], f.factor, "FACTOR") for i in basis]
                    for at, q in chain[-1].items()
                    for r in sizes[n]
                }
            )
        y, w, loss = {}, {}, Fraction(0)
        for at in itertools.product(*sizes):
            q, b = chain[last - 1][at[:-1]], factor[last][at[-1]]
            y[at] = self.fit(sum((q[i] * b[i] for i in basis), Fraction(0)), f.membrane, "MEMBRANE")
            e = self.fit(y[at] - int(target[at]) * f.target.lsb, f.error, "ERROR")
            w[at] = (
                e
                if scale is None
                else self.fit(e * int(scale[at[0]]) * f.scale.lsb, f.error, "ERROR")
            )
            loss += e * w[at]
        own: list[Any] = [None] * (last + 1)
        own[last] = self.average(
            {(at, i): w[at] * chain[last - 1][at[:-1]][i] for at in w for i in basis},
            lambda at: at[-1],
            math.prod(mean[:last], start=Fraction(1)),
            sizes[last],
        )
        back = self.average(
            {(at, i): w[at] * factor[last][at[-1]][i] for at in w for i in basis},
            lambda at: at[:-1],
            mean[last],
            chain[last - 1],
        )
        for n in range(last - 1, 0, -1):
            own[n] = self.average(
                {(at, i): g[i] * chain[n - 1][at[:-1]][i] for at, g in back.items() for i in basis},
                lambda at: at[-1],
                math.prod(mean[:n], start=Fraction(1)),
                sizes[n],
            )
            back = self.average(
                {(at, i): g[i] * factor[n][at[-1]][i] for at, g in back.items() for i in basis},
                lambda at: at[:-1],
                mean[n],
                chain[n - 1],
            )
        own[0] = {r: back[r,] for r in sizes[0]}
        jvp = [
            sum(
                own[n][r][i] * outs[n][r][i][1][k] * mean[n]
                for n in range(last + 1)
                for r in sizes[n]
                for i in basis
            )
            for k in range(d.lanes)
        ]
        unit = f.cotangent.lsb * f.tangent.lsb * min(mean)
        self.learn(signs, jvp, stage, unit)
        return loss / f.error.lsb**2, [slope / unit for slope in jvp], y

    def average(self, terms: Any, place: Any, mean: Fraction, places: Any) -> Any:
        """Sums of the terms (at, i) by place(at), times ``mean``, in the format cotangent."""
        sums: Any = {at: [Fraction(0)] * self.d.basis for at in places}
        for (at, i), term in terms.items():
            sums[place(at)][i] += term
        form = self.d.formats.cotangent
        return {
            at: [self.fit(v * mean, form, "COTANGENT") for v in row] for at, row in sums.items()
        }

    def learn(self, signs: Any, jvp: Any, stage: int, unit: Fraction) -> None:
        """Move the weights, lane by lane, layer by layer; ``unit``: the last bit of a jvp."""
        d, learning = self.d, self.d.learning
        stochastic = learning.rounding == "stochastic"
        words = [
            [self.word() if stochastic else 0 for _ in range(d.n_layers)] for _ in range(len(signs))
        ]
        for k, lane in enumerate(signs):
            for layer, (v, c) in enumerate(lane):
                if not any(c):
                    continue
                users = [n for n, other in enumerate(signs) if any(other[layer][1])]
                ends = k == users[0], k == users[-1]
                rate = learning.rate + (learning.layer_shift or [0] * d.n_layers)[layer] + stage
                eighths = learning.mantissa[layer] if learning.mantissa else 8
                lsb = self.finer.lsb
                span = lsb / unit * Fraction(2) ** rate * (8 if learning.mantissa else 1)
                dither = words[k][layer] % span / span if stochastic else HALF
                step = math.floor(jvp[k] * eighths / 8 / Fraction(2) ** rate / lsb + dither)
                step = self.clip(step, self.finer, "STEP")
                for i, row in enumerate(self.weights[layer]):
                    for j in range(len(row)):
                        row[j] = self.moved((layer, i, j), row[j], v[i][j] * step, ends)
                    at = (layer, i, -1)
                    self.biases[layer][i] = self.moved(at, self.biases[layer][i], c[i] * step, ends)

    def word(self) -> int:
        """32 bits of the drawer."""
        return sum(next(self.drawer) << n for n in range(32))

    def clip(self, stored: int, form: Format, flag: str) -> int:
        """A stored integer within its format."""
        clipped = min(form.highest, max(form.lowest, stored))
        if clipped != stored:
            self.flags.add(flag)
        return clipped

    def moved(self, at: Any, weight: int, step: int, ends: tuple[bool, bool]) -> int:
        """One stored weight, a step further; with momentum its velocity, in the end the weight."""
        form, momentum = self.d.formats.weight, self.d.learning.momentum
        if momentum is None:
            return self.clip(weight - step, form, "WEIGHT")
        first, last = ends
        old = self.velocities.get(at, 0)
        lost = math.floor(Fraction(old, 2**momentum) + HALF) if first else 0
        new = self.velocities[at] = self.clip(old - lost + step, self.finer, "WEIGHT")
        if not last:
            return weight
        return self.clip(weight - math.floor(Fraction(new, 16) + HALF), form, "WEIGHT")


@pytest.fixture
def oracle() -> Callable[[OperatorDescription, Any, Any, int], Oracle]:
    """Makes the oracle of a chip from lists of stored weights and biases and the drawer's state."""
    return Oracle
