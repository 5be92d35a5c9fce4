"""The integer operator chip against the scalar oracle."""

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer_operator import OperatorChip
from dualspike.model.formats import Format
from dualspike.model.operator_chip import ProductFlag
from dualspike.model.operator_load import describe_operator
from dualspike.model.registers import Flag

FLAGS = [*Flag, *ProductFlag]


def random_tables(rng: random.Random, tight: bool) -> dict[str, Any]:
    """Some chip; ``tight``: with formats so small that much saturates."""
    trunks = rng.choice([1, 2, 3])
    kind = "deeponet" if trunks == 1 and rng.random() < 0.7 else "seponet"
    basis = rng.randint(1, 3)

    def network(n_in: int) -> dict[str, Any]:
        hidden = [rng.randint(1, 4) for _ in range(rng.choice([1, 1, 2]))]
        sigma, entries = rng.choice([0.4, 0.5, 1.0]), rng.choice([4, 16, 64])
        return {
            "layers": [n_in, *hidden, basis],
            "time_steps": rng.choice([1, 3, 4, 5]),
            "threshold": rng.choice([0.5, 1.0]),
            "surrogate": {"sigma": sigma, "entries": entries, "span": rng.choice([1, 2])},
        }

    widths = [rng.randint(1, 3), *([rng.randint(1, 2)] if kind == "deeponet" else [1] * trunks)]
    slack = 0 if tight else 3
    parts = [network(width) for width in widths]
    layers = sum(len(part["layers"]) - 1 for part in parts)
    batch = [rng.randint(1, 4) for _ in widths]
    weight, tangent, cotangent = rng.randint(5, 12), rng.randint(0, 5), rng.randint(2, 16)
    least = 4 + weight - tangent - cotangent - (max(batch) - 1).bit_length()
    return {
        "operator": {"kind": kind, "parts": parts},
        "learning": {
            "scope": rng.choice(["layer", "global"]),
            "structure": rng.choice(["independent", "factored"]),
            "directions": rng.choice([1, 2]),
            "batch": batch,
            "rate": max(rng.randint(-1, 2), least),
            "layer_shift": [rng.randint(0, 2) for _ in range(layers)],
            "floor": rng.choice([None, 0.125, 0.3]),
            **ways(random.Random(rng.random()), [len(part["layers"]) - 1 for part in parts]),
        },
        "formats": {
            "weight": f"s{rng.randint(0, 1)}.{weight}",
            "membrane": f"s{slack + 1}.{rng.randint(6, 12)}",
            "tangent": f"s{rng.randint(1, 2) + 2 * slack}.{tangent}",
            "surrogate": f"u1.{rng.randint(3, 8)}",
            "input": f"s1.{rng.randint(2, 8)}",
            "target": f"s1.{rng.randint(2, 6)}",
            "factor": f"s{slack // 2}.{rng.randint(2, 14)}",
            "error": f"s{slack}.{rng.randint(2, 14)}",
            "cotangent": f"s{slack}.{cotangent}",
            "scale": f"s{1 + slack}.{rng.randint(2, 8)}",
        },
    }


def ways(rng: random.Random, depths: list[int]) -> dict[str, Any]:
    """Other ways to learn; every part keeps a layer that does."""
    layers = sum(depths)
    firsts = [sum(depths[:n]) for n in range(len(depths))]
    others = [layer for layer in range(layers) if layer not in firsts]
    lanes = [rng.sample(range(layers), rng.randint(1, layers)) for _ in range(rng.randint(0, 3))]
    masks = {"scope": "layer", "directions": 1, "masks": [firsts, *lanes]}
    frozen = {"frozen": rng.sample(others, rng.randint(1, len(others)))}
    mantissa = {"mantissa": [rng.randint(8, 15) for _ in range(layers)]}
    return {
        **rng.choice([{}, {}, frozen, masks]),
        **rng.choice([{}, {}, mantissa]),
        "rounding": rng.choice(["nearest", "stochastic"]),
        "momentum": rng.choice([None, rng.randint(1, 8)]),
    }


def stored(rng: random.Random, form: Format, *shape: int) -> Any:
    """Random stored integers, the ends of the format among them."""
    values = [
        rng.choice([form.lowest, form.highest, rng.randint(form.lowest, form.highest)])
        if rng.random() < 0.3
        else rng.randint(form.lowest // 2, form.highest // 2)
        for _ in range(math.prod(shape))
    ]
    return np.array(values, np.int64).reshape(shape)


class Case:
    """A random chip's description, stored start values, and batches."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.d = d = describe_operator(random_tables(rng, tight=seed % 2 == 1), "test")
        f = d.formats
        self.weights = [stored(rng, f.weight, n_out, n_in) for n_in, n_out in d.shapes]
        self.biases = [stored(rng, f.weight, n_out) for _, n_out in d.shapes]
        self.state = rng.getrandbits(64) | 1
        self.batches = []
        for stage in range(2):
            inputs = [
                stored(rng, f.input, rows, part.layers[0])
                for rows, part in zip(d.learning.batch, d.parts, strict=True)
            ]
            target = stored(rng, f.target, *d.learning.batch)
            scale = np.clip(stored(rng, f.scale, d.learning.batch[0]), 0, None)
            self.batches.append((inputs, target, scale if d.learning.floor else None, stage))

    def chip(self, compiled: bool = True) -> OperatorChip:
        """A chip with the start values."""
        return OperatorChip(self.d, self.weights, self.biases, self.state, compiled=compiled)


SEEDS = range(14)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chip_is_the_oracle_bit_for_bit(seed: int, oracle: Callable[..., Any]) -> None:
    case = Case(seed)
    d = case.d
    chips = [case.chip(), case.chip(compiled=False)]
    weights, biases = ([a.tolist() for a in arrays] for arrays in (case.weights, case.biases))
    plain = oracle(d, weights, biases, case.state)
    for inputs, target, scale, stage in case.batches:
        before = [OperatorChip(d, chip.weights, chip.biases).infer(inputs) for chip in chips]
        loss, jvp, y = plain.update([rows.tolist() for rows in inputs], target, scale, stage)
        ahead, plain.drawer = itertools.tee(plain.drawer)
        coming = list(itertools.islice(ahead, 64))
        for chip, predicted in zip(chips, before, strict=True):
            record = chip.update(inputs, target, scale, stage)
            lsb = d.formats.membrane.lsb
            assert {at: v * lsb for at, v in np.ndenumerate(predicted.astype(object))} == y
            assert record.loss == loss
            assert list(record.jvp) == jvp
            assert [record.lfsr >> n & 1 for n in range(64)] == coming
            assert {flag.name for flag in FLAGS if record.flags >> flag & 1} == plain.flags
            assert [w.tolist() for w in chip.weights] == plain.weights
            assert [b.tolist() for b in chip.biases] == plain.biases
            assert velocities(chip) == plain.velocities


def velocities(chip: OperatorChip) -> dict[Any, int]:
    """Those of layers that move, by layer, neuron and input, -1 for the bias."""
    moving = {n for n in range(chip.d.n_layers) for mask in chip.d.masks if mask >> n & 1}
    return {
        (memory // 2, at[0], at[1] if len(at) > 1 else -1): int(value)
        for memory, values in enumerate(chip.velocities)
        for at, value in np.ndenumerate(values)
        if memory // 2 in moving
    }


def test_the_cases_learn_in_every_way():
    seen = [Case(seed).d.learning for seed in SEEDS]
    for name in ("masks", "frozen", "mantissa", "momentum"):
        assert {bool(getattr(learning, name)) for learning in seen} == {True, False}, name
    pairs = {(one.rounding, one.momentum is None) for one in seen}
    assert pairs == set(itertools.product(("nearest", "stochastic"), (True, False)))


def test_the_cases_saturate_everywhere_and_nowhere():
    raised = []
    for seed in SEEDS:
        case = Case(seed)
        chip = case.chip()
        for batch in case.batches:
            chip.update(*batch)
        raised.append(chip.flags)
    assert np.bitwise_or.reduce(raised) == 2 ** len(FLAGS) - 1
    assert min(flags.bit_count() for flags in raised) <= 1
