"""Random descriptions of chips of every kind, random chips, and random batches for them."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from dualspike.golden.integer.chips import chip_of
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Ints
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.load import describe
from dualspike.model.description.network import RESETS, SURROGATES, SurrogateKind
from dualspike.model.errors import BadInput
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.sizes.cycles import batch_cycles
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from tests.testbench.random.ranges import folding, formats, size, surrogate, threshold

FORMATS = {
    False: [
        "",
        "weight s1.12 membrane s3.12 tangent s11.0 target s1.10",
        "weight s2.10 membrane s2.12 tangent s7.4 surrogate u1.5 input s0.9 target s1.11",
        "tangent s13.9 membrane s5.14 target s2.12",
        "weight s0.8 membrane s1.7 tangent s5.2 target s0.7 input s1.3",
    ],
    True: [
        "",
        "weight s1.10 membrane s2.12 tangent s7.2 target s1.9",
        "weight s2.8 membrane s3.9 tangent s6.3 surrogate u1.5 input s0.7"
        " target s1.6 factor s1.11 error s2.6 cotangent s1.12 scale s3.4",
        "weight s0.6 membrane s1.6 tangent s4.1 target s0.5"
        " factor s0.4 error s0.6 cotangent s0.5 scale s1.3",
    ],
}
"""Of perceptrons and of operator networks: formats that go well together."""

Batch = tuple[list[Ints], Ints, int, Ints | None]
"""What `Chip.update` and `Simulation.learn` take: inputs, target, stage, scale."""

UPDATES = 6
"""Batches that a chip learns from in these tests, with and without pauses."""


def random_tables(seed: int, *, operator: bool) -> dict[str, Any]:
    """Tables with every key of docs/description.md anywhere in its range.

    But for the sizes whose upper ends no test can simulate: widths go to 127, batches to 64.
    """
    if operator:
        return _operator(seed, random.Random(f"operator {seed}"))
    return _perceptron(seed, random.Random(f"core {seed}"))


def _perceptron(seed: int, r: random.Random) -> dict[str, Any]:
    rule = "none" if seed % 12 == 7 else "rfg"
    form = _formats(r, operator=False)
    n = [size(r, 1, 127) for _ in range(size(r, 2, 15) + 1)]
    layers = len(n) - 1
    local = rule == "rfg" and not r.randrange(4)
    pe, simd = folding(r, n, 12)
    lanes = _lanes(r, layers)
    return {
        "name": f"random_{seed}",
        "network": _network(r, n, form, 1024, operator=False),
        "learning": {
            **lanes,
            "structure": r.choice(["independent", "factored"]),
            "batch": size(r, 1, 64),
            "rate": r.choice([r.randint(-16, 16), r.randint(2, 8)]),
            "seed": any_seed(r),
            **_mix(r, layers + local * (layers - 1)),
            "local": local,
            "rule": rule,
        },
        "formats": form,
        "hardware": {
            **r.choice([{}, {"pe": pe, "simd": simd}, {"pe": pe, "simd": simd}]),
            "skip": r.choice([False, True]),
            "protection": r.choice(["none", "parity", "ecc"]),
            **(r.choice([{}, {"lanes": size(r, 1, 32)}]) if rule == "rfg" else {}),
            "clock": r.choice([None, 40, 100]),
        },
    }


def _operator(seed: int, r: random.Random) -> dict[str, Any]:
    rule = "none" if seed % 12 == 7 else "rfg"
    trunks = r.choice([1, 1, 2, 3, size(r, 1, 15)])
    basis = size(r, 1, 64)
    kind = "deeponet" if trunks == 1 and r.random() < 0.7 else "seponet"
    form = _formats(r, operator=True)
    inputs = [size(r, 1, 127), *([size(r, 1, 8)] if kind == "deeponet" else [1] * trunks)]
    parts = [_part(r, n_in, basis, form) for n_in in inputs]
    folds = [folding(r, part["layers"], 6) for part in parts]
    layers = sum(len(part["layers"]) - 1 for part in parts)
    fold = {
        "pe": [width for pe, _ in folds for width in pe],
        "simd": [width for _, simd in folds for width in simd],
    }
    lanes = _lanes(r, layers)
    return {
        "name": f"operator_{seed}",
        "operator": {"kind": kind, "parts": parts},
        "learning": {
            **lanes,
            "structure": r.choice(["independent", "factored"]),
            "batch": [size(r, 1, r.choice([7, 64])) for _ in inputs],
            "rate": r.choice([r.randint(-16, 16), r.randint(0, 5)]),
            "floor": r.choice([None, 2.0 ** r.randint(-10, 10), r.uniform(0.1, 1)]),
            "seed": any_seed(r),
            **_mix(r, layers),
            "rule": rule,
        },
        "formats": form,
        "hardware": {
            **r.choice([{}, fold, fold]),
            "terms": r.choice([None, size(r, 1, basis)]),
            "protection": r.choice(["none", "parity", "ecc"]),
            "clock": r.choice([None, 40, 100]),
        },
    }


def _formats(r: random.Random, *, operator: bool) -> dict[str, str]:
    """Some that go well together, or each of the kind's anywhere in its range."""
    words = [text.split() for text in FORMATS[operator]]
    known = [dict(zip(one[::2], one[1::2], strict=True)) for one in words]
    names = ["weight", "membrane", "tangent", "surrogate", "input", "target"]
    names += ["factor", "error", "cotangent", "scale"] if operator else []
    anywhere = formats(r, {name: name != "surrogate" for name in names})
    return r.choice([*known, *[anywhere] * len(known)])


def _lanes(r: random.Random, layers: int) -> dict[str, Any]:
    """Directions by layer, or of all."""
    return r.choice(
        [
            {"scope": "layer", "directions": size(r, 1, max(1, 64 // layers))},
            {"scope": "global", "directions": size(r, 1, 64)},
        ]
    )


def any_seed(r: random.Random) -> int:
    return r.choice([1, 2**32 - 1, *(r.randint(1, 2**32 - 1) for _ in range(4))])


def _part(r: random.Random, n_in: int, basis: int, form: dict[str, str]) -> dict[str, Any]:
    """One of several parts; they have no draws and no codes."""
    hidden = [size(r, 1, r.choice([7, 127])) for _ in range(r.choice([1, 1, 2, size(r, 1, 8)]))]
    return _network(r, [n_in, *hidden, basis], form, 257, operator=True)


def _network(
    r: random.Random, n: list[int], form: dict[str, str], longest: int, *, operator: bool
) -> dict[str, Any]:
    """Neurons of all kinds in layers of these widths."""
    membrane, table = form.get("membrane", "s3.16"), form.get("surrogate", "u0.8")
    several = [threshold(r, membrane) for _ in n[1:-1]]
    kinds: list[SurrogateKind] = [kind for kind in SURROGATES if not (operator and kind == "stein")]
    network: dict[str, Any] = {
        "layers": n,
        "time_steps": size(r, 1, r.choice([8, 257] if operator else [64, 257, longest])),
        "threshold": r.choice([several[0], several]),
        "surrogate": surrogate(r, kinds, membrane, table),
        "leak": r.choice([1.0, 1 - 2.0 ** -r.randint(1, 8)]),
        "reset": r.choice(RESETS),
    }
    if not operator:
        network["coding"] = r.choice(["direct", "direct", "rate", "bernoulli"])
    return network


def _mix(r: random.Random, layers: int) -> dict[str, Any]:
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


def quick(d: Description) -> bool:
    """Whether a chip builds and runs in a few seconds: its adders, weights and clocks are few."""
    sizes = [(geometry(part), part.lanes + 1) for part in d.parts]
    if d.online:
        sizes = [(geometry(part), 3 + len(part.shapes) * part.own_lanes) for part in d.parts]
    adders = sum(k * layer.pe * layer.simd for g, k in sizes for layer in g.layers)
    width = sum(k * layer.next_simd for g, k in sizes for layer in g.layers)
    words = sum((n_in + 1) * n_out for n_in, n_out in d.shapes)
    if d.kind == "mlp":
        clocks = sizes[0][0].interval * d.batch[0] * (2 + UPDATES * d.passes * d.learns)
        return adders <= 160 and width <= 80 and words <= 2000 and clocks <= 200_000
    terms, clocks = product_sizes(d).terms * len(d.parts), UPDATES * batch_cycles(d)[1]
    return adders + width + 4 * terms <= 200 and words <= 1500 and clocks <= 150_000


def random_description(seed: int) -> Description:
    """A perceptron or an operator network, as the seed has it: the first that is quick.

    That is the first of seed, seed + 1200, ... which the model accepts and which is `quick`.
    """
    operator = random.Random(f"kind {seed}").random() < 1 / 3
    return first_quick(lambda seed: random_tables(seed, operator=operator), seed)


def first_quick(tables: Callable[[int], dict[str, Any]], seed: int) -> Description:
    while True:
        try:
            d = describe(tables(seed), f"seed {seed}")
        except BadInput:
            pass
        else:
            if quick(d):
                return d
        seed += 1200


def stored(rng: np.random.Generator, form: Format, *shape: int) -> Ints:
    """Random stored integers over the whole format."""
    return rng.integers(form.lowest, form.highest + 1, shape)


def random_chip(d: Description, seed: int) -> IntegerChip:
    """A chip with weights and biases spread as wide as its formats and layers like."""
    rng, form = np.random.default_rng(seed), d.formats.weight
    spread = [min(form.highest, 2 * 2**form.fraction // n_in + 1) for n_in, _ in d.shapes]

    def draw(limit: int, *shape: int) -> Ints:
        return rng.integers(-limit, limit + 1, shape)

    weights = [draw(s, n_out, n_in) for s, (n_in, n_out) in zip(spread, d.shapes, strict=True)]
    chip = chip_of(d, weights, [draw(s, b) for s, (_, b) in zip(spread, d.shapes, strict=True)])
    for memory, held in zip(memory_map(d)[2 * d.n_layers :], chip.further, strict=True):
        held[:] = draw(memory.format.highest // 8, *held.shape)
    return chip


def random_rows(d: Description, rng: np.random.Generator, count: int) -> list[Ints]:
    """Stored inputs: so many samples or functions; of an operator network the whole grid.

    Inputs over time are frames of -1, 0 and 1, or of numbers.
    """
    if d.network.coding == "frames":
        shape = count, d.network.time_steps, d.network.layers[0]
        many = d.parts[0].numbers
        return [stored(rng, d.formats.input, *shape) if many else rng.integers(-1, 2, shape)]
    rows = zip([count, *d.batch[1:]], d.networks, strict=True)
    return [stored(rng, d.formats.input, n, network.layers[0]) for n, network in rows]


def random_batch(d: Description, rng: np.random.Generator, stage: int = 0) -> Batch:
    """A batch over the whole range of all formats."""
    f, inputs = d.formats, random_rows(d, rng, d.batch[0])
    shape = [*d.batch, d.basis] if d.kind == "mlp" else d.batch
    target = stored(rng, f.target, *shape)
    if d.classes:
        target = rng.integers(0, d.basis, (d.batch[0], 1))
        target[rng.integers(0, 8, target.shape) == 0] = rng.choice([-1, d.basis, 127])
    scale = None if d.floor is None else stored(rng, f.scale, d.batch[0])
    return inputs, target, stage, scale
