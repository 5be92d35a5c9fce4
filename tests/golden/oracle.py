"""A scalar oracle of every kind of chip.

It takes one sample, one step, one neuron, one point and one lane after the other, in fractions,
from what docs/numbers.md, docs/perturbation.md and docs/operators.md say. It carries every lane
through every part.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from operator import itemgetter
from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.lfsr import coder_state, seed_state
from tests.golden.drawn import DRAWER, Register, lanes_on, signs
from tests.golden.slopes import half_up, table

Place = Callable[[Any], Any]
ZERO, HALF, ONE = Fraction(0), Fraction(1, 2), Fraction(1)


def others(at: Any) -> Any:
    """A place on the grid but for its last axis."""
    return at[:-1]


class Oracle:
    """One chip: lists of stored integers, the registers, the flags raised so far."""

    def __init__(self, d: Description, weights: Any, biases: Any, state: int | None = None) -> None:
        self.d, self.weights, self.biases = d, weights, biases
        self.flags: set[str] = set()
        self.drawer = Register(DRAWER, seed_state(d.learning.seed) if state is None else state)
        self.coder = Register(DRAWER, coder_state(d.learning.seed))
        self.velocities: dict[Any, int] = {}
        form = d.formats.weight
        self.finer = replace(form, fraction=form.fraction + (4 if d.learning.momentum else 0))
        self.tables = [table(d, network.surrogate) for network in d.networks]

    def clip(self, stored: int, form: Format, flag: str, below: str = "") -> int:
        """A stored integer within its format; ``below``: the flag of the lower end, if another."""
        clipped = min(form.highest, max(form.lowest, stored))
        if clipped != stored:
            self.flags.add(below if below and stored < clipped else flag)
        return clipped

    def fit(self, value: Fraction, form: Format, flag: str, below: str = "") -> Fraction:
        """Nearest value of the format, halves up, clipped."""
        return self.clip(half_up(value / form.lsb), form, flag, below) * form.lsb

    def infer(self, inputs: Any) -> Any:
        """Stored outputs by their place: row and output, or row of every part."""
        outs = self.forward(inputs, [])
        y = self.product(outs)[0] if len(outs) > 1 else self.outputs(outs[0])
        return {at: value / self.d.formats.membrane.lsb for at, value in y.items()}

    def update(self, inputs: Any, target: Any, scale: Any, stage: int) -> Any:
        """LOSS and JVP_k as stored integers; then the weights move."""
        drawn = signs(self.d, self.drawer)
        outs = self.forward(inputs, drawn)
        if len(outs) > 1:
            loss, jvp, unit = self.product_slopes(outs, target, scale)
        else:
            loss, jvp, unit = self.squared_error(outs[0], target)
        self.learn(drawn, jvp, stage, unit)
        return loss, [slope / unit for slope in jvp]

    def forward(self, inputs: Any, drawn: Any) -> Any:
        """By part, by row: the outputs of every readout, the network's first."""
        return [[self.part(n, row, drawn) for row in rows] for n, rows in enumerate(inputs)]

    def part(self, part: int, x: list[int], drawn: Any) -> Any:
        """(A_i, [dA_i of every lane]) of every output of every readout, for one sample."""
        d, network, lanes = self.d, self.d.networks[part], len(drawn)
        first, steps = d.layers_of(part).start, network.time_steps
        none = [[ZERO] * lanes for _ in x]
        train = [
            ([self.coded(part, t, v * d.formats.input.lsb) for v in x], none) for t in range(steps)
        ]
        summed: list[Any] = []
        for depth in range(len(network.layers) - 2):
            states = [(ZERO, [ZERO] * lanes)] * d.shapes[first + depth][1]
            after = []
            for a, da in train:
                fed = self.sums(first + depth, drawn, a, da, ONE)
                fired = [self.neuron(part, depth, *pair) for pair in zip(states, fed, strict=True)]
                states = [(u, du) for u, du, _, _ in fired]
                after.append(([s for _, _, s, _ in fired], [ds for *_, ds in fired]))
            train = after
            counts = [sum(column) for column in zip(*[a for a, _ in train], strict=True)]
            moved = [
                [sum((da[j][k] for _, da in train), ZERO) for k in range(lanes)]
                for j in range(len(counts))
            ]
            summed.append((counts, moved))
        # 1 / T is exact for powers of two, else rounded with 11 bits more.
        shift = math.ceil(math.log2(steps)) + (0 if steps & (steps - 1) == 0 else 11)
        mean = Fraction(round(2**shift / steps), 2**shift)
        read = [summed[-1], *(summed if d.learning.local and drawn else [])]
        first += len(network.layers) - 2
        return [self.sums(first + n, drawn, a, da, mean) for n, (a, da) in enumerate(read)]

    def coded(self, part: int, t: int, value: Fraction) -> Fraction:
        """What the first layer gets of an input at step t."""
        coding, size = self.d.networks[part].coding, abs(value)
        if coding == "direct":
            return value
        fires = math.floor((t + 1) * size) > math.floor(t * size)
        if coding == "bernoulli":
            bits = self.d.formats.input.fraction
            fires = size > sum(Fraction(self.coder.bit(), 2 ** (bits - n)) for n in range(bits))
        return Fraction(fires * (1 if value > 0 else -1))

    def sums(self, layer: int, drawn: Any, a: Any, da: Any, scale: Fraction) -> Any:
        """z and dz of every neuron: W a + b, and for each lane W da + V a + C."""
        f, result = self.d.formats, []
        for i, row in enumerate(self.weights[layer]):
            w = [weight * f.weight.lsb for weight in row]
            total = sum(x * y for x, y in zip(w, a, strict=True)) * scale
            z = self.fit(total + self.biases[layer][i] * f.weight.lsb, f.membrane, "MEMBRANE")
            dz = []
            for k, lane in enumerate(drawn):
                v, c = lane[layer]
                moved = sum(x * y[k] for x, y in zip(w, da, strict=True))
                moved += sum(x * y for x, y in zip(v[i], a, strict=True))
                dz.append(self.fit(moved * scale + c[i], f.tangent, "TANGENT"))
            result.append((z, dz))
        return result

    def neuron(self, part: int, depth: int, state: Any, fed: Any) -> Any:
        """U, dU, S, dS."""
        f, network, table = self.d.formats, self.d.networks[part], self.tables[part]
        s, given = network.surrogate, network.threshold
        theta = given[depth] if isinstance(given, list) else given
        theta = round(theta / f.membrane.lsb) * f.membrane.lsb
        lost = [Fraction(1, 2**k) for k in range(1, 9) if network.leak == 1 - 0.5**k]

        def kept(value: Fraction, form: Format) -> Fraction:
            return value - sum(half_up(value / form.lsb * share) for share in lost) * form.lsb

        u = self.fit(kept(state[0], f.membrane) + fed[0], f.membrane, "MEMBRANE", "FLOOR")
        du = [
            self.fit(kept(a, f.tangent) + b, f.tangent, "TANGENT")
            for a, b in zip(state[1], fed[1], strict=True)
        ]
        place = math.floor((u - theta + s.span) / Fraction(2 * s.span, s.entries))
        slope = table[place] if 0 <= place < s.entries else ZERO
        ds = [self.fit(slope * charge, f.tangent, "TANGENT") for charge in du]
        if network.reset == "attached":
            back = [half_up(theta * one / f.tangent.lsb) * f.tangent.lsb for one in ds]
            du = [self.fit(a - b, f.tangent, "TANGENT") for a, b in zip(du, back, strict=True)]
        fires = Fraction(u > theta)
        return u - fires * theta, du, fires, ds

    @staticmethod
    def outputs(rows: Any) -> Any:
        """y of a perceptron."""
        return {(r, i): y for r, (first, *_) in enumerate(rows) for i, (y, _) in enumerate(first)}

    def squared_error(self, rows: Any, target: Any) -> Any:
        """LOSS, the mean of e dy for every lane, and that mean's last bit.

        With local losses the network's own counts as much as all others together.
        """
        f, loss, jvp = self.d.formats, ZERO, [ZERO] * len(lanes_on(self.d))
        local = len(rows[0]) - 1
        mean = Fraction(1, 2 ** math.ceil(math.log2(len(rows))))
        mean /= 2 ** math.ceil(math.log2(local or 1))
        for readouts, wanted in zip(rows, target.tolist(), strict=True):
            for n, outputs in enumerate(readouts):
                weight = local or 1 if n == 0 else 1
                for (y, dy), one in zip(outputs, wanted, strict=True):
                    e = y - one * f.target.lsb
                    loss += weight * e * e
                    jvp = [s + weight * e * t * mean for s, t in zip(jvp, dy, strict=True)]
        return loss / f.membrane.lsb**2, jvp, f.membrane.lsb * f.tangent.lsb * mean

    def product(self, outs: Any) -> Any:
        """y at every point, the factors of every part, and the products of the first n parts."""
        f, basis, last = self.d.formats, range(self.d.basis), len(outs) - 1
        factor = [
            [[self.fit(a, f.factor, "FACTOR") for a, _ in first] for (first,) in rows]
            for rows in outs
        ]
        chain: list[Any] = [{(r,): row for r, row in enumerate(factor[0])}]
        for n in range(1, last):
            chain.append(
                {
                    (*at, r): [self.fit(q[i] * row[i], f.factor, "FACTOR") for i in basis]
                    for at, q in chain[-1].items()
                    for r, row in enumerate(factor[n])
                }
            )
        y = {}
        for (at, q), (r, b) in itertools.product(chain[-1].items(), enumerate(factor[last])):
            total = sum((q[i] * b[i] for i in basis), ZERO)
            y[*at, r] = self.fit(total, f.membrane, "MEMBRANE")
        return y, factor, chain

    def mean_errors(self, outs: Any, target: Any, scale: Any) -> Any:
        """The loss, E by part, row and output, and what a mean over each axis is times a sum."""
        f, basis, last = self.d.formats, range(self.d.basis), len(outs) - 1
        y, factor, chain = self.product(outs)
        sizes = [range(len(rows)) for rows in outs]
        mean = [Fraction(1, 2 ** math.ceil(math.log2(len(size)))) for size in sizes]
        back, loss = {}, ZERO
        for at, value in y.items():
            e = w = self.fit(value - int(target[at]) * f.target.lsb, f.error, "ERROR")
            if scale is not None:
                w = self.fit(e * int(scale[at[0]]) * f.scale.lsb, f.error, "ERROR")
            loss += e * w
            back[at] = [w] * len(basis)
        own: list[Any] = [None] * (last + 1)
        for n in range(last, 0, -1):
            before = math.prod(mean[:n], start=ONE)
            own[n] = self.average(back, chain[n - 1], others, itemgetter(-1), before, sizes[n])
            back = self.average(back, factor[n], itemgetter(-1), others, mean[n], chain[n - 1])
        own[0] = {r: back[r,] for r in sizes[0]}
        return loss, own, mean

    def product_slopes(self, outs: Any, target: Any, scale: Any) -> Any:
        """LOSS, jvp of every lane, and the last bit of a jvp."""
        f = self.d.formats
        loss, own, mean = self.mean_errors(outs, target, scale)
        jvp = [
            sum(
                own[n][r][i] * outs[n][r][0][i][1][k] * mean[n]
                for n in range(len(outs))
                for r in range(len(outs[n]))
                for i in range(self.d.basis)
            )
            for k in range(len(lanes_on(self.d)))
        ]
        return loss / f.error.lsb**2, jvp, f.cotangent.lsb * f.tangent.lsb * min(mean)

    def average(
        self, g: Any, by: Any, of: Place, to: Place, mean: Fraction, places: Any
    ) -> dict[Any, list[Fraction]]:
        """Sums of g(at) by(of(at)) at to(at), times ``mean``, in the format cotangent."""
        sums = {at: [ZERO] * self.d.basis for at in places}
        for at, row in g.items():
            products = [a * b for a, b in zip(row, by[of(at)], strict=True)]
            sums[to(at)] = [a + b for a, b in zip(sums[to(at)], products, strict=True)]
        form = self.d.formats.cotangent
        return {
            at: [self.fit(v * mean, form, "COTANGENT") for v in row] for at, row in sums.items()
        }

    def learn(self, drawn: Any, jvp: Any, stage: int, unit: Fraction) -> None:
        """Move the weights, lane by lane, layer by layer; ``unit``: the last bit of a jvp."""
        d, learning, lsb = self.d, self.d.learning, self.finer.lsb
        stochastic = learning.rounding == "stochastic"
        words = [[self.drawer.word() if stochastic else 0 for _ in lane] for lane in drawn]
        users = [[k for k, lane in enumerate(drawn) if any(lane[n][1])] for n in range(d.n_layers)]
        for k, lane in enumerate(drawn):
            for layer, (v, c) in enumerate(lane):
                if k not in users[layer]:
                    continue
                ends = k == users[layer][0], k == users[layer][-1]
                rate = learning.rate + (learning.layer_shift or [0] * d.n_layers)[layer] + stage
                eighths = learning.mantissa[layer] if learning.mantissa else 8
                span = lsb / unit * Fraction(2) ** rate * (8 if learning.mantissa else 1)
                dither = words[k][layer] % span / span if stochastic else HALF
                step = math.floor(jvp[k] * eighths / 8 / Fraction(2) ** rate / lsb + dither)
                step = self.clip(step, self.finer, "STEP")
                for i, row in enumerate(self.weights[layer]):
                    for j in range(len(row)):
                        row[j] = self.moved((layer, i, j), row[j], v[i][j] * step, ends)
                    at, bias = (layer, i, -1), self.biases[layer][i]
                    self.biases[layer][i] = self.moved(at, bias, c[i] * step, ends)

    def moved(self, at: Any, weight: int, step: int, ends: tuple[bool, bool]) -> int:
        """One stored weight, a step further; with momentum its velocity, in the end the weight."""
        form, momentum = self.d.formats.weight, self.d.learning.momentum
        if momentum is None:
            return self.clip(weight - step, form, "WEIGHT")
        first, last = ends
        old = self.velocities.get(at, 0)
        lost = half_up(Fraction(old, 2**momentum)) if first else 0
        new = self.velocities[at] = self.clip(old - lost + step, self.finer, "WEIGHT")
        return self.clip(weight - half_up(Fraction(new, 16)), form, "WEIGHT") if last else weight
