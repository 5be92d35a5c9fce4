"""Random descriptions, and the one way in which the tests put hardware and model side by side."""

import random
from typing import Any

import numpy as np

from dualspike.golden.chip import Chip
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.load import describe
from dualspike.testbench.bulk import Simulation
from dualspike.testbench.compare import Difference, compare_update

FORMATS: list[dict[str, str]] = [
    {},
    {"weight": "s1.12", "membrane": "s3.12", "tangent": "s11.0", "target": "s1.10"},
    {
        "weight": "s2.10",
        "membrane": "s2.12",
        "tangent": "s7.4",
        "surrogate": "u1.5",
        "input": "s0.9",
        "target": "s1.11",
    },
    {"tangent": "s13.9", "membrane": "s5.14", "target": "s2.12"},
    {"weight": "s0.8", "membrane": "s1.7", "tangent": "s5.2", "target": "s0.7", "input": "s1.3"},
]


def random_tables(seed: int) -> dict[str, Any]:
    """Tables of a description: 2 to 4 layers, widths 1 to 24, T 1 to 64, 0 to 6 directions.

    Some have local losses, and so up to 3 layers more.
    """
    r = random.Random(seed)
    n_layers = r.randint(2, 4)
    n = [r.randint(1, 24) for _ in range(n_layers + 1)]
    scope = r.choice(["layer", "global"])
    directions = r.randint(1, 6 if scope == "global" else max(1, 6 // n_layers))
    simd = [r.randint(1, min(3, width)) for width in n[:-1]]
    pe = [
        r.choice([width, *range(after, width + 1, after)])
        for width, after in zip(n[1:], [*simd[1:], 1], strict=True)
    ]
    rule = "none" if seed % 12 == 7 else "rfg"
    lanes = random_lanes(random.Random(f"lanes {seed}")) if rule == "rfg" else {}
    local = rule == "rfg" and not random.Random(f"local {seed}").randrange(4)
    tables: dict[str, Any] = {
        "name": f"random_{seed}",
        "network": {
            "layers": n,
            "time_steps": r.choice([r.randint(1, 64), r.choice([1, 2, 4, 8, 16, 32, 64])]),
            "threshold": r.choice([0.5, 0.75, 1.0]),
            "surrogate": {
                "sigma": r.choice([0.5, 0.7]),
                "entries": r.choice([16, 32, 128]),
                "span": r.choice([1, 2, 4]),
            },
        },
        "learning": {
            "scope": scope,
            "directions": directions,
            "structure": r.choice(["independent", "factored"]),
            "batch": r.choice([1, 3, 5, 7, 8]),
            "rate": r.randint(2, 8),
            "seed": r.randint(1, 2**32 - 1),
            **random_mix(random.Random(f"mix {seed}"), n_layers + local * (n_layers - 1)),
            "local": local,
            "rule": rule,
        },
        "formats": r.choice(FORMATS),
        "hardware": {
            "pe": pe,
            "simd": simd,
            "skip": r.choice([False, True]),
            "protection": random.Random(f"guard {seed}").choice(["none", "parity", "ecc"]),
            **lanes,
        },
    }
    settle(tables["network"], random.Random(seed))
    return tables


def settle(network: dict[str, Any], r: random.Random) -> None:
    """Neurons of all kinds; a third are as the rest of the tables says."""
    if not r.randrange(3):
        return
    kind = r.choice(["gaussian", "stein", "fast_sigmoid", "triangle", "rectangle"])
    least = {"triangle": 1.25}.get(kind, network["surrogate"]["sigma"])
    network["surrogate"] |= {"kind": kind, "sigma": max(least, network["surrogate"]["sigma"])}
    network["leak"] = r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)])
    network["reset"] = r.choice(["detached", "attached"])
    network["coding"] = r.choice(["direct", "direct", "rate", "bernoulli"])
    if r.choice([True, False]):
        network["threshold"] = [r.choice([0.5, 0.8]) for _ in network["layers"][1:-1]]


def random_lanes(r: random.Random) -> dict[str, int]:
    """Sometimes a number of lanes, whatever the rule uses: spare ones, or several passes."""
    return r.choice([{}, {"lanes": r.randint(1, 4)}])


def random_mix(r: random.Random, layers: int) -> dict[str, Any]:
    """Now and then frozen layers or masks, and every other way to learn."""
    frozen = {"frozen": r.sample(range(layers), r.randint(1, layers - 1))}
    lanes = [r.sample(range(layers), r.randint(1, layers)) for _ in range(r.randint(1, 6))]
    masks = {"scope": "layer", "directions": 1, "masks": lanes}
    mantissa = {"mantissa": [r.randint(8, 15) for _ in range(layers)]}
    return {
        **r.choice([{}, {}, frozen, masks]),
        **r.choice([{}, {}, mantissa]),
        "rounding": r.choice(["nearest", "stochastic"]),
        "schedule": r.choice(["host", "chip"]),
        "momentum": r.choice([None, None, r.randint(1, 8)]),
        "stages": r.randint(1, 6),
        "updates": r.randint(1, 5),
    }


def random_description(seed: int) -> Description:
    """The first description that the model accepts among seed, seed + 1000, ..."""
    while True:
        try:
            return describe(random_tables(seed), f"seed {seed}")
        except BadInput:
            seed += 1000


def random_chip(d: Description, seed: int) -> Chip:
    """A chip with weights and biases over the whole range of their format."""
    rng, form = np.random.default_rng(seed), d.formats.weight
    spread = [min(form.highest, 2 * 2**form.fraction // n_in + 1) for n_in, _ in d.shapes]

    def draw(limit: int, *shape: int) -> np.ndarray:
        return rng.integers(-limit, limit + 1, shape)

    weights = [draw(s, n_out, n_in) for s, (n_in, n_out) in zip(spread, d.shapes, strict=True)]
    chip = Chip(d, weights, [draw(s, b) for s, (_, b) in zip(spread, d.shapes, strict=True)])
    for velocity in chip.velocities:
        velocity[:] = draw(d.step_format.highest // 8, *velocity.shape)
    return chip


def random_batch(d: Description, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stored inputs and targets over the whole range of their formats."""
    x, t, n = d.formats.input, d.formats.target, d.network.layers
    batch = d.learning.batch
    inputs = rng.integers(x.lowest, x.highest + 1, (batch, n[0]))
    return inputs, rng.integers(t.lowest, t.highest + 1, (batch, n[-1]))


def cosimulate(
    d: Description, simulation: Simulation, updates: int, seed: int, stall: int = 0
) -> Difference | None:
    """Load, read back, infer and, if the core can, learn; the first difference from the model."""
    chip, rng = random_chip(d, seed), np.random.default_rng(seed)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    read = simulation.weights()
    for stored, found in zip([*chip.weights, *chip.biases], [*read[0], *read[1]], strict=True):
        np.testing.assert_array_equal(stored, found)
    x, _ = random_batch(d, rng)
    np.testing.assert_array_equal(simulation.infer(x, stall=stall), chip.infer(x))
    assert simulation.read("FLAGS") == chip.flags
    assert simulation.skipped == chip.skipped
    if not d.learns:
        return None
    for update in range(updates):
        x, target = random_batch(d, rng)
        stage = d.stage(update) if d.learning.schedule == "chip" else update % d.learning.stages
        record = simulation.learn(x, target, stage, stall=stall)
        expected = chip.update(x, target, stage)
        difference = compare_update(update, chip, expected, record, simulation)
        if difference:
            return difference
    return None
