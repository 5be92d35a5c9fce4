"""Whether a run diverged, told by what it leaves: its losses, its accuracy, its weights."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dualspike.golden.data.measures import Measures, errors
from dualspike.golden.data.problem import Problem
from dualspike.golden.numeric import Doubles, Floats
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format

FAR = 2.0
"""A loss is far above its start at so many times of it."""
AGAIN = 4.0
"""A loss has risen again at so many times its lowest mean."""
IDLE = 0.95
"""A loss of so much of its start has learned nothing."""
BETTER = 0.8
"""A loss that was so much of its end had been better."""
SATURATED = 0.5
"""Share of a layer's weights at the ends of their format."""
SAMPLES, SHARE = 64, 20
"""Losses are meant over so many samples at least, and over one update in so many."""
HIGHEST = 16


class _Course(NamedTuple):
    """Losses of a run: what it could have had without learning, and means over stretches of it."""

    start: float
    peak: float
    least: float
    end: float


def divergence(
    d: Description,
    problem: Problem,
    losses: Doubles,
    before: float,
    measures: Measures,
    weights: Sequence[Floats],
) -> str | None:
    """One line that says how a run diverged and names a rate to try; None if it did not.

    It did if its loss ended at more than `FAR` times its start, which is the first batch's loss or
    that of answering with the mean, whichever is more; if it went so far up on the way and ended
    no better than with the mean, or than chance; if it rose again to more than `AGAIN` times its
    lowest mean, or to chance from anything better; or if more than half of a layer's weights are at
    the ends of their format. A run of fewer than two stretches of `SAMPLES` samples is not judged.
    """
    course = _course(d, problem, losses)
    if course is None:
        return None
    reason = _risen(course, problem, before, measures) or _saturated(d.formats.weight, weights)
    if reason is None:
        return None
    rate = d.learning.rate
    less = min(HIGHEST, rate + (2 if course.peak > FAR * course.start else 1))
    hint = f"learning.rate {less}, it is {rate}"
    if less == rate:
        hint = f"learning.layer_shift above 0, learning.rate is {rate}"
    return f"training diverged: {reason}: try {hint}"


def far_above_start(d: Description, problem: Problem, losses: Doubles) -> str | None:
    """The first of these alone, as words: the loss ended at more than `FAR` times its start."""
    course = _course(d, problem, losses)
    return None if course is None else _far(course)


def ended_far(start: float, end: float) -> bool:
    """Whether a loss that ended at ``end`` is far above its start, or no finite number."""
    return not end <= FAR * start


def _course(d: Description, problem: Problem, losses: Doubles) -> _Course | None:
    window = max(math.ceil(SAMPLES / d.batch[0]), len(losses) // SHARE, 1)
    stretches = len(losses) // window
    if stretches < 2:
        return None
    means = losses[len(losses) - stretches * window :].reshape(stretches, window).mean(axis=1)
    readouts = 2 if d.local else 1
    start = max(float(losses[0]), readouts * _mean_answered(problem))
    return _Course(start, float(means.max()), float(means.min()), float(means[-1]))


def _mean_answered(problem: Problem) -> float:
    """The loss, that of the problem, of answering with the mean of the training samples."""
    target = problem.train.target
    squares = np.square(errors(problem, target.mean(axis=0), target)) / 2
    return float(squares.mean() if problem.kind != "mlp" else squares.sum(axis=1).mean())


def _far(course: _Course) -> str | None:
    start, end = course.start, course.end
    if ended_far(start, end):
        return f"the loss ended at {end:.3g}, {end / start:.3g} times its start"
    return None


def _risen(course: _Course, problem: Problem, before: float, measures: Measures) -> str | None:
    start, peak, least, end = course
    far = _far(course)
    if far is not None:
        return far
    if measures.accuracy is None:
        idle, told = end > IDLE * start, f"the loss ended at {end:.3g}, as without learning"
    else:
        chance = _chance(problem)
        idle = measures.accuracy <= chance
        told = f"accuracy ended at {measures.accuracy:.1%}, as by chance"
        if idle and (before > chance or least < BETTER * end):
            return f"{told}, and had been better"
    if idle and peak > FAR * start:
        return f"{told}, and the loss went up to {peak:.3g} on the way"
    if end > AGAIN * least:
        return f"the loss fell to {least:.3g} and rose again to {end:.3g}"
    return None


def _chance(problem: Problem) -> float:
    """Accuracy that answering with the commonest class reaches, with two standard deviations."""
    counts = problem.test.target.sum(axis=0)
    share = float(counts.max() / counts.sum())
    return share + 2 * math.sqrt(share * (1 - share) / float(counts.sum()))


def _saturated(form: Format, weights: Sequence[Floats]) -> str | None:
    lowest, highest = (float(end * form.lsb) for end in (form.lowest, form.highest))
    for layer, w in enumerate(weights):
        share = float(((w <= lowest) | (w >= highest)).mean())
        if share > SATURATED:
            return f"{share:.0%} of the weights of layer {layer} are at the ends of {form}"
    return None
