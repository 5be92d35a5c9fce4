"""Descriptions for real numbers: online, a change a sample, perturbed neurons."""

import math
from typing import Any

import numpy as np

from dualspike.golden.data.fitting.scales import applied, spread, standard, whole_bits
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.samples import KIND, check_answered, read_samples
from dualspike.golden.files.arrays import read_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.description.data import Data
from dualspike.model.errors import BadInput

HIDDEN, FEW = (32, 64), 256
"""Neurons of both hidden layers: up to so many inputs times outputs, and above."""
LANES, STEPS, BATCH = 2, 32, 64
RATE, STAGES = 9, 5
LEAST, MOST, EACH = 60_000, 120_000, 128
"""Presentations: so many of every sample, within bounds."""
SPREAD = 0.25
"""Standard deviation of targets, to learn them."""
INPUT, TARGET = 15, 17
"""Bits of inputs and of targets, besides their sign."""


def of_numbers(data: Data) -> dict[str, Any]:
    """Tables of a description for the x [N, n_in] and y [N, n_out] of a file.

    Inputs are brought to a size that is learned from, see `spread`, and targets to a standard
    deviation of `SPREAD`. A change moves the answer to what it was learned from by the rate times
    the square of what comes in. With the power P of the inputs, the mean over samples of the sum of
    their squares and of 1 for the bias, the first layer has the rate 2^-`RATE` 4 / P, to the
    nearest power of two, at most 2 x 2^-`RATE`. The readout has 2^-`RATE` and the layer before it
    half of that, with more neurons again half of either. As the first rate gets less, inputs have
    fewer bits after the point, so that shifts stay within 24.

    Raises BadInput for data that cannot be used.
    """
    if data.path is None:
        raise BadInput(f"--data must be a file or a data set with labels, not {data.source}")
    own = read_own(data)
    x, y = own.train.inputs[0], own.train.target
    n_in, n_out = int(x.shape[1]), int(y.shape[1])
    inputs, targets = spread(x), _even(y)
    hidden: int = HIDDEN[n_in * n_out > FEW]
    more = round(math.log2(hidden / HIDDEN[0]))
    power = float(np.square(applied(x, inputs)).sum(axis=1).mean()) + 1
    first = max(-1, round(math.log2(power)) - 2)
    x_bits = whole_bits(inputs, x, own.test.inputs[0])
    y_bits = whole_bits(targets, y, own.test.target)
    samples = min(max(LEAST, EACH * len(x)), MOST)
    return {
        "network": {"layers": [n_in, hidden, hidden, n_out], "time_steps": STEPS},
        "learning": {
            "rule": "online",
            "every": "sample",
            "feedback": "forward",
            "directions": LANES,
            "loss": "squared",
            "batch": BATCH,
            "rate": RATE,
            "layer_shift": [first, 1 + more, more],
            "stages": STAGES,
            "updates": math.ceil(samples / BATCH),
        },
        "data": inputs | {f"target_{name}": one for name, one in targets.items()},
        "formats": {
            "input": f"s{x_bits}.{max(0, INPUT - max(x_bits, first))}",
            "target": f"s{y_bits}.{max(0, TARGET - y_bits)}",
        },
    }


def read_own(data: Data) -> Problem:
    """The x and y of a file, as wide as they are there; raises BadInput as `read_samples` does."""
    assert data.path is not None
    check_answered(data.path)
    arrays = read_arrays(data.path, ["x", "y"], KIND)
    return read_samples(data, *(one.shape[1] if one.ndim == 2 else 1 for one in arrays.values()))


def _even(y: Doubles) -> dict[str, Any]:
    """Keys offset and scale that bring targets [N, n] to `SPREAD`; none if they are about there.

    That is within [-1, 1], every column's standard deviation between half and one and a half times
    of it.
    """
    deviations = y.std(axis=0)
    near = (deviations >= SPREAD / 2).all() and (deviations <= SPREAD * 1.5).all()
    if near and np.abs(y).max() <= 1:
        return {}
    return standard(y, SPREAD)
