"""Random operator chips, and the one way in which the tests put hardware and model side by side."""

import random
from typing import Any

import numpy as np

from dualspike.golden.integer_operator import OperatorChip
from dualspike.model.errors import BadInput
from dualspike.model.formats import Format
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_load import describe_operator
from dualspike.testbench.compare import Difference, compare_update
from dualspike.testbench.operator_bulk import OperatorSimulation

from .descriptions import random_mix

FORMATS: list[dict[str, str]] = [
    {},
    {"weight": "s1.10", "membrane": "s2.12", "tangent": "s7.2", "factor": "s1.12"},
    {
        "weight": "s2.8",
        "membrane": "s3.9",
        "tangent": "s6.3",
        "surrogate": "u1.5",
        "input": "s0.7",
        "target": "s1.6",
        "factor": "s1.11",
        "error": "s2.6",
        "cotangent": "s1.12",
        "scale": "s3.4",
    },
    {
        "weight": "s0.6",
        "membrane": "s1.6",
        "tangent": "s4.1",
        "target": "s0.5",
        "factor": "s0.4",
        "error": "s0.6",
        "cotangent": "s0.5",
        "scale": "s1.3",
    },
]


def random_tables(seed: int) -> dict[str, Any]:
    """Tables of a chip: 1 to 3 trunks, parts of 2 or 3 layers, basis and batch 1 to 6."""
    r = random.Random(seed)
    trunks = r.choice([1, 1, 2, 3])
    basis = r.randint(1, 6)
    kind = "deeponet" if trunks == 1 and r.random() < 0.7 else "seponet"

    def network(n_in: int) -> dict[str, Any]:
        hidden = [r.randint(1, 7) for _ in range(r.choice([1, 1, 2]))]
        return {
            "layers": [n_in, *hidden, basis],
            "time_steps": r.choice([1, 2, 3, 4, 5, 8]),
            "threshold": r.choice([0.5, 1.0]),
            "surrogate": {"sigma": r.choice([0.5, 0.7]), "entries": r.choice([16, 64])},
        }

    widths = [r.randint(1, 5), *([r.randint(1, 3)] if kind == "deeponet" else [1] * trunks)]
    parts = [network(width) for width in widths]
    simd, pe = [], []
    for part in parts:
        n = part["layers"]
        folds = [r.randint(1, min(3, width)) for width in n[:-1]]
        simd += folds
        pe += [
            r.choice([width, *range(after, width + 1, after)])
            for width, after in zip(n[1:], [*folds[1:], 1], strict=True)
        ]
    return {
        "name": f"operator_{seed}",
        "operator": {"kind": kind, "parts": parts},
        "learning": {
            "scope": r.choice(["layer", "global"]),
            "structure": r.choice(["independent", "factored"]),
            "directions": r.choice([1, 2]),
            "batch": [r.randint(1, 6) for _ in widths],
            "rate": r.randint(0, 5),
            "floor": r.choice([None, 0.125, 0.3]),
            "seed": r.randint(1, 2**32 - 1),
            **random_mix(random.Random(f"mix {seed}"), len(pe)),
        },
        "formats": r.choice(FORMATS),
        "hardware": {
            "pe": pe,
            "simd": simd,
            "terms": r.choice([None, r.randint(1, basis)]),
            "protection": random.Random(f"guard {seed}").choice(["none", "parity", "ecc"]),
        },
    }


def random_operator(seed: int) -> OperatorDescription:
    """The first chip that the model accepts among seed, seed + 1000, ..."""
    while True:
        try:
            return describe_operator(random_tables(seed), f"seed {seed}")
        except BadInput:
            seed += 1000


def stored(rng: np.random.Generator, form: Format, *shape: int) -> np.ndarray:
    """Random stored integers over the whole format."""
    return rng.integers(form.lowest, form.highest + 1, shape)


def random_operator_chip(d: OperatorDescription, rng: np.random.Generator) -> OperatorChip:
    """A chip with weights and biases spread as wide as its formats and layers like."""
    form = d.formats.weight

    def draw(n_in: int, *shape: int) -> np.ndarray:
        limit = min(form.highest, 2 * 2**form.fraction // n_in + 1)
        return rng.integers(-limit, limit + 1, shape)

    chip = OperatorChip(
        d,
        [draw(n_in, n_out, n_in) for n_in, n_out in d.shapes],
        [draw(n_in, n_out) for n_in, n_out in d.shapes],
    )
    limit = d.step_format.highest // 8
    for velocity in chip.velocities:
        velocity[:] = rng.integers(-limit, limit + 1, velocity.shape)
    return chip


def random_rows(d: OperatorDescription, rng: np.random.Generator, functions: int) -> list[Any]:
    """Stored inputs of every part: ``functions`` of the branch, the grid of the trunks."""
    counts = [functions, *d.learning.batch[1:]]
    return [
        stored(rng, d.formats.input, count, network.layers[0])
        for count, network in zip(counts, d.parts, strict=True)
    ]


def cosimulate_operator(
    d: OperatorDescription, simulation: OperatorSimulation, updates: int, seed: int, stall: int = 0
) -> Difference | None:
    """Load, read back, infer and learn; the first difference between hardware and model."""
    rng, f = np.random.default_rng(seed), d.formats
    chip = random_operator_chip(d, rng)
    simulation.load_chip(chip)
    simulation.write("FLAGS", 0)
    read = simulation.weights()
    for one, found in zip([*chip.weights, *chip.biases], [*read[0], *read[1]], strict=True):
        np.testing.assert_array_equal(one, found)
    for functions in (1, 3):
        rows = random_rows(d, rng, functions)
        np.testing.assert_array_equal(simulation.infer(rows, stall=stall), chip.infer(rows))
    for update in range(updates):
        rows = random_rows(d, rng, d.learning.batch[0])
        target = stored(rng, f.target, *d.learning.batch)
        scale = None
        if d.learning.floor is not None:
            scale = stored(rng, f.scale, d.learning.batch[0]).clip(0)
        stage = d.stage(update) if d.learning.schedule == "chip" else update % d.learning.stages
        record = simulation.learn(rows, target, scale, stage, stall=stall)
        expected = chip.update(rows, target, scale, stage)
        difference = compare_update(update, chip, expected, record, simulation)
        if difference:
            return difference
    return None
