"""A description that fits data: widths, formats, scale and a rate to begin with."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from dualspike.golden.data.classes import load_classes
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.samples import KIND, check_answered, check_source, read_samples
from dualspike.golden.files.arrays import array_names, read_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.description.data import MOST, Data
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput

HIDDEN = 16, 128
"""Neurons of a hidden layer, at least and at most."""

RATES = 5, 14


@dataclass(frozen=True, eq=False)
class _Extent:
    """What there is to fit: inputs [N, n_in] to train and to test with, outputs, largest target."""

    x: Doubles
    test_x: Doubles
    n_out: int
    target: float | None


def description_for(keys: dict[str, Any]) -> tuple[Description, Problem]:
    """A description with these keys of ``[data]``, and the problem that it finds there.

    Hidden layers have 2 sqrt(n_in n_out) neurons, rounded up to a power of two within `HIDDEN`: one
    for labels, two for real numbers. Inputs of a file that are not in [-1, 1] are brought there,
    see `_scale`, and formats hold the targets. Learning perturbs weights, so that its variance
    grows with their number: the rate is 2^-8 for the 4,810 weights and biases of 64-64-10 and falls
    with their number, within `RATES`.

    Raises BadInput for data that cannot be used, or that no perceptron fits.
    """
    data = describe({"network": {"layers": [1, 1, 1]}, "data": keys}, "--data").data
    extent = _extent(data)
    n_in, n_out = extent.x.shape[1], extent.n_out
    hidden = 1 << math.ceil(math.log2(2 * math.sqrt(n_in * n_out)))
    hidden = min(max(HIDDEN[0], hidden), HIDDEN[1])
    labels = extent.target is None
    layers = [n_in, hidden, n_out] if labels else [n_in, hidden, hidden, n_out]
    weights = sum((a + 1) * b for a, b in pairwise(layers))
    rate = 8 + round(math.log2(weights / 4810))
    tables: dict[str, Any] = {
        "name": _name(data),
        "network": {"layers": layers, **({"time_steps": 8} if labels else {})},
        "learning": {
            "structure": "factored",
            "directions": 4,
            "batch": 128,
            "rate": min(max(RATES[0], rate), RATES[1]),
            "updates": 4000,
        },
        "data": keys | (_scale(extent.x, extent.test_x) if data.path else {}),
        **_formats(extent.target or 0.0),
    }
    d = describe(tables, "--data")
    return d, load_problem(d)


def scaling(data: Data) -> dict[str, Any]:
    """Keys offset and scale of ``[data]`` that bring the training inputs of a file to [-1, 1].

    They are those of `_scale`, of the samples that are trained on alone. Raises BadInput for what
    is no file of samples, or one that cannot be used.
    """
    if data.path is None:
        raise BadInput(f"--scale must be left out with {data.source}: it is for files of samples")
    x = _extent(data).x
    return {"offset": 0.0, "scale": 1.0} | _scale(x, x[:0])


def _extent(data: Data) -> _Extent:
    path = data.path
    if path is not None:
        check_source(path)
        if "u" in array_names(path):
            line = f"{path} must hold samples, not functions: begin with --preset poisson"
            raise BadInput(line)
    found = load_classes(data)
    if found is not None:
        x, test_x = (
            one.x.reshape(-1, one.x.shape[-1]).astype(np.float64)
            for one in (found.whole, found.test)
        )
        return _Extent(x, test_x, found.classes, None)
    if path is None:
        raise BadInput(f"--data must be a file or a data set with labels, not {data.source}")
    check_answered(path)
    widths = [
        one.shape[1] if one.ndim == 2 else 1 for one in read_arrays(path, ["x", "y"], KIND).values()
    ]
    own = read_samples(data, *widths)
    largest = max(float(np.abs(one.target).max()) for one in (own.train, own.test))
    return _Extent(own.train.inputs[0], own.test.inputs[0], widths[1], largest)


def _scale(x: Doubles, test_x: Doubles) -> dict[str, Any]:
    """What brings inputs of a file to [-1, 1]; nothing where they are there.

    Whole numbers, as pixels and counts are: one power of two for all, and 0 stays 0. Others: from
    every input its mean over the training samples is taken away, and what is left is over the
    largest of it, also of the test samples.
    """
    every = np.concatenate((x, test_x))
    largest = float(np.abs(every).max())
    if largest <= 1:
        return {}
    if (every == np.rint(every)).all():
        return {"scale": 2.0 ** -math.ceil(math.log2(largest))}
    offset = _short(x.mean(axis=0))
    away = np.abs(every - offset).max(axis=0)
    scale = _short(np.clip(1 / np.where(away > 0, away, 1), 1 / MOST, MOST))
    return {"offset": offset, "scale": scale}


def _short(values: Doubles) -> list[float]:
    """With four digits, as they stand in a file."""
    return [float(f"{value:.4g}") for value in values.tolist()]


def _formats(target: float) -> dict[str, Any]:
    """Formats that hold targets as far out as they are, and outputs four times as far."""
    if target < 2:
        return {}
    whole = math.floor(math.log2(target)) + 1
    fraction = 17 - whole
    held = {"target": f"s{whole}.{fraction}", "membrane": f"s{whole + 2}.{fraction}"}
    return {"formats": held}


def _name(data: Data) -> str:
    stem = Path(data.source).stem if data.known is None else data.known
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:40]
    return f"{name}_core" if re.match("[a-z]", name) else "own_core"
