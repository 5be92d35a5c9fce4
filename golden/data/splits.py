"""Which samples are held out: of a file to be tested on, of training samples to be validated on."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.problem import Problem, Samples
from dualspike.model.errors import BadInput

HELD_OUT = 5
"""One sample in so many is tested on."""

SPLIT_SEED = 0
"""The same whatever ``learning.seed`` is, so that runs with different seeds compare."""

HELD_OUT_PART = "held-out part"
BY_CLASS = f"one sample in {HELD_OUT} of every class, drawn with seed {SPLIT_SEED}"
OF_ALL = f"one sample in {HELD_OUT}, drawn with seed {SPLIT_SEED}"
LAST = f"the last of the file, one function in {HELD_OUT}"


def held_out(
    groups: NDArray[np.integer[Any]], share: Fraction = Fraction(1, HELD_OUT)
) -> NDArray[np.bool_]:
    """Which samples are held out, [N]: of each of the ``groups`` [N] that share.

    Rounded down: the first of its samples in the order of ``default_rng(0).permutation(N)``.
    """
    order = np.random.default_rng(SPLIT_SEED).permutation(len(groups))
    out = np.zeros(len(groups), bool)
    for one in range(int(groups.max()) + 1):
        own = order[groups[order] == one]
        out[own[: int(len(own) * share)]] = True
    return out


def with_validation(problem: Problem, share: float) -> Problem:
    """The same problem with a share of its training samples held out, to be validated on.

    They are those of `held_out`: of every class, of all samples, or of all functions. They take the
    place of the problem's own validation samples and are not trained on; test samples stay. Raises
    BadInput for a share outside of (0, 1) or that holds out no sample, and for targets all 0 in
    what it holds out, or in one of its functions, whose relative error would be x / 0.
    """
    if not 0 < share < 1:
        raise BadInput(f"--validation-split must be in (0, 1), not {share:g}")
    train, labels = problem.train, problem.classes is not None
    count, mlp = len(train.target), problem.kind == "mlp"
    groups = train.target.argmax(axis=1) if labels else np.zeros(count, np.int64)
    out = held_out(groups, Fraction(str(share)))
    unit, of = ("samples" if mlp else "functions"), (" of any class" if labels else "")
    if not out.any():
        raise BadInput(
            f"--validation-split must hold out one sample or more, {share:g} of {count} training"
            f" {unit} holds out none{of}"
        )
    learned, tuned = _rows(train, ~out), _rows(train, out)
    empty = ~tuned.target.reshape(1 if mlp else len(tuned.target), -1).any(axis=1)
    if empty.any():
        raise BadInput(
            f"{problem.name}: targets must not be 0 everywhere in {unit} held out by"
            f" --validation-split {share:g}, the relative error would be x / 0"
        )
    told = f"{100 * share:.3g} % of the training {unit}{' of every class' if labels else ''}"
    told = f"validated on {out.sum()}: {told}, drawn with seed {SPLIT_SEED}"
    return replace(problem, train=learned, validation=tuned, validated=told)


def _rows(samples: Samples, kept: NDArray[np.bool_]) -> Samples:
    """Some rows of the first part, with their numbers."""
    first, *others = samples.inputs
    rows = np.arange(len(first)) if samples.rows is None else samples.rows
    return Samples((first[kept], *others), samples.target[kept], rows[kept])
