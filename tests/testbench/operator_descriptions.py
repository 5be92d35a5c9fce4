"""Random operator chips, and the one way in which the tests put hardware and model side by side."""

import random
from typing import Any

import numpy as np

from dualspike.golden.integer_operator import OperatorChip
from dualspike.model.errors import BadInput
from dualspike.model.formats import Format
from dualspike.model.geometry import geometry
from dualspike.model.operator_chip import OperatorDescription, OperatorFormats
from dualspike.model.operator_geometry import product_geometry
from dualspike.model.operator_load import describe_operator
from dualspike.model.operator_sizes import batch_cycles
from dualspike.testbench.compare import Difference, compare_update
from dualspike.testbench.operator_bulk import OperatorSimulation

from .descriptions import random_mix
from .ranges import SURROGATES, folding, formats, size, surrogate, threshold

FORMATS: list[dict[str, str]] = [
    {},
    {"weight": "s1.10", "membrane": "s2.12", "tangent": "s7.2", "target": "s1.9"},
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


KINDS = [kind for kind in SURROGATES if kind != "stein"]
UPDATES = 6
"""Batches that a chip learns from in these tests, with and without pauses."""


def random_tables(seed: int) -> dict[str, Any]:
    """Tables with every key of docs/operators.md anywhere in its range.

    But for the sizes whose upper ends no test can simulate: widths go to 127, batches to 64.
    """
    r = random.Random(f"operator {seed}")
    trunks = r.choice([1, 1, 2, 3, size(r, 1, 15)])
    basis = size(r, 1, 64)
    kind = "deeponet" if trunks == 1 and r.random() < 0.7 else "seponet"
    form = r.choice([*FORMATS, *[random_formats(r)] * len(FORMATS)])
    inputs = [size(r, 1, 127), *([size(r, 1, 8)] if kind == "deeponet" else [1] * trunks)]
    parts = [random_part(r, n_in, basis, form) for n_in in inputs]
    folds = [folding(r, part["layers"], 6) for part in parts]
    layers = sum(len(part["layers"]) - 1 for part in parts)
    fold = {
        "pe": [width for pe, _ in folds for width in pe],
        "simd": [width for _, simd in folds for width in simd],
    }
    plain = r.choice(
        [
            {"scope": "layer", "directions": size(r, 1, max(1, 64 // layers))},
            {"scope": "global", "directions": size(r, 1, 64)},
        ]
    )
    return {
        "name": f"operator_{seed}",
        "operator": {"kind": kind, "parts": parts},
        "learning": {
            **plain,
            "structure": r.choice(["independent", "factored"]),
            "batch": [size(r, 1, r.choice([7, 64])) for _ in inputs],
            "rate": r.choice([r.randint(-16, 16), r.randint(0, 5)]),
            "floor": r.choice([None, 2.0 ** r.randint(-10, 10), r.uniform(0.1, 1)]),
            "seed": r.choice([1, 2**32 - 1, *(r.randint(1, 2**32 - 1) for _ in range(4))]),
            **random_mix(r, layers),
        },
        "formats": form,
        "hardware": {
            **r.choice([{}, fold, fold]),
            "terms": r.choice([None, size(r, 1, basis)]),
            "protection": r.choice(["none", "parity", "ecc"]),
        },
    }


def random_formats(r: random.Random) -> dict[str, str]:
    """Every format of an operator chip anywhere in its range."""
    return formats(r, {name: name != "surrogate" for name in OperatorFormats.model_fields})


def random_part(r: random.Random, n_in: int, basis: int, form: dict[str, str]) -> dict[str, Any]:
    """A part with neurons of all kinds that operator chips have."""
    membrane, table = form.get("membrane", "s3.16"), form.get("surrogate", "u0.8")
    hidden = [size(r, 1, r.choice([7, 127])) for _ in range(r.choice([1, 1, 2, size(r, 1, 8)]))]
    several = [threshold(r, membrane) for _ in hidden]
    return {
        "layers": [n_in, *hidden, basis],
        "time_steps": size(r, 1, r.choice([8, 257])),
        "threshold": r.choice([several[0], several]),
        "surrogate": surrogate(r, KINDS, membrane, table),
        "leak": r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)]),
        "reset": r.choice(["detached", "attached"]),
    }


def quick(d: OperatorDescription) -> bool:
    """Whether a chip builds and runs in a few seconds: its adders, weights and clocks are few."""
    adders = sum(
        (len(d.lanes_of(part)) + 1) * (layer.pe * layer.simd + layer.next_simd)
        for part in range(len(d.parts))
        for layer in geometry(d.part(part)).layers
    )
    terms = product_geometry(d).terms * len(d.parts)
    words = sum((n_in + 1) * n_out for n_in, n_out in d.shapes)
    clocks = UPDATES * batch_cycles(d)[1]
    return adders + 4 * terms <= 200 and words <= 1500 and clocks <= 150_000


def random_operator(seed: int) -> OperatorDescription:
    """The first chip that the model accepts and that is quick: of seed, seed + 1000, ..."""
    while True:
        try:
            d = describe_operator(random_tables(seed), f"seed {seed}")
        except BadInput:
            pass
        else:
            if quick(d):
                return d
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
            scale = stored(rng, f.scale, d.learning.batch[0])
        stage = d.stage(update) if d.learning.schedule == "chip" else update % d.learning.stages
        record = simulation.learn(rows, target, scale, stage, stall=stall)
        expected = chip.update(rows, target, scale, stage)
        difference = compare_update(update, chip, expected, record, simulation)
        if difference:
            return difference
    return None
