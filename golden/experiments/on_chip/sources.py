"""Where the errors of a hidden layer come from: what a chip can have, and what is float only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Source:
    """One source of errors.

    ``title``: its name in tables. ``learning``: keys of that section. ``rates``: what is tried, as
    right shifts, added to that of the data; ``hidden`` is what hidden layers shift more, None for
    what the data have where errors come through the readout's weights. ``rule``: one of
    `golden.online`, which no chip is built for.
    """

    title: str
    learning: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rates: tuple[int, ...] = (-2, -1, 0, 1)
    hidden: int | None = None
    rule: str | None = None

    @property
    def by_weights(self) -> bool:
        """Whether lanes perturb weights: the learner of chips that do not learn online."""
        return self.learning.get("rule") == "rfg"


_WEIGHTS = {"rule": "rfg", "structure": "factored", "directions": 4, "rounding": "stochastic"}

SOURCES: dict[str, Source] = {
    "forward-1": Source("forward by neurons, K = 1", {"feedback": "forward"}),
    "forward-2": Source("forward by neurons, K = 2", {"feedback": "forward", "directions": 2}),
    "forward-4": Source("forward by neurons, K = 4", {"feedback": "forward", "directions": 4}),
    "signs": Source("fixed signs", {"feedback": "signs"}, hidden=3),
    "weights-4": Source("forward by weights (RFG), K = 4", _WEIGHTS, (-3, -2, -1, 0)),
    "fdfa": Source("forward-mode DFA", {"feedback": "forward-dfa"}),
    "dkp": Source("Kolen-Pollack", {"feedback": "kolen-pollack"}),
    "bp": Source("BP through space", rule="BP"),
    "opzo": Source("OPZO, momentum feedback", rule="OPZO"),
}
