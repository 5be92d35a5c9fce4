"""Random descriptions, and the one way in which the tests put hardware and model side by side."""

import random
from typing import Any

import numpy as np

from dualspike.golden.chip import Chip
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.geometry import geometry
from dualspike.model.load import describe
from dualspike.testbench.bulk import Simulation
from dualspike.testbench.compare import Difference, compare_update

from .ranges import SURROGATES, folding, formats, size, surrogate, threshold

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


NAMES = {"weight", "membrane", "tangent", "input", "target"}
UPDATES = 6
"""Batches that a core learns from in these tests, with and without pauses."""


def random_tables(seed: int) -> dict[str, Any]:
    """Tables with every key of docs/description.md anywhere in its range.

    But for the sizes whose upper ends no test can simulate: widths go to 127, batches to 64.
    """
    r = random.Random(f"core {seed}")
    rule = "none" if seed % 12 == 7 else "rfg"
    form = r.choice([*FORMATS, *[random_formats(r)] * len(FORMATS)])
    n = [size(r, 1, 127) for _ in range(size(r, 2, 15) + 1)]
    layers = len(n) - 1
    local = rule == "rfg" and not r.randrange(4)
    pe, simd = folding(r, n, 12)
    plain = r.choice(
        [
            {"scope": "layer", "directions": size(r, 1, max(1, 64 // layers))},
            {"scope": "global", "directions": size(r, 1, 64)},
        ]
    )
    return {
        "name": f"random_{seed}",
        "network": random_network(r, n, form),
        "learning": {
            **plain,
            "structure": r.choice(["independent", "factored"]),
            "batch": size(r, 1, 64),
            "rate": r.choice([r.randint(-16, 16), r.randint(2, 8)]),
            "seed": r.choice([1, 2**32 - 1, *(r.randint(1, 2**32 - 1) for _ in range(4))]),
            **random_mix(r, layers + local * (layers - 1)),
            "local": local,
            "rule": rule,
        },
        "formats": form,
        "hardware": {
            **r.choice([{}, {"pe": pe, "simd": simd}, {"pe": pe, "simd": simd}]),
            "skip": r.choice([False, True]),
            "protection": r.choice(["none", "parity", "ecc"]),
            **(r.choice([{}, {"lanes": size(r, 1, 32)}]) if rule == "rfg" else {}),
        },
    }


def random_formats(r: random.Random) -> dict[str, str]:
    """Every format of a perceptron anywhere in its range."""
    order = ["weight", "membrane", "tangent", "surrogate", "input", "target"]
    return formats(r, {name: name in NAMES for name in order})


def random_network(r: random.Random, n: list[int], form: dict[str, str]) -> dict[str, Any]:
    """Neurons of all kinds in layers of these widths."""
    membrane, table = form.get("membrane", "s3.16"), form.get("surrogate", "u0.8")
    several = [threshold(r, membrane) for _ in n[1:-1]]
    return {
        "layers": n,
        "time_steps": size(r, 1, r.choice([64, 257, 1024])),
        "threshold": r.choice([several[0], several]),
        "surrogate": surrogate(r, SURROGATES, membrane, table),
        "leak": r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)]),
        "reset": r.choice(["detached", "attached"]),
        "coding": r.choice(["direct", "direct", "rate", "bernoulli"]),
    }


def quick(d: Description) -> bool:
    """Whether a core builds and runs in a few seconds: its adders, weights and clocks are few."""
    g = geometry(d)
    adders = (d.lanes_built + 1) * sum(layer.pe * layer.simd for layer in g.layers)
    width = (d.lanes_built + 1) * sum(layer.next_simd for layer in g.layers)
    words = sum((n_in + 1) * n_out for n_in, n_out in d.shapes)
    clocks = g.interval * d.learning.batch * (2 + UPDATES * d.passes)
    return adders <= 160 and width <= 80 and words <= 2000 and clocks <= 200_000


def random_mix(r: random.Random, layers: int) -> dict[str, Any]:
    """Now and then frozen layers or masks, and every other way to learn."""
    frozen = {"frozen": r.sample(range(layers), r.randint(1, layers - 1))}
    lanes = [r.sample(range(layers), r.randint(1, layers)) for _ in range(size(r, 1, 26))]
    masks = {"scope": "layer", "directions": 1, "masks": lanes}
    shift = {"layer_shift": [r.choice([0, 1, r.randint(-16, 16)]) for _ in range(layers)]}
    mantissa = {"mantissa": [r.randint(8, 15) for _ in range(layers)]}
    return {
        **r.choice([{}, {}, frozen, masks]),
        **r.choice([{}, {}, shift]),
        **r.choice([{}, {}, mantissa]),
        "rounding": r.choice(["nearest", "stochastic"]),
        "schedule": r.choice(["host", "chip"]),
        "momentum": r.choice([None, None, r.randint(1, 8)]),
        "stages": size(r, 1, 16),
        "updates": r.randint(1, 5),
    }


def random_description(seed: int) -> Description:
    """The first description that the model accepts and that is quick: of seed, seed + 1200, ..."""
    while True:
        try:
            d = describe(random_tables(seed), f"seed {seed}")
        except BadInput:
            pass
        else:
            if quick(d):
                return d
        seed += 1200


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
