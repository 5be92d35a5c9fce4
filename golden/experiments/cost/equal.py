"""How many updates of a rule cost what those of back-propagation do."""

from typing import Literal

from dualspike.golden.experiments.cost.gradient import (
    backpropagation,
    forward_gradient,
    neuron_gradient,
)
from dualspike.golden.float.hidden import Scope
from dualspike.model.description.operator import Operator

Equal = Literal["arithmetic", "passes"]


def equal_updates(
    equal: Equal,
    updates: int,
    operator: Operator,
    batch: list[int],
    scope: Scope | None,
    directions: int,
    *,
    weighted: bool = False,
) -> int:
    """Updates, at least one, that cost what ``updates`` of back-propagation do.

    ``arithmetic``: multiplications, additions and gated additions as `golden.experiments.cost`
    counts them, an input that is always the same used once. ``passes``: forward passes, one for
    every direction, as the paper counts; the pass backwards of back-propagation is free then.
    ``scope`` is that of RFG, None for RFG-N.
    """
    if equal == "passes":
        return max(1, round(updates / directions))
    if scope is None:
        rule = neuron_gradient(operator, batch, directions, weighted=weighted)
    else:
        rule = forward_gradient(operator, batch, scope, directions, weighted=weighted)
    reverse = backpropagation(operator, batch, weighted=weighted)
    return max(1, round(updates * reverse.sparse / rule.sparse))
