"""The description that fits data best, of those that may."""

from typing import Any

from dualspike.golden.data.fitting import descriptions_for
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import train
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe

SAMPLES = 6_000
"""Presentations of a trial."""
CLOSE = 0.02
"""Shares of right answers that differ by less count as equal."""


def description_for(keys: dict[str, Any]) -> tuple[Description, Problem]:
    """A description with these keys of ``[data]``, and the problem that it finds there.

    Where there are several that may fit (`descriptions_for`), each learns for `SAMPLES`
    presentations, and the first that is `CLOSE` to the one that answers most validation samples
    rightly is taken. Test samples are not looked at.

    Raises BadInput for data that cannot be used, or that no perceptron fits.
    """
    ways = descriptions_for(keys)
    best = ways[0]
    if len(ways) > 1:
        shares = [_tried(d) for d in ways]
        best = next(d for d, one in zip(ways, shares, strict=True) if one > max(shares) - CLOSE)
    return best, load_problem(best)


def _tried(d: Description) -> float:
    """Share of validation samples that is answered rightly after a short run."""
    tables = d.model_dump()
    tables["learning"]["updates"] = min(d.learning.updates, SAMPLES // d.batch[0])
    tables["data"]["tested"] = "validation"
    short = describe(tables, "--data")
    return train(FixedEngine(short), short, load_problem(short)).after
