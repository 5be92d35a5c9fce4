"""A scalar oracle of the online learner, from what docs/online_chip.md says.

One sample, one step, one neuron after the other, in fractions; a change is written down where it
is made, with the pass before which it lands.
"""

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.lfsr import coder_state, feedback_state, seed_state
from tests.golden.drawn import DRAWER, SIGNS, Register
from tests.golden.feedback_oracle import FeedbackOracle
from tests.golden.slopes import half_up

ONE = Fraction(1)


def window(register: Register) -> int:
    """The next 24 bits of a register, which stays where it is."""
    return register.state & 0xFFFFFF


def inner(a: Any, b: Any) -> Fraction:
    """The sum of products."""
    return sum((one * other for one, other in zip(a, b, strict=True)), Fraction(0))


class OnlineOracle:
    """One chip: lists of stored integers, the registers, the flags raised so far."""

    def __init__(self, d: Description, weights: Any, biases: Any) -> None:
        self.d, self.weights, self.biases = d, weights, biases
        self.flags: set[str] = set()
        self.feedback = [FeedbackOracle(d, width) for width in d.network.layers[1:-1]]
        self.drawer = Register(DRAWER, seed_state(d.learning.seed))
        self.coder = Register(DRAWER, coder_state(d.learning.seed))
        words = Register(DRAWER, feedback_state(d.learning.seed))
        self.fixed = []
        for width in d.network.layers[1:-1]:
            signs = Register(SIGNS, words.word())
            self.fixed.append([[1 - 2 * signs.bit() for _ in range(d.basis)] for _ in range(width)])

    def fit(self, value: Fraction, form: Format, flag: str, below: str = "") -> Fraction:
        """Nearest value of the format, halves up, clipped; ``below``: the lower end's own flag."""
        stored = half_up(value / form.lsb)
        clipped = min(form.highest, max(form.lowest, stored))
        if clipped != stored:
            self.flags.add(below if below and stored < clipped else flag)
        return clipped * form.lsb

    def frames(self, x: list[list[Any]]) -> list[list[list[Fraction]]]:
        """What the first layer takes of every sample, step by step."""
        coding, steps, lsb = (
            self.d.network.coding,
            self.d.network.time_steps,
            self.d.formats.input.lsb,
        )
        if coding == "frames":
            return [[[value * lsb for value in frame] for frame in sample] for sample in x]
        found = []
        for sample in x:
            sizes, signs = [abs(v) * lsb for v in sample], [(v > 0) - (v < 0) for v in sample]
            taken = []
            for t in range(1, steps + 1):
                if coding == "rate":
                    fired = [math.floor(t * s) > math.floor((t - 1) * s) for s in sizes]
                elif coding == "bernoulli":
                    fired = [s > self.uniform() for s in sizes]
                else:
                    fired = [Fraction(abs(v) * lsb) for v in sample]
                taken.append([Fraction(f * s) for f, s in zip(fired, signs, strict=True)])
            found.append(taken)
        return found

    def uniform(self) -> Fraction:
        """A number in [0, 1) as fine as the inputs, last bit first."""
        bits = self.d.formats.input.fraction
        return sum(self.coder.bit() << n for n in range(bits)) * Fraction(1, 2**bits)

    def infer(self, x: Any) -> list[list[int]]:
        """Stored scores of every sample."""
        return self.run(x, None, 0)[1]

    def update(self, x: Any, target: Any, stage: int) -> int:
        """Learn from a batch; the stored loss."""
        return self.run(x, target, stage)[0]

    def run(self, x: Any, target: Any, stage: int) -> tuple[int, list[list[int]]]:
        """A batch: loss, scores."""
        d, f = self.d, self.d.formats
        layers, steps = d.n_layers, d.network.time_steps
        learn, self.heard = target is not None, [[] for _ in range(layers)]
        self.last_shift = d.learning.rate + d.layer_shift[-1] + stage
        lanes = d.learning.directions if d.learning.has_lanes else 0
        if learn:
            self.rounding = [
                [Register(SIGNS, self.drawer.word()) for _ in "rc"] for _ in range(layers)
            ]
            signs = [
                [Register(SIGNS, self.drawer.word()) for _ in range(lanes)]
                for _ in range(layers - 1)
            ]
        still = d.network.coding == "direct"
        self.due: list[list[Any]] = [[] for _ in range(layers)]
        loss, scores = Fraction(0), []
        for n, sample in enumerate(self.frames(x)):
            u = [[Fraction(0)] * width for width in d.network.layers[1:]]
            traces = [[Fraction(0)] * width for width in d.network.layers[:-1]]
            sums, held, kappa = [Fraction(0)] * d.basis, [Fraction(0)] * d.shapes[0][1], Fraction(0)
            z: list[list[Fraction]] = [[] for _ in range(layers)]
            for t, spikes in enumerate(sample):
                number, paths, own, gates = n * steps + t, {}, {}, []
                kappa = self.trace(kappa, ONE)
                past = []
                for layer in range(layers):
                    once = still and layer == 0
                    if learn and not (once and t):
                        self.land(layer, n if once else number, stage)
                    if not (once and t):
                        z[layer] = self.weigh(layer, spikes, bias=True)
                    last = layer == layers - 1
                    if not once:
                        old = traces[layer]
                        traces[layer] = [self.trace(a, s) for a, s in zip(old, spikes, strict=True)]
                    past.append(spikes if last or once else traces[layer])
                    if last:
                        break
                    theta = d.parts[0].thresholds[layer] * f.membrane.lsb
                    u[layer] = [self.charged(a, b) for a, b in zip(u[layer], z[layer], strict=True)]
                    sigma = half_up(Fraction(d.network.surrogate.sigma) / f.membrane.lsb)
                    gate = [abs(a - theta) < sigma * f.membrane.lsb for a in u[layer]]
                    gates.append(gate)
                    spikes = [Fraction(a > theta) for a in u[layer]]
                    self.heard[layer] = spikes
                    u[layer] = [a - theta * s for a, s in zip(u[layer], spikes, strict=True)]
                    for key, dS in paths.items():
                        dz = self.weigh(layer, dS, bias=False)
                        paths[key] = [a * g for a, g in zip(dz, gate, strict=True)]
                    for q in range(lanes if learn else 0):
                        drawn = [1 - 2 * signs[layer][q].bit() for _ in gate]
                        first = [True] * len(gate) if d.learning.keeps_feedback else gate
                        own[layer, q] = [Fraction(v * g) for v, g in zip(drawn, first, strict=True)]
                        paths[layer, q] = own[layer, q]
                sums = [a + o for a, o in zip(sums, z[-1], strict=True)]
                if not learn:
                    continue
                e = self.errors(z[-1], target[n])
                loss += sum(one * one for one in e)
                paths = {key: self.weigh(layers - 1, dS, bias=False) for key, dS in paths.items()}
                self.change(layers - 1, number, 2, e, past[-1], ONE)
                for layer in range(layers - 1):
                    d_l = self.signals(layer, e, gates[layer], paths, own)
                    if still and layer == 0:
                        held = [h + s * kappa for h, s in zip(held, d_l, strict=True)]
                    else:
                        self.change(layer, number, layers + 1 - layer, d_l, past[layer], ONE)
            if learn and still:
                wide = f.cotangent
                wide = replace(wide, integer=wide.integer + (steps - 1).bit_length())
                held = [self.fit(h, wide, "STEP") for h in held]
                self.change(0, n, 2, held, sample[0], ONE)
            if not learn:
                scores.append(self.scores(sums))
        for layer in range(layers):
            self.land(layer, 10**9, stage)
        return int(loss / f.error.lsb**2), scores

    def errors(self, o: list[Fraction], target: Any) -> list[Fraction]:
        """Of a step, against stored targets; of margin against a class, 1 for its own output."""
        form, wanted = self.d.formats.error, [y * self.d.formats.target.lsb for y in target]
        if self.d.learning.loss == "margin":
            wanted = [min(a, ONE * 0) for a in o]
            if 0 <= target[0] < len(o):
                wanted[target[0]] = max(o[target[0]], ONE)
            else:
                self.flags.add("LABEL")
                wanted = o
        return [self.fit(a - y, form, "STEP") for a, y in zip(o, wanted, strict=True)]

    def scores(self, sums: list[Fraction]) -> list[int]:
        """Stored means over the steps, or over the next power of two."""
        form, grow = self.d.formats.membrane, 2 ** (self.d.network.time_steps - 1).bit_length()
        return [int(self.fit(s / grow, form, "MEMBRANE") / form.lsb) for s in sums]

    def trace(self, old: Fraction, value: Fraction) -> Fraction:
        """One step of a trace of 6 fraction bits; what leaks is cut off."""
        k = self.d.parts[0].leak_shift
        lost = Fraction(math.floor(old * 64) >> k, 64) if k else 0
        return old - lost + value

    def charged(self, u: Fraction, z: Fraction) -> Fraction:
        """A membrane after leak and input."""
        form, k = self.d.formats.membrane, self.d.parts[0].leak_shift
        lost = half_up(u / form.lsb / 2**k) * form.lsb if k else 0
        return self.fit(u - lost + z, form, "MEMBRANE", "FLOOR")

    def weigh(self, layer: int, value: Any, *, bias: bool) -> list[Fraction]:
        """z of a layer, or dz."""
        f = self.d.formats
        form, flag = (f.membrane, "MEMBRANE") if bias else (f.tangent, "TANGENT")
        found = []
        for w, b in zip(self.weights[layer], self.biases[layer], strict=True):
            total = sum(
                (p * v for p, v in zip(w, value, strict=True)), b * ONE if bias else ONE * 0
            )
            found.append(self.fit(total * f.weight.lsb, form, flag))
        return found

    def signals(self, layer: int, e: Any, gate: Any, paths: Any, own: Any) -> list[Fraction]:
        """What comes back to the neurons of a hidden layer."""
        d, form = self.d, self.d.formats.cotangent
        if d.learning.feedback == "kolen-pollack":
            back = self.feedback[layer].bring(e)
            self.feedback[layer].mirror(self.heard[layer], e, self.last_shift, self.fit)
            return [self.fit(one * g, form, "STEP") for one, g in zip(back, gate, strict=True)]
        if not own:
            rows = zip(self.fixed[layer], gate, strict=True)
            back = [
                sum((b * k for b, k in zip(row, e, strict=True)), ONE * 0) * g for row, g in rows
            ]
            return [self.fit(one, form, "STEP") for one in back]
        lanes = d.learning.directions
        if d.learning.keeps_feedback:
            signs, dy = ([one[layer, q] for q in range(lanes)] for one in (own, paths))
            self.feedback[layer].move(signs, dy, self.fit)
            back = self.feedback[layer].bring(e)
            return [self.fit(one * g, form, "STEP") for one, g in zip(back, gate, strict=True)]
        total = [Fraction(0)] * len(gate)
        for q in range(lanes):
            slope = self.fit(inner(e, paths[layer, q]), form, "STEP")
            total = [a + v * slope for a, v in zip(total, own[layer, q], strict=True)]
        return [self.fit(a / 2 ** (lanes - 1).bit_length(), form, "STEP") for a in total]

    def change(self, layer: int, number: int, lag: int, d_l: Any, a: Any, one: Any) -> None:
        """Remember a change and the pass before which it lands."""
        self.due[layer].append((number + lag, d_l, a, one))

    def land(self, layer: int, now: int, stage: int) -> None:
        """Apply what is due before pass ``now``."""
        while self.due[layer] and self.due[layer][0][0] <= now:
            _, signal, trace, one = self.due[layer].pop(0)
            self.apply(layer, signal, [one, *trace], stage)

    def apply(self, layer: int, signal: Any, trace: Any, stage: int) -> None:
        """One change, rounded at random."""
        d, form = self.d, self.d.formats.weight
        shift = d.learning.rate + d.layer_shift[layer] + stage
        rows, columns = (self.copied(register) for register in self.rounding[layer])
        c = []
        for _ in trace:
            c.append(window(columns))
            columns.bit()
        unit = self.unit(layer)
        cut = shift + self.fraction(unit) - form.fraction
        for i, one in enumerate(signal):
            r = window(rows)
            rows.bit()
            for j, a in enumerate(trace):
                dither = (r ^ c[j]) % 2**cut
                moved = math.floor((one * a / unit + dither) / 2**cut)
                held = self.biases[layer] if j == 0 else self.weights[layer][i]
                at = i if j == 0 else j - 1
                kept = min(form.highest, max(form.lowest, held[at] - moved))
                if kept != held[at] - moved:
                    self.flags.add("WEIGHT")
                held[at] = kept
        for register in self.rounding[layer]:
            register.word()

    def unit(self, layer: int) -> Fraction:
        """The last bit of a signal times a trace."""
        f, last = self.d.formats, self.d.n_layers - 1
        signal = f.error.lsb if layer == last else f.cotangent.lsb
        return signal * self.trace_lsb(layer)

    def trace_lsb(self, layer: int) -> Fraction:
        """That of a trace."""
        if layer == self.d.n_layers - 1:
            return ONE
        still = self.d.network.coding == "direct" and layer == 0
        return self.d.formats.input.lsb if still else Fraction(1, 64)

    @staticmethod
    def fraction(unit: Fraction) -> int:
        """Bits after the point of a power of two."""
        return unit.denominator.bit_length() - 1

    @staticmethod
    def copied(register: Register) -> Register:
        """A register that goes its own way."""
        return Register(SIGNS, register.state)
