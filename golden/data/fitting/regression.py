"""Descriptions for real numbers: perturbed weights, in batches."""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from dualspike.golden.data.fitting.scales import to_ones
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.samples import KIND, check_answered, read_samples
from dualspike.golden.files.arrays import read_arrays
from dualspike.model.description.data import Data
from dualspike.model.errors import BadInput

HIDDEN = 16, 128
"""Neurons of a hidden layer, at least and at most."""

RATES = 5, 14


def of_numbers(data: Data) -> dict[str, Any]:
    """Tables of a description for the x [N, n_in] and y [N, n_out] of a file.

    Two hidden layers have 2 sqrt(n_in n_out) neurons, rounded up to a power of two within `HIDDEN`.
    Inputs that are not in [-1, 1] are brought there, see `to_ones`, and formats hold the targets.
    Learning perturbs weights, so that its variance grows with their number: the rate is 2^-8 for
    4,810 weights and biases and falls with their number, within `RATES`.

    Raises BadInput for data that cannot be used.
    """
    if data.path is None:
        raise BadInput(f"--data must be a file or a data set with labels, not {data.source}")
    own = read_own(data)
    x, test_x = own.train.inputs[0], own.test.inputs[0]
    n_in, n_out = x.shape[1], own.train.target.shape[1]
    hidden = 1 << math.ceil(math.log2(2 * math.sqrt(n_in * n_out)))
    hidden = min(max(HIDDEN[0], hidden), HIDDEN[1])
    layers = [n_in, hidden, hidden, n_out]
    weights = sum((a + 1) * b for a, b in pairwise(layers))
    rate = 8 + round(math.log2(weights / 4810))
    largest = max(float(np.abs(one.target).max()) for one in (own.train, own.test))
    return {
        "network": {"layers": layers},
        "learning": {
            "structure": "factored",
            "directions": 4,
            "batch": 128,
            "rate": min(max(RATES[0], rate), RATES[1]),
            "updates": 4000,
        },
        "data": to_ones(x, test_x),
        **_formats(largest),
    }


def read_own(data: Data) -> Problem:
    """The x and y of a file, as wide as they are there; raises BadInput as `read_samples` does."""
    assert data.path is not None
    check_answered(data.path)
    arrays = read_arrays(data.path, ["x", "y"], KIND)
    return read_samples(data, *(one.shape[1] if one.ndim == 2 else 1 for one in arrays.values()))


def _formats(target: float) -> dict[str, Any]:
    """Formats that hold targets as far out as they are, and outputs four times as far."""
    if target < 2:
        return {}
    whole = math.floor(math.log2(target)) + 1
    fraction = 17 - whole
    held = {"target": f"s{whole}.{fraction}", "membrane": f"s{whole + 2}.{fraction}"}
    return {"formats": held}
