"""The integer chip against a scalar oracle.

The oracle takes one sample, one step and one neuron after the other, in plain Python integers and
fractions, from what the docstrings of `golden.integer` and `golden.chip` say.
"""

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dualspike.golden.chip import Chip
from dualspike.model.description import Description
from dualspike.model.formats import Format
from dualspike.model.keys import Purpose
from dualspike.model.lfsr import coder_state, seed_state
from dualspike.model.load import describe
from dualspike.model.registers import Flag


class Oracle:
    """One chip: lists of stored integers, and the flags raised so far."""

    def __init__(self, d: Description, weights: list[Any], biases: list[Any]) -> None:
        self.d, self.weights, self.biases = d, weights, biases
        self.coder = coder_state(d.learning.seed)
        self.flags: set[Flag] = set()
        self.momentum = d.learning.momentum or 0
        weight = d.formats.weight
        finer = Format(signed=True, integer=weight.integer, fraction=weight.fraction + 4)
        self.velocity = finer if self.momentum else None
        self.velocities: dict[Any, int] = {}
        s, form = d.network.surrogate, d.formats.surrogate
        width = Fraction(2 * s.span, s.entries)
        self.table = []
        for n in range(s.entries):
            f = Fraction(self.surrogate((n + Fraction(1, 2)) * width - s.span))
            stored = math.floor(f * 2**form.fraction + Fraction(1, 2))
            self.table.append(min(stored, form.highest))

    def surrogate(self, x: Fraction) -> Fraction | float:
        """f(x), exact but for gaussian and stein."""
        s = self.d.network.surrogate
        sigma, size = Fraction(s.sigma), abs(x)
        if s.kind == "gaussian":
            return math.exp(-(float(x) ** 2) / (2 * s.sigma**2)) / math.sqrt(2 * math.pi) / s.sigma
        if s.kind == "triangle":
            return (sigma - size) / sigma**2 if size < sigma else 0.0
        if s.kind == "rectangle":
            return 1 / (2 * sigma) if size < sigma else 0.0
        if s.kind == "fast_sigmoid":
            return 1 / (2 * sigma * (1 + size / sigma) ** 2)
        key = [self.d.learning.seed, 0, Purpose.SURROGATE]
        draws = np.abs(s.sigma * np.random.default_rng(key).standard_normal(s.samples))
        return math.fsum(draws[draws > float(size)]) / (2 * s.samples * s.sigma**2)

    def fit(self, value: Fraction, form: Format, flag: Flag) -> int:
        """Nearest stored integer, halves up, clipped."""
        stored = math.floor(value / form.lsb + Fraction(1, 2))
        clipped = min(form.highest, max(form.lowest, stored))
        if clipped != stored:
            self.flags.add(flag)
        return clipped

    def mean(self) -> Fraction:
        """1 / T as the chip has it: exact for powers of two, else rounded with 11 bits more."""
        steps = self.d.network.time_steps
        shift = math.ceil(math.log2(steps)) + (0 if steps & (steps - 1) == 0 else 11)
        return Fraction(round(2**shift / steps), 2**shift)

    def sums(
        self, layer: int, signs: Any, a: Sequence[Fraction | int], da: Any, scale: Fraction
    ) -> Any:
        """z and dz of every neuron: W a + b, and for each lane W da + V a + C."""
        f, result = self.d.formats, []
        for i, row in enumerate(self.weights[layer]):
            w = [weight * f.weight.lsb for weight in row]
            total = sum(x * y for x, y in zip(w, a, strict=True)) * scale
            z = self.fit(total + self.biases[layer][i] * f.weight.lsb, f.membrane, Flag.MEMBRANE)
            dz = []
            for k, (v, c) in enumerate(signs):
                moved = sum(x * y[k] for x, y in zip(w, da, strict=True))
                moved += sum(int(x) * y for x, y in zip(v[layer][i], a, strict=True))
                dz.append(self.fit(moved * scale + int(c[layer][i]), f.tangent, Flag.TANGENT))
            result.append((z, dz))
        return result

    def sample(self, x: list[int], signs: Any) -> list[list[tuple[int, list[int]]]]:
        """(y, dy of every lane) of every output; with signs of local readouts, too."""
        d, f, lanes = self.d, self.d.formats, len(signs)
        steps, last = d.network.time_steps, len(d.network.layers) - 2
        summed: list[Any] = []
        trains: Any = [
            (
                [self.coded(t, value * f.input.lsb) for value in x],
                [[Fraction(0)] * lanes for _ in x],
            )
            for t in range(steps)
        ]
        for layer in range(last):
            states = [(0, [0] * lanes) for _ in self.biases[layer]]
            after = []
            for a, da in trains:
                spikes, tangents = [], []
                for i, (z, dz) in enumerate(self.sums(layer, signs, a, da, Fraction(1))):
                    states[i], spike, dspike = self.neuron(layer, states[i], z, dz)
                    spikes.append(Fraction(spike))
                    tangents.append([value * f.tangent.lsb for value in dspike])
                after.append((spikes, tangents))
            trains = after
            counts = [sum(column) for column in zip(*[a for a, _ in trains], strict=True)]
            moved = [
                [sum(da[j][k] for _, da in trains) for k in range(lanes)]
                for j in range(len(counts))
            ]
            summed.append((counts, moved))
        read = [(last, summed[-1])]
        if d.learning.local and signs:
            read += [(last + 1 + n, one) for n, one in enumerate(summed)]
        return [
            self.sums(layer, signs, counts, moved, self.mean()) for layer, (counts, moved) in read
        ]

    def coded(self, t: int, value: Fraction) -> Fraction | int:
        """What the first layer gets of an input at step t."""
        coding, size = self.d.network.coding, abs(value)
        if coding == "direct":
            return value
        fires = math.floor((t + 1) * size) > math.floor(t * size)
        if coding == "bernoulli":
            fires = size > self.drawn()
        return fires * (1 if value > 0 else -1)

    def drawn(self) -> Fraction:
        """A number in [0, 1) from the coder, bit by bit."""
        number = Fraction(0)
        for n in range(self.d.formats.input.fraction):
            s = self.coder
            number += Fraction(s & 1, 2 ** (self.d.formats.input.fraction - n))
            self.coder = s >> 1 | (s ^ s >> 1 ^ s >> 3 ^ s >> 4) % 2 << 63
        return number

    def leaked(self, state: int) -> int:
        """What is left of a state a step later."""
        shares = [Fraction(1, 2**k) for k in range(1, 9) if self.d.network.leak == 1 - 0.5**k]
        return state - sum(math.floor(state * share + Fraction(1, 2)) for share in shares)

    def neuron(self, layer: int, state: Any, z: int, dz: list[int]) -> Any:
        """State, spike, dS."""
        f, s, network = self.d.formats, self.d.network.surrogate, self.d.network
        given = network.threshold[layer] if isinstance(network.threshold, list) else None
        theta = round((given or network.threshold) * 2**f.membrane.fraction)
        u, du = self.leaked(state[0]), [self.leaked(one) for one in state[1]]
        u = self.fit((u + z) * f.membrane.lsb, f.membrane, Flag.MEMBRANE)
        du = [
            self.fit((a + b) * f.tangent.lsb, f.tangent, Flag.TANGENT)
            for a, b in zip(du, dz, strict=True)
        ]
        x = (u - theta) * f.membrane.lsb
        spike = int(x > 0)
        place = math.floor((x + s.span) / Fraction(2 * s.span, s.entries))
        slope = self.table[place] * f.surrogate.lsb if 0 <= place < s.entries else Fraction(0)
        ds = [self.fit(slope * charge * f.tangent.lsb, f.tangent, Flag.TANGENT) for charge in du]
        if network.reset == "attached":
            lost = [math.floor(theta * f.membrane.lsb * one + Fraction(1, 2)) for one in ds]
            du = [
                self.fit((a - b) * f.tangent.lsb, f.tangent, Flag.TANGENT)
                for a, b in zip(du, lost, strict=True)
            ]
        return (u - spike * theta, du), spike, ds

    def update(
        self, x: Any, target: Any, signs: Any, words: list[int], stage: int
    ) -> tuple[int, list[int]]:
        """Loss and jvp of a batch; then the weights move, lane by lane, layer by layer."""
        d, form = self.d, self.velocity or self.d.formats.weight
        align = d.formats.membrane.fraction - d.formats.target.fraction
        loss, slopes = 0, [0] * d.lanes
        hidden = len(d.network.layers) - 2
        for sample, wanted in zip(x.tolist(), target.tolist(), strict=True):
            for n, outputs in enumerate(self.sample(sample, signs)):
                weight = hidden if d.learning.local and n == 0 else 1
                for (y, dy), one in zip(outputs, wanted, strict=True):
                    error = y - one * 2**align
                    loss += weight * error * error
                    slopes = [
                        slope + weight * error * tangent
                        for slope, tangent in zip(slopes, dy, strict=True)
                    ]
        for k, (v, c) in enumerate(signs):
            for layer in range(d.n_layers):
                word = words.pop(0) if words else None
                if not d.masks[k] >> layer & 1:
                    continue
                unit, eighths = Fraction(1, 2 ** (d.step_shift[layer] + stage)), 1
                if d.learning.mantissa:
                    unit, eighths = unit / 8, d.learning.mantissa[layer]
                exact = slopes[k] * eighths * unit
                if word is not None:
                    exact = Fraction(math.floor(exact + word * unit % 1))
                step = self.fit(exact * form.lsb, form, Flag.STEP)
                lanes = [lane for lane, mask in enumerate(d.masks) if mask >> layer & 1]
                turn = (k == lanes[0], k == lanes[-1])
                for i, row in enumerate(self.weights[layer]):
                    for j, weight in enumerate(row):
                        move = int(v[layer][i][j]) * step
                        row[j] = self.moved(weight, move, (layer, i, j), *turn)
                    move, bias = int(c[layer][i]) * step, self.biases[layer][i]
                    self.biases[layer][i] = self.moved(bias, move, (layer, i, -1), *turn)
        return loss, slopes

    def moved(self, weight: int, move: int, place: Any, first: bool, last: bool) -> int:
        """One weight, a step further; with momentum its velocity, and in the end the weight."""
        form, fine = self.d.formats.weight, self.velocity
        change = move * form.lsb
        if fine:
            old = self.velocities.get(place, 0)
            kept = math.floor(Fraction(old, 2**self.momentum) + Fraction(1, 2)) if first else 0
            new = self.fit((old - kept + move) * fine.lsb, fine, Flag.WEIGHT)
            self.velocities[place] = new
            change = math.floor(new * fine.lsb / form.lsb + Fraction(1, 2)) * form.lsb
        return (
            self.fit(weight * form.lsb - change, form, Flag.WEIGHT) if last or not fine else weight
        )


def by_lane(perturbation: Any, lanes: int) -> Any:
    """(V of every layer, C of every layer) for each lane."""
    return [
        ([w[k] for w in perturbation.weights], [b[k] for b in perturbation.biases])
        for k in range(lanes)
    ]


def random_tables(seed: int) -> dict[str, Any]:
    """A small network with formats of all kinds."""
    r = random.Random(seed)
    n = [r.randint(1, 4) for _ in range(r.randint(3, 5))]
    membrane, target = r.randint(3, 9), r.randint(1, 5)
    local = not random.Random(f"local {seed}").randrange(3)
    layers = len(n) - 1 + local * (len(n) - 2)
    tables: dict[str, Any] = {
        "network": {
            "layers": n,
            "time_steps": r.choice([1, 2, 3, 4, 5]),
            "threshold": r.choice([0.5, 0.75, 1.0]),
            "surrogate": {"entries": r.choice([2, 8, 32]), "span": r.choice([1, 2])},
        },
        "learning": {
            "batch": 3,
            "scope": r.choice(["layer", "global"]),
            "directions": r.randint(1, 2),
            "structure": r.choice(["independent", "factored"]),
            "rate": r.randint(1, 7),
            "seed": r.randint(1, 1000),
            **learning(random.Random(f"learning {seed}"), layers),
            "local": local,
        },
        "formats": {
            "weight": f"s{r.randint(0, 2)}.{r.randint(2, 8)}",
            "membrane": f"s{r.randint(1, 3)}.{membrane}",
            "tangent": f"s{r.randint(1, 8)}.{r.randint(0, 6)}",
            "surrogate": f"u{r.randint(0, 1)}.{r.randint(2, 8)}",
            "input": f"s{r.randint(0, 1)}.{r.randint(1, 6)}",
            "target": f"s1.{min(target, membrane)}",
        },
    }
    settle(tables["network"], random.Random(seed))
    return tables


def settle(network: dict[str, Any], r: random.Random) -> None:
    """Neurons of all kinds."""
    kind = r.choice(["gaussian", "stein", "fast_sigmoid", "triangle", "rectangle"])
    sigma = {"gaussian": 0.5, "stein": 0.5, "triangle": r.choice([1.3, 2.0])}.get(kind, 0.75)
    network["surrogate"] |= {"kind": kind, "sigma": sigma, "samples": r.choice([1, 7, 64])}
    network["leak"] = r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)])
    network["reset"] = r.choice(["detached", "attached"])
    network["coding"] = r.choice(["direct", "direct", "rate", "bernoulli"])
    if r.choice([True, False]):
        network["threshold"] = [r.choice([0.5, 0.9]) for _ in network["layers"][1:-1]]


def learning(r: random.Random, layers: int) -> dict[str, Any]:
    """Frozen layers or masks, or neither; mantissas, stochastic rounding, momentum now and then."""
    frozen = {"frozen": r.sample(range(layers), r.randint(0, layers - 1))}
    lanes = [r.sample(range(layers), r.randint(1, layers)) for _ in range(r.randint(1, 3))]
    masks = {"scope": "layer", "directions": 1, "masks": lanes}
    mantissa = {"mantissa": [r.randint(8, 15) for _ in range(layers)]}
    rounding = {"rounding": "stochastic"}
    momentum = {"momentum": r.randint(1, 8)}
    parts = [{}, frozen, masks], [{}, mantissa], [{}, rounding], [{}, {}, momentum]
    return {key: value for part in parts for key, value in r.choice(part).items()}


def random_chip(d: Description, seed: int) -> Chip:
    """Weights over the whole format."""
    rng, form = np.random.default_rng(seed), d.formats.weight
    weights = [rng.integers(form.lowest, form.highest + 1, s[::-1]) for s in d.shapes]
    biases = [rng.integers(form.lowest, form.highest + 1, s[1]) for s in d.shapes]
    return Chip(d, weights, biases)


def batch(rng: np.random.Generator, d: Description) -> tuple[Any, Any]:
    """Stored inputs and targets over the whole formats."""
    f, count = d.formats, d.learning.batch
    x = rng.integers(f.input.lowest, f.input.highest + 1, (count, d.shapes[0][0]))
    return x, rng.integers(f.target.lowest, f.target.highest + 1, (count, d.shapes[-1][1]))


@pytest.mark.parametrize("seed", range(60))
def test_updates_are_those_of_the_oracle(seed: int) -> None:
    d = describe(random_tables(seed), "test")
    chip, rng = random_chip(d, seed), np.random.default_rng(seed)
    oracle = Oracle(d, [w.tolist() for w in chip.weights], [b.tolist() for b in chip.biases])
    x, _ = batch(rng, d)
    y = [[y for y, _ in oracle.sample(sample, [])[0]] for sample in x.tolist()]
    assert chip.infer(x).tolist() == y
    for stage in range(3):
        state = chip.drawer.state
        signs = by_lane(chip.perturb(), d.lanes)
        stochastic = d.learning.rounding == "stochastic"
        words = chip.copy().drawer.words(d.lanes * d.n_layers) if stochastic else []
        chip.drawer.state = state
        x, target = batch(rng, d)
        loss, slopes = oracle.update(x, target, signs, words, stage)
        record = chip.update(x, target, stage)
        assert (record.loss, list(record.jvp)) == (loss, slopes)
        assert record.flags == sum(1 << flag for flag in oracle.flags)
        assert [w.tolist() for w in chip.weights] == oracle.weights
        assert [b.tolist() for b in chip.biases] == oracle.biases
        for place, velocity in oracle.velocities.items():
            layer, i, j = place
            stored = chip.velocities[2 * layer + (j < 0)]
            assert stored[i] == velocity if j < 0 else stored[i, j] == velocity
        assert chip.coder.state == (oracle.coder if d.network.coding == "bernoulli" else 0)


def test_the_oracle_has_seen_every_flag_and_its_absence() -> None:
    seen, depths = [], set()
    for seed in range(60):
        d = describe(random_tables(seed), "test")
        depths.add(d.readouts)
        chip, rng = random_chip(d, seed), np.random.default_rng(seed)
        seen.append(chip.update(*batch(rng, d)).flags)
    for flag in Flag:
        assert {flags >> flag & 1 for flags in seen} == {0, 1}, flag.name
    assert depths == {1, 2, 3, 4}, "no local losses, and those of up to three hidden layers"


@pytest.mark.parametrize("rounding", ["stochastic", "nearest"])
def test_stochastic_rounding_keeps_the_mean(rounding: str) -> None:
    """z-scores of the rounding error and of its product with the step, over 1000 updates.

    Exact steps lie within 0.4 of the last bit, so that rounding to the nearest moves nothing and
    fails the second.
    """
    learning = {"batch": 1, "rate": 14, "rounding": rounding, "scope": "global"}
    d = describe({"network": {"layers": [1, 1, 1]}, "learning": learning}, "test")
    found: list[tuple[float, float]] = []
    for n in range(1000):
        chip = Chip(d, [np.array([[40000]])] * 2, [np.array([0])] * 2, seed_state(n + 1))
        signs = chip.copy().perturb()
        x, target = np.array([[5000 + n]]), np.array([[11 * (n % 50)]])
        y = int(chip.copy().infer(x)[0, 0])
        record = chip.update(x, target + y)
        step = -int(chip.biases[1][0]) * int(signs.biases[1][0, 0])
        found.append((record.jvp[0] / 2 ** d.step_shift[1], step))
    exact, steps = np.array(found).T
    assert np.abs(exact).max() < 0.4 and np.abs(exact).mean() > 0.02
    error, variance = steps - exact, exact % 1 * (1 - exact % 1)
    z = error.sum() / np.sqrt(variance.sum())
    along = (error * exact).sum() / np.sqrt((variance * exact**2).sum())
    assert abs(z) < 3.3
    assert (abs(along) < 3.3) == (rounding == "stochastic"), along
