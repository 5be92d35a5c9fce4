"""The online learner in integers is its scalar oracle, whatever is described."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.chips import chip_of
from dualspike.golden.numeric import Ints
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from dualspike.model.interface.register import Flag
from dualspike.model.interface.registers import flags_of
from tests.golden.online_oracle import OnlineOracle
from tests.golden.operator_oracle import OperatorOracle
from tests.golden.sample_oracle import SampleOracle

FORMATS = [
    {},
    {"weight": "s1.6", "error": "s0.5", "cotangent": "s2.6", "tangent": "s3.4"},
    {"weight": "s2.4", "membrane": "s3.7", "target": "s1.6", "error": "s1.9", "cotangent": "s1.3"},
    {"weight": "s0.9", "tangent": "s1.11", "cotangent": "s0.12"},
]
"""All is cut off and saturates somewhere in the narrow ones."""


SAMPLE_FORMATS = [
    {"surrogate": "u2.8"},
    {
        "weight": "s1.6",
        "error": "s0.5",
        "cotangent": "s2.6",
        "tangent": "s3.4",
        "surrogate": "u3.3",
    },
    {
        "weight": "s2.9",
        "error": "s1.9",
        "cotangent": "s1.9",
        "tangent": "s6.7",
        "surrogate": "u2.6",
    },
    {"weight": "s0.12", "tangent": "s4.11", "cotangent": "s0.12", "surrogate": "u3.4"},
    {"membrane": "s2.8", "target": "s1.6", "surrogate": "u2.6"},
]


def sample_tables(seed: int) -> dict[str, Any]:
    """A small network with one change a sample, of any kind."""
    r = random.Random(f"sample {seed}")
    tables = online_tables(seed)
    kinds = ["gaussian", "gaussian", "rectangle", "triangle", "fast_sigmoid", "stein"]
    kind, formats = r.choice(kinds), dict(r.choice(SAMPLE_FORMATS))
    tables["network"]["surrogate"] = {"kind": kind, "sigma": r.choice([0.5, 1.0]), "entries": 32}
    if kind == "stein":
        tables["network"]["surrogate"] |= {"draws": "fixed", "samples": 50}
    if "input" in tables["formats"]:
        formats["input"] = tables["formats"]["input"]
    directions = r.choice([1, 1, 2, 3])
    learning = {"every": "sample", "feedback": "forward", "directions": directions}
    tables["learning"] |= learning | {"rate": r.randint(0, 7)}
    tables["learning"].pop("feedback_momentum", None)
    return tables | {"formats": formats}


def operator_tables(seed: int) -> dict[str, Any]:
    """A small operator network that learns online, of any kind."""
    r, tables = random.Random(f"operator {seed}"), sample_tables(seed)
    trunks, basis = r.choice([1, 1, 2]), r.randint(1, 3)
    inputs = [r.randint(1, 4), *([1] * trunks if trunks > 1 else [r.randint(1, 2)])]
    given = tables.pop("network")
    surrogate = {"kind": r.choice(["gaussian", "triangle"]), "sigma": 0.5, "entries": 16}
    parts = [
        given
        | {
            "layers": [n_in, *(r.randint(1, 4) for _ in range(r.choice([1, 1, 2]))), basis],
            "time_steps": r.choice([1, 2, 3, 5]),
            "coding": "direct",
            "surrogate": surrogate,
        }
        for n_in in inputs
    ]
    learning = tables["learning"] | {
        "loss": "squared",
        "batch": [r.randint(1, 3) for _ in parts],
        "layer_shift": [r.randint(-1, 2) for part in parts for _ in part["layers"][1:]],
        "rate": r.randint(2, 8),
        **({"floor": 0.5} if r.randrange(2) else {}),
    }
    tables["formats"].setdefault("input", "s1.8")
    kind = "deeponet" if trunks == 1 else "seponet"
    return tables | {"operator": {"kind": kind, "parts": parts}, "learning": learning}


def online_tables(seed: int) -> dict[str, Any]:
    """A small network that learns online, of any kind."""
    r = random.Random(f"online {seed}")
    coding = r.choice(["direct", "direct", "frames", "rate", "bernoulli"])
    widths = [r.randint(1, 9) for _ in range(r.randint(3, 5))]
    feedback = r.choice(["forward", "signs", "forward-dfa", "kolen-pollack"])
    formats = dict(r.choice(FORMATS))
    frames = ["s1.0", "s2.0", "s7.0", "s23.0"]
    formats["input"] = r.choice(frames if coding == "frames" else ["s1.8", "s0.3", "s2.5"])
    return {
        "network": {
            "layers": widths,
            "time_steps": r.choice([1, 2, 3, 5, 8]),
            "leak": r.choice([1.0, 0.5, 0.75, 1 - 2**-4]),
            "threshold": r.choice([1.0, 0.5]),
            "coding": coding,
            "surrogate": {"sigma": r.choice([0.5, 1.0, 0.3])},
        },
        "learning": {
            "rule": "online",
            "feedback": feedback,
            "loss": r.choice(["squared", "margin"]),
            "directions": r.choice([1, 1, 2, 3]) if "forward" in feedback else 1,
            "batch": r.choice([1, 2, 3, 7]),
            "rate": r.randint(2, 7),
            "layer_shift": [r.randint(-1, 2) for _ in widths[1:]],
            "seed": r.randint(1, 2**32 - 1),
            "stages": 2,
            **({"feedback_momentum": r.randint(1, 8)} if feedback == "forward-dfa" else {}),
        },
        "formats": formats,
    }


def online(seed: int, tables: Callable[[int], dict[str, Any]] = online_tables) -> Description:
    """The first description from a seed on whose shifts are in range."""
    while True:
        try:
            return describe(tables(seed), f"seed {seed}")
        except BadInput as error:
            assert "must leave step shifts" in str(error)
            seed += 1000


def rows(d: Description, rng: np.random.Generator, count: int) -> Ints:
    """Stored inputs over the whole format: constant ones, or frames; of spikes -1, 0 and 1."""
    form, shape = d.formats.input, [count, d.network.layers[0]]
    if d.network.coding == "frames":
        shape.insert(1, d.network.time_steps)
        if not d.parts[0].numbers:
            return rng.integers(-1, 2, shape)
    return rng.integers(form.lowest, form.highest + 1, shape)


def up(d: Description, flags: int) -> set[str]:
    """Names of the flags that are up."""
    return {flag.name for flag in (*flags_of(d), Flag.FLOOR) if flags >> flag & 1}


@pytest.mark.parametrize("seed", range(60))
def test_the_chip_is_the_oracle_bit_for_bit(seed: int) -> None:
    is_the_oracle(online(seed), OnlineOracle, seed)


@pytest.mark.parametrize("seed", range(60))
def test_a_chip_that_changes_once_a_sample_is_its_oracle(seed: int) -> None:
    is_the_oracle(online(seed, sample_tables), SampleOracle, seed)


def is_the_oracle(d: Description, scalar: type[OnlineOracle], seed: int) -> None:
    """Scores, losses, weights, registers and flags, over two batches."""
    rng = np.random.default_rng(seed)
    limit = min(d.formats.weight.highest, 2 << d.formats.weight.fraction)
    weights = [rng.integers(-limit, limit + 1, (n_out, n_in)) for n_in, n_out in d.shapes]
    biases = [rng.integers(-limit, limit + 1, n_out) for _, n_out in d.shapes]
    chip = chip_of(d, weights, biases)
    oracle = scalar(d, [w.tolist() for w in weights], [b.tolist() for b in biases])
    x = rows(d, rng, 4)
    assert chip.infer([x]).tolist() == oracle.infer(x.tolist())
    for stage in range(2):
        x, f = rows(d, rng, d.batch[0]), d.formats.target
        target = rng.integers(f.lowest, f.highest + 1, (d.batch[0], d.basis))
        if d.classes:
            target = rng.integers(-1, d.basis + 1, (d.batch[0], 1))
        record = chip.update([x], target, stage)
        assert record.loss == oracle.update(x.tolist(), target.tolist(), stage)
        assert [w.tolist() for w in chip.weights] == oracle.weights
        assert [b.tolist() for b in chip.biases] == oracle.biases
        if d.learning.keeps_feedback:
            assert [M.tolist() for M in chip.further] == [one.kept for one in oracle.feedback]
        assert record.lfsr == oracle.drawer.state
        assert up(d, record.flags) == oracle.flags
    if d.network.coding == "bernoulli":
        assert chip.coder.state == oracle.coder.state


@pytest.mark.parametrize("seed", range(40))
def test_an_operator_chip_that_learns_online_is_its_oracle(seed: int) -> None:
    d = online(seed, operator_tables)
    rng, f = np.random.default_rng(seed), d.formats
    limit = min(f.weight.highest, 2 << f.weight.fraction)
    weights = [rng.integers(-limit, limit + 1, (n_out, n_in)) for n_in, n_out in d.shapes]
    biases = [rng.integers(-limit, limit + 1, n_out) for _, n_out in d.shapes]
    chip = chip_of(d, weights, biases)
    oracle = OperatorOracle(d, [w.tolist() for w in weights], [b.tolist() for b in biases])
    for stage in range(2):
        x = [
            rng.integers(f.input.lowest, f.input.highest + 1, (count, network.layers[0]))
            for count, network in zip(d.batch, d.networks, strict=True)
        ]
        rows = [one.tolist() for one in x]
        y = oracle.infer(rows)
        assert chip.infer(x).tolist() == np.reshape(list(y.values()), d.batch).tolist()
        target = rng.integers(f.target.lowest, f.target.highest + 1, d.batch)
        scale = None
        if d.floor is not None:
            scale = rng.integers(f.scale.lowest, f.scale.highest + 1, d.batch[0])
        record = chip.update(x, target, stage, scale)
        assert record.loss == oracle.teach(rows, target, scale, stage)
        assert [w.tolist() for w in chip.weights] == oracle.weights
        assert [b.tolist() for b in chip.biases] == oracle.biases
        assert record.lfsr == oracle.drawer.state
        assert up(d, record.flags) == oracle.flags


def test_the_operators_reach_every_kind() -> None:
    found = [online(seed, operator_tables) for seed in range(40)]
    assert {d.kind for d in found} == {"deeponet", "seponet"}
    assert {len(d.parts) for d in found} == {2, 3}
    assert {len(network.shapes) for d in found for network in d.networks} == {2, 3}
    assert {d.floor is None for d in found} == {False, True}
    assert {d.learning.directions for d in found} == {1, 2, 3}


def test_the_descriptions_reach_every_kind() -> None:
    found = [online(seed) for seed in range(60)]
    assert {d.network.coding for d in found} == {"direct", "frames", "rate", "bernoulli"}
    assert {d.learning.feedback for d in found} == {
        *("forward", "signs", "forward-dfa", "kolen-pollack")
    }
    assert {d.n_layers for d in found} == {2, 3, 4}
    assert {d.learning.directions for d in found} == {1, 2, 3}
    assert {d.parts[0].leak_shift for d in found} == {0, 1, 2, 4}
