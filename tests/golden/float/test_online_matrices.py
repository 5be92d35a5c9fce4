"""The float model of the online learner with feedback that is learned, next to the online rules."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.lfsr import RandomWords, bits
from dualspike.golden.online.rules.forward_direct_feedback import ForwardDirectFeedback
from dualspike.golden.online.rules.kolen_pollack import DirectKolenPollack
from dualspike.golden.online.rules.lanes import Lanes
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import SIGNS, seed_state
from tests.golden.float.test_online import (
    compared,
    described,
    frozen,
    gradient,
    moved,
    ottt,
    samples,
    start_of,
)


def agree(d: Description, first: Any, network: Any, rule: Any, model: Any, batch: int) -> Any:
    """One sample moves weights and matrices as the rule says; which of the changes are not 0."""
    x, target = samples(d, batch)
    model.weights = [w.copy() for w in first.weights]
    model.biases = [b.copy() for b in first.biases]
    found = compared(d, moved(model, first, x, target))
    wanted = compared(d, gradient(d, network, rule, x, target))
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
    for M, matrix in zip(model.feedback, rule.matrices, strict=True):
        np.testing.assert_allclose(M, matrix, rtol=1e-9, atol=1e-12)
    return wanted != 0


@pytest.mark.parametrize("coding", ["direct", "frames"])
@pytest.mark.parametrize("lanes", [1, 2])
def test_with_matrices_its_changes_are_those_of_forward_direct_feedback(
    coding: str, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule of `golden.online` with the chip's signs, a sample after the other."""
    learning = {"feedback": "forward-dfa", "feedback_momentum": 2, "directions": lanes, "batch": 1}
    d = described([5, 7, 6, 3], 0.75, coding=coding, **learning)
    first, drawer = start_of(d, 3), RandomWords(seed_state(d.learning.seed))
    network, steps = ottt(d, first), d.network.time_steps
    rule = ForwardDirectFeedback(network, np.random.default_rng(0), 1 - 2.0**-2, lanes)
    model, reached = frozen(d, first), list[Any]()
    for batch in range(8):
        words = drawer.words(2 * d.n_layers + 2 * lanes)[2 * d.n_layers :]
        drawn = [
            1.0 - 2 * bits(SIGNS, words[layer * lanes : (layer + 1) * lanes], steps * n)
            for layer, n in enumerate(network.hidden)
        ]
        signs = iter(
            [v.reshape(lanes, steps, 1, -1)[:, step] for v in drawn] for step in range(steps)
        )
        monkeypatch.setattr(Lanes, "draw", lambda *_, signs=signs: next(signs))
        reached.append(agree(d, first, network, rule, model, batch))
    assert np.any(reached, axis=0).mean() > 0.6


def test_with_the_readouts_changes_it_learns_as_kolen_pollack() -> None:
    """The rule of `golden.online` without decay, from matrices of 0, a sample after the other."""
    d = described([5, 7, 6, 3], 0.75, coding="frames", feedback="kolen-pollack", batch=1)
    first, network = start_of(d, 3), ottt(d, start_of(d, 3))
    rule = DirectKolenPollack(network, np.random.default_rng(0), 2.0**-d.learning.rate, 0.0)
    for matrix in rule.matrices:
        matrix[:] = 0
    model, reached = frozen(d, first), list[Any]()
    for batch in range(24):
        reached.append(agree(d, first, network, rule, model, batch))
    assert np.any(reached, axis=0).mean() > 0.5
