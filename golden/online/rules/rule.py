"""What the spatial rules share: how an output's error becomes an error at every hidden layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import Injection, OnlineNetwork


@dataclass(frozen=True, eq=False)
class Step:
    """What a rule may look at after one time step of a batch of B samples.

    ``spikes``, ``slopes`` [B, n_l] for every hidden layer; ``output``, ``error`` = dL/do
    [B, n_out]; ``loss`` [B]. ``heard`` [B, n_l]: what readouts of a layer answer from, its spikes
    or, where answers are averages, their mean so far. ``judge`` gives loss [B] and derivative
    [B, n_out] of any other answer for the same samples. ``replay`` runs the same step again from
    the same state with another injection and gives its loss [B]; nothing of that pass is kept.
    """

    network: OnlineNetwork
    spikes: list[Floats]
    heard: list[Floats]
    slopes: list[Floats]
    output: Floats
    error: Floats
    loss: Floats
    judge: Callable[[Floats], tuple[Floats, Floats]]
    replay: Callable[[Injection], Floats]


class Rule(Protocol):
    """Gives every hidden layer an estimate of dL[t]/dS_l[t]; may keep matrices of its own.

    The caller multiplies it by the layer's own surrogate derivative (delta_l) and by the trace of
    its inputs: dL/dW_l = delta_l a_{l-1}^T.
    """

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection | None:
        """The noise of time step ``step`` = 0, 1 ..., or None for none."""
        ...

    def signals(self, step: Step) -> list[Floats]:
        """Estimates of dL/dS_l [B, n_l]; afterwards the rule may learn from the step."""
        ...


class Silent:
    """A rule's half without noise."""

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection | None:
        """See Rule.inject: none."""
        return None
