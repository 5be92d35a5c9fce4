"""Random descriptions have all pairs of choices between them that may stand together."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from dualspike.model.description.learning import Learning
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import head_sizes
from tests.testbench.random.asking import ASKS, Pair, allowed
from tests.testbench.random.axes import AXES
from tests.testbench.random.descriptions import random_batch, random_chip, random_rows
from tests.testbench.random.pairs import DRAWS, Draw, cover, covering, drawn, pairs_of

may_stand = cache(allowed)

may_stand = cache(allowed)


def lines(pairs: set[Pair]) -> list[str]:
    return sorted(" with ".join(sorted(f"{axis}: {value}" for axis, value in one)) for one in pairs)


def test_every_pair_that_may_stand_together_is_drawn() -> None:
    assert lines(may_stand() - set[Pair]().union(*map(pairs_of, covering()))) == []


@pytest.mark.parametrize("kind", DRAWS)
def test_no_pair_is_drawn_that_nobody_can_ask_for(kind: str) -> None:
    """Else the way to ask for one of the two is too narrow, and `allowed` leaves pairs out."""
    assert lines(set[Pair]().union(*(pairs_of((kind, n)) for n in range(30))) - may_stand()) == []


def test_every_axis_has_values_and_every_value_stands_with_one_of_each_other_axis() -> None:
    """Or its axis does not exist on any chip that has the value."""
    assert {axis for axis, _ in ASKS} == set(AXES)
    assert min(Counter(axis for axis, _ in ASKS).values()) > 1
    reached = set[tuple[str, str]]().union(*may_stand())
    assert reached == set(ASKS)


def test_every_key_of_learning_has_an_axis() -> None:
    """By the name that it has there; numbers that only scale are not choices."""
    numbers = {"rate", "updates", "seed", "feedback_momentum"}
    named = {
        "rule": "learner",
        "feedback": "learner",
        "every": "learner",
        "loss": "loss",
        "batch": "rows of a batch",
        "local": "local losses",
        "floor": "floor",
        "scope": "scope",
        "structure": "signs",
        "directions": "lanes",
        "masks": "layers that learn",
        "frozen": "layers that learn",
        "layer_shift": "shifts of layers",
        "mantissa": "mantissas",
        "rounding": "rounding",
        "momentum": "momentum",
        "stages": "stages",
        "schedule": "stages",
    }
    assert set(named) | numbers == set(Learning.model_fields)
    assert set(named.values()) <= set(AXES)


@pytest.mark.parametrize("draw", covering(), ids=lambda draw: f"{draw[0]}-{draw[1]}")
def test_a_model_takes_a_step(draw: Draw) -> None:
    """Whoever draws it: sizes, a chip, an inference and an update of the integer model."""
    d = drawn(draw)
    assert head_sizes(d)
    assert all(layer.groups and layer.chunks for part in d.parts for layer in geometry(part).layers)
    chip, rng = random_chip(d, draw[1]), np.random.default_rng(draw[1])
    before = [held.copy() for held in chip.memories]
    y = chip.infer(random_rows(d, rng, d.batch[0]))
    assert y.shape[0] == d.batch[0]
    if d.learns:
        chip.update(*random_batch(d, rng))
    for held, was in zip(chip.memories, before, strict=True):
        assert (held.shape, held.dtype) == (was.shape, was.dtype)


def test_a_cover_has_every_pair_and_no_more_draws_than_it_needs() -> None:
    one, two, three = (frozenset({("a", "b"), ("c", n)}) for n in "123")
    found = {("online", 4): {one, two}, ("online", 1): {one}, ("samples", 2): {three}}
    assert cover(found) == {"description": [], "online": [4], "samples": [2], "operators": []}
