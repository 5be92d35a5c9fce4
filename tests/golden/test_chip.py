"""The integer chip of every kind against a scalar oracle."""

import math
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from dualspike.golden.chip import Chip
from dualspike.model.description import Description
from dualspike.model.formats import Format
from dualspike.model.head import ProductFlag
from dualspike.model.lfsr import seed_state
from dualspike.model.load import describe
from dualspike.model.registers import Flag

from .oracle import Oracle

MLPS, OPERATORS = range(60), range(60, 80)
SEEDS = [*MLPS, *OPERATORS]
FLAGS = [*Flag, *ProductFlag]


def random_tables(r: random.Random, operator: bool, tight: bool) -> dict[str, Any]:
    """Some chip with formats of all kinds; ``tight``: so small ones that much saturates."""
    trunks = r.choice([1, 2, 3]) if operator else 0
    kind = "mlp" if not trunks else "deeponet" if trunks == 1 and r.random() < 0.7 else "seponet"
    widths = [r.randint(1, 4), *([r.randint(1, 2)] if kind == "deeponet" else [1] * trunks)]
    n_out = r.randint(1, 3)
    parts = [network(r, n_in, n_out, operator) for n_in in widths]
    batch = [r.randint(1, 4) for _ in widths]
    depths = [len(part["layers"]) - 1 for part in parts]
    local = not operator and not r.randrange(3)
    layers = sum(depths) + local * (sum(depths) - 1)
    kept = [sum(depths[:n]) for n in range(len(parts))] if operator else []
    formats = product_formats(r, tight) if operator else mlp_formats(r)
    # Shifts of steps, to which velocities add 4 bits, are 0 at least.
    names = ("weight", "tangent", "cotangent" if operator else "membrane")
    weight, *slope = (Format.parse(formats[name]).fraction for name in names)
    how = ways(r, layers, kept)
    least = 4 * ("momentum" in how) + weight - sum(slope) - (max(batch) - 1).bit_length()
    learning = {
        "scope": r.choice(["layer", "global"]),
        "structure": r.choice(["independent", "factored"]),
        "directions": r.choice([1, 2]),
        "batch": batch if operator else batch[0],
        "rate": max(r.randint(-1, 2 if operator else 7), least),
        "layer_shift": [r.randint(0, 2) for _ in range(layers)],
        "seed": r.randint(1, 1000),
        **how,
    }
    if not operator:
        learning["local"] = local
        return {"network": parts[0], "learning": learning, "formats": formats}
    learning["floor"] = r.choice([None, 0.125, 0.3])
    return {"operator": {"kind": kind, "parts": parts}, "learning": learning, "formats": formats}


def network(r: random.Random, n_in: int, n_out: int, operator: bool) -> dict[str, Any]:
    """A part with neurons of some kind; what an operator network refuses is left to the others."""
    kinds = ["gaussian", "fast_sigmoid", "triangle", "rectangle", *["stein"] * (not operator)]
    kind = r.choice(kinds)
    hidden = [r.randint(1, 4) for _ in range(r.choice([1, 1, 2] if operator else [1, 2, 3]))]
    sigma = {"gaussian": r.choice([0.5, 1.0]), "stein": 0.5, "triangle": r.choice([1.3, 2.0])}
    return {
        "layers": [n_in, *hidden, n_out],
        "time_steps": r.choice([1, 2, 3, 4, 5]),
        "threshold": r.choice([0.5, 0.75, 1.0, [r.choice([0.5, 0.9]) for _ in hidden]]),
        "leak": r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)]),
        "reset": r.choice(["detached", "attached"]),
        "coding": "direct" if operator else r.choice(["direct", "direct", "rate", "bernoulli"]),
        "surrogate": {
            "kind": kind,
            "sigma": sigma.get(kind, 0.75),
            "samples": r.choice([1, 7, 64]),
            "entries": r.choice([2, 16, 64] if operator else [2, 8, 16]),
            "span": r.choice([1, 2]),
        },
    }


def mlp_formats(r: random.Random) -> dict[str, str]:
    membrane, target = r.randint(3, 9), r.randint(1, 5)
    return {
        "weight": f"s{r.randint(0, 2)}.{r.randint(2, 8)}",
        "membrane": f"s{r.randint(1, 3)}.{membrane}",
        "tangent": f"s{r.randint(1, 8)}.{r.randint(0, 6)}",
        "surrogate": f"u{r.randint(0, 1)}.{r.randint(2, 8)}",
        "input": f"s{r.randint(0, 1)}.{r.randint(1, 6)}",
        "target": f"s1.{min(target, membrane)}",
    }


def product_formats(r: random.Random, tight: bool) -> dict[str, str]:
    slack = 0 if tight else 3
    return {
        "weight": f"s{r.randint(0, 1)}.{r.randint(5, 12)}",
        "membrane": f"s{slack + 1}.{r.randint(6, 12)}",
        "tangent": f"s{r.randint(1, 2) + 2 * slack}.{r.randint(0, 5)}",
        "surrogate": f"u1.{r.randint(3, 8)}",
        "input": f"s1.{r.randint(2, 8)}",
        "target": f"s1.{r.randint(2, 6)}",
        "factor": f"s{slack // 2}.{r.randint(2, 14)}",
        "error": f"s{slack}.{r.randint(2, 14)}",
        "cotangent": f"s{slack}.{r.randint(2, 16)}",
        "scale": f"s{1 + slack}.{r.randint(2, 8)}",
    }


def ways(r: random.Random, layers: int, kept: list[int]) -> dict[str, Any]:
    """Ways to learn now and then; the layers ``kept`` always do, and one at least."""
    others = [layer for layer in range(layers) if layer not in kept]
    frozen = {"frozen": r.sample(others, r.randint(1, len(others) - (not kept)))}
    lanes = [r.sample(range(layers), r.randint(1, layers)) for _ in range(r.randint(1, 3))]
    masks = {"scope": "layer", "directions": 1, "masks": [*([kept] if kept else []), *lanes]}
    mantissa = {"mantissa": [r.randint(8, 15) for _ in range(layers)]}
    parts = [{}, {}, frozen, masks], [{}, {}, mantissa], [{}, {"rounding": "stochastic"}]
    momentum = [{}, {"momentum": r.randint(1, 8)}]
    return {key: value for part in (*parts, momentum) for key, value in r.choice(part).items()}


def stored(r: random.Random, form: Format, *shape: int) -> Any:
    """Random stored integers, the ends of the format among them."""
    values = [
        r.choice([form.lowest, form.highest, r.randint(form.lowest, form.highest)])
        if r.random() < 0.3
        else r.randint(form.lowest // 2, form.highest // 2)
        for _ in range(math.prod(shape))
    ]
    return np.array(values, np.int64).reshape(shape)


class Case:
    """A random chip's description, stored start values, and batches."""

    def __init__(self, seed: int) -> None:
        r = random.Random(seed)
        operator = seed in OPERATORS
        self.d = d = describe(random_tables(r, operator, tight=seed % 2 == 1), "test")
        f = d.formats
        self.weights = [stored(r, f.weight, n_out, n_in) for n_in, n_out in d.shapes]
        self.biases = [stored(r, f.weight, n_out) for _, n_out in d.shapes]
        self.state = r.getrandbits(64) | 1
        self.batches = []
        for stage in range(2 if operator else 3):
            inputs = [
                stored(r, f.input, rows, part.layers[0])
                for rows, part in zip(d.batch, d.networks, strict=True)
            ]
            target = stored(r, f.target, *d.batch, *([] if operator else [d.basis]))
            scale = np.clip(stored(r, f.scale, d.batch[0]), 0, None)
            self.batches.append((inputs, target, scale if d.learning.floor else None, stage))

    def chip(self, traces: bool = False) -> Chip:
        """A chip with the start values."""
        return Chip(self.d, self.weights, self.biases, self.state, traces=traces)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chip_is_the_oracle_bit_for_bit(seed: int) -> None:
    case = Case(seed)
    d = case.d
    chips = [case.chip(), case.chip(traces=True)]
    weights, biases = ([a.tolist() for a in arrays] for arrays in (case.weights, case.biases))
    oracle = Oracle(d, weights, biases, case.state)
    for inputs, target, scale, stage in case.batches:
        rows = [part.tolist() for part in inputs]
        y = oracle.infer(rows)
        for chip in chips:
            assert dict(np.ndenumerate(chip.infer(inputs))) == y
        loss, jvp = oracle.update(rows, target, scale, stage)
        for chip in chips:
            record = chip.update(inputs, target, stage, scale)
            assert (record.loss, list(record.jvp)) == (loss, jvp)
            assert record.lfsr == oracle.drawer.state
            assert {flag.name for flag in FLAGS if record.flags >> flag & 1} == oracle.flags
            assert [w.tolist() for w in chip.weights] == oracle.weights
            assert [b.tolist() for b in chip.biases] == oracle.biases
            assert velocities(chip) == oracle.velocities
            drawn = oracle.coder.state if d.network.coding == "bernoulli" else 0
            assert chip.coder.state == drawn


def velocities(chip: Chip) -> dict[Any, int]:
    """Those of layers that move, by layer, neuron and input, -1 for the bias."""
    moving = {n for n in range(chip.d.n_layers) for mask in chip.d.masks if mask >> n & 1}
    return {
        (memory // 2, at[0], at[1] if len(at) > 1 else -1): int(value)
        for memory, values in enumerate(chip.velocities)
        for at, value in np.ndenumerate(values)
        if memory // 2 in moving
    }


BOTH = {False, True}
FEATURES: dict[str, tuple[Callable[[Description], Any], set[Any], set[Any]]] = {
    "parts": (lambda d: len(d.parts), {1}, {2, 3, 4}),
    "kind": (lambda d: d.kind, {"mlp"}, {"deeponet", "seponet"}),
    "hidden layers": (lambda d: len(d.network.layers) - 2, {1, 2, 3}, {1, 2}),
    "readouts": (lambda d: d.parts[0].readouts, {1, 2, 3, 4}, {1}),
    "coding": (lambda d: d.network.coding, {"direct", "rate", "bernoulli"}, {"direct"}),
    "surrogate": (
        lambda d: d.network.surrogate.kind,
        {"gaussian", "stein", "fast_sigmoid", "triangle", "rectangle"},
        {"gaussian", "fast_sigmoid", "triangle", "rectangle"},
    ),
    "leak": (lambda d: d.network.leak < 1, BOTH, BOTH),
    "reset": (lambda d: d.network.reset == "attached", BOTH, BOTH),
    "thresholds": (lambda d: isinstance(d.network.threshold, list), BOTH, BOTH),
    "power of two": (lambda d: d.network.time_steps in (1, 2, 4), BOTH, BOTH),
    "structure": (lambda d: d.learning.structure == "factored", BOTH, BOTH),
    "scope": (lambda d: d.learning.scope == "global", BOTH, BOTH),
    "masks": (lambda d: d.learning.masks is not None, BOTH, BOTH),
    "frozen": (lambda d: bool(d.learning.frozen), BOTH, BOTH),
    "mantissa": (lambda d: d.learning.mantissa is not None, BOTH, BOTH),
    "floor": (lambda d: d.learning.floor is not None, {False}, BOTH),
    "rounding, momentum": (
        lambda d: (d.learning.rounding == "nearest", d.learning.momentum is None),
        {(a, b) for a in BOTH for b in BOTH},
        {(a, b) for a in BOTH for b in BOTH},
    ),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_cases_have_every_feature_and_lack_it(feature: str) -> None:
    of, mlps, operators = FEATURES[feature]
    assert {of(Case(seed).d) for seed in MLPS} == mlps
    assert {of(Case(seed).d) for seed in OPERATORS} == operators


@cache
def raised(seed: int) -> int:
    """The flags of a case after its batches."""
    case = Case(seed)
    chip = case.chip()
    for inputs, target, scale, stage in case.batches:
        chip.update(inputs, target, stage, scale)
    return chip.flags


@pytest.mark.parametrize(("seeds", "flags"), [(MLPS, list(Flag)), (OPERATORS, FLAGS)])
def test_the_cases_saturate_everywhere_and_nowhere(seeds: range, flags: list[Any]) -> None:
    seen = [raised(seed) for seed in seeds]
    for flag in flags:
        assert {one >> flag & 1 for one in seen} == {0, 1}, flag.name
    assert min(one.bit_count() for one in seen) <= 1


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
        signs = chip.copy().perturb()[0]
        x, target = np.array([[5000 + n]]), np.array([[11 * (n % 50)]])
        y = int(chip.copy().infer([x])[0, 0])
        record = chip.update([x], target + y)
        step = -int(chip.biases[1][0]) * int(signs.biases[1][0, 0])
        found.append((record.jvp[0] / 2 ** d.step_shift[1], step))
    exact, steps = np.array(found).T
    assert np.abs(exact).max() < 0.4 and np.abs(exact).mean() > 0.02
    error, variance = steps - exact, exact % 1 * (1 - exact % 1)
    z = error.sum() / np.sqrt(variance.sum())
    along = (error * exact).sum() / np.sqrt((variance * exact**2).sum())
    assert abs(z) < 3.3
    assert (abs(along) < 3.3) == (rounding == "stochastic"), along
