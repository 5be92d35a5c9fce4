"""Settings, weights and data of which a format leaves little are told."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualspike.golden.data.load import fitted, load_problem
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.warnings.precision import (
    check_moves,
    lost_columns,
    lost_functions,
    lost_parameters,
    lost_settings,
    lost_steps,
)
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.integer.rfg.learner import Learner
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.load import describe, load_preset, presets
from dualspike.model.description.network import SURROGATES
from dualspike.model.errors import BadInput
from dualspike.model.sizes.head import squared_error_sizes
from tests.refusals import refusal


def net(**tables: Any) -> Description:
    network = {"layers": [2, 4, 3, 1], "time_steps": 8} | tables.pop("network", {})
    return describe({"name": "tiny", "network": network, **tables}, "test")


def texts(losses: list[Any]) -> list[str]:
    return [loss.text for loss in losses]


@pytest.mark.parametrize("name", presets())
def test_presets_lose_nothing(name: str) -> None:
    d = load_preset(name)
    first = start(d, d.learning.seed)
    assert texts(lost_settings(d) + lost_parameters(first, d.formats.weight)) == []


@settings(max_examples=50)
@given(
    fraction=st.integers(2, 12),
    sigma=st.floats(0.01, 16),
    kind=st.sampled_from(SURROGATES),
)
def test_a_surrogate_that_vanishes_is_told(fraction: int, sigma: float, kind: str) -> None:
    surrogate = {"kind": kind, "sigma": sigma}
    tables: dict[str, Any] = {
        "formats": {"surrogate": f"u7.{fraction}"},
        "learning": {"rate": 12},
    }
    d = net(network={"surrogate": surrogate}, **tables)
    table = surrogate_table(d.parts[0])[1:-1]
    found = [text for text in texts(lost_settings(d)) if text.startswith("surrogate values")]
    if not table.any():
        assert len(found) == 1 and (" become all 0 in " in found[0] or " are all 0 at " in found[0])
    # The tails of a fast sigmoid are long, and vanish first.
    if table.max() > (16 if kind == "fast_sigmoid" else 8):
        assert not found
    if found and "entries would do" in found[0]:
        surrogate["entries"] = int(found[0].split()[-4])
        table = surrogate_table(net(network={"surrogate": surrogate}, **tables).parts[0])
        assert table.any()


@pytest.mark.parametrize("threshold", [2**-16, 1.4 * 2**-16, 2.5 * 2**-16, 1e-3, 1.0])
def test_a_threshold_of_few_last_bits_is_told(threshold: float) -> None:
    d = net(network={"threshold": [threshold, 1.0]})
    stored = d.parts[0].thresholds[0] * 2.0**-16
    found = [text for text in texts(lost_settings(d)) if text.startswith("thresholds")]
    assert bool(found) == (abs(stored - threshold) > 0.1 * threshold)


@settings(max_examples=60)
@given(
    rate=st.integers(-4, 16),
    shift=st.integers(0, 16),
    stages=st.integers(1, 6),
    mantissa=st.none() | st.integers(8, 15),
    batch=st.sampled_from([1, 3, 64, 1000]),
    momentum=st.none() | st.integers(1, 8),
    weight=st.sampled_from(["s1.4", "s1.8", "s1.16"]),
)
def test_steps_that_can_never_be_are_told(
    rate: int,
    shift: int,
    stages: int,
    mantissa: int | None,
    batch: int,
    momentum: int | None,
    weight: str,
) -> None:
    """By the learner itself, fed with the ends of what its accumulators hold."""
    given: dict[str, Any] = {"rate": rate, "layer_shift": [0, shift, 0], "stages": stages}
    given |= {"batch": batch, "updates": 100}
    given |= {} if mantissa is None else {"mantissa": [mantissa, 8, 15]}
    given |= {} if momentum is None else {"momentum": momentum}
    try:
        d = net(learning=given, formats={"weight": weight, "tangent": "s4.5"})
    except BadInput:
        return
    learner, bits = Learner(d), squared_error_sizes(d).jvp_bits
    ends = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    wanted: dict[int, int] = {}
    for layer in range(3):
        moves = [
            any(learner._step(end, layer, stage, 0) for end in ends)  # pyright: ignore[reportPrivateUsage]
            for stage in range(stages)
        ]
        if not all(moves):
            wanted[layer] = moves.count(False)
    losses = lost_steps(d)
    said = [text.split(" whatever")[0] for text in texts(losses)]
    for layer, text in zip(wanted, texts(losses), strict=True):
        less = int(text.split()[-3])
        shifts = list(d.layer_shift)
        shifts[layer] -= less
        if shifts[layer] >= -16:
            learning = d.learning.model_copy(update={"layer_shift": shifts})
            better = d.model_copy(update={"learning": learning})
            last = f"steps of layer {layer} "
            assert not any(text.startswith(last) for text in texts(lost_steps(better)))
    assert said == [
        f"steps of layer {layer} become all 0 in {lost} of {stages} stages,"
        for layer, lost in wanted.items()
    ]
    assert [loss.nothing for loss in losses] == [lost == stages for lost in wanted.values()]


def test_stochastic_rounding_loses_no_steps() -> None:
    tables: dict[str, Any] = {
        "formats": {"tangent": "s2.5", "target": "s1.6", "membrane": "s3.6", "weight": "s1.4"},
        "network": {"surrogate": {"entries": 32}},
    }
    learning: dict[str, Any] = {"rate": 4, "layer_shift": [0, 8, 0], "stages": 2}
    (loss,) = lost_steps(net(learning=learning, **tables))
    assert loss.text == (
        "steps of layer 1 become all 0 in 2 of 2 stages, whatever the slope:"
        " formats.weight s1.6, or learning.rate or layer_shift less by 2 would do"
    )
    check_moves(net(learning=learning, **tables))
    finer = tables | {"formats": tables["formats"] | {"weight": "s1.6"}}
    assert lost_steps(net(learning=learning, **finer)) == []
    line = "no layer can learn: steps of layer 0 become all 0 in 2"
    assert refusal(check_moves, net(learning=learning | {"rate": 16}, **tables)).startswith(line)
    assert lost_steps(net(learning=learning | {"rounding": "stochastic"}, **tables)) == []


def test_biases_rows_and_columns_are_judged_by_themselves() -> None:
    form, ones = Format.parse("s1.16"), np.ones((3, 2))
    w = ones * [[1.0], [1e-7], [1.0]]
    found = lost_parameters(Parameters((w, ones), (np.full(3, 1e-7), np.zeros(3))), form)
    assert [text.split(", the largest")[0] for text in texts(found)] == [
        "weights_0 of 1 of 3 rows become all 0 in s1.16",
        "biases_0 become all 0 in s1.16",
    ]
    found = lost_columns("x", w.T * [0.5, 1, 1], form)
    assert [text.split(", the largest")[0] for text in texts(found)] == [
        "x of 1 of 3 columns become all 0 in s1.16"
    ]


def operator(**tables: Any) -> Description:
    parts = [{"layers": [3, 4, 2], "time_steps": 4}, {"layers": [1, 4, 2], "time_steps": 4}]
    learning = {"batch": [2, 3], "rate": 4} | tables.pop("learning", {})
    return describe(
        {"operator": {"kind": "deeponet", "parts": parts}, "learning": learning, **tables}, "test"
    )


def problem(inputs: float, points: float, target: Any) -> Problem:
    rng = np.random.default_rng(0)
    scale = np.broadcast_to(target, 5)[:, None]
    samples = Samples(
        (rng.uniform(-1, 1, (5, 3)) * inputs, rng.uniform(-1, 1, (4, 1)) * points),
        rng.uniform(0.5, 1, (5, 4)) * scale,
    )
    return Problem("mine", "deeponet", samples, samples, samples, (2, 3))


@pytest.mark.parametrize(
    ("scales", "name"),
    [
        ((1e-6, 1, 1), "inputs 0 of mine"),
        ((1, 1e-6, 1), "inputs 1 of mine"),
        ((1, 1, 1e-7), "targets of mine"),
    ],
)
def test_data_of_operators_of_which_nothing_is_left_are_refused(
    scales: tuple[float, float, float], name: str
) -> None:
    with pytest.raises(BadInput, match=f"^{name} become all 0 in s1.1[46], the largest is "):
        fitted(operator(), problem(*scales))
    assert fitted(operator(), problem(1, 1, 1)).name == "mine"


def test_functions_that_weigh_too_little_are_told() -> None:
    d = operator(learning={"floor": 0.001})
    found = lost_functions(d, problem(1, 1, [1.5, 1.5, 1.5, 1.5, 1e-3]))
    assert found == []
    narrow = operator(learning={"floor": 0.001}, formats={"scale": "s4.1"})
    (loss,) = lost_functions(narrow, problem(1, 1, [1.9, 0.4, 0.4, 0.4, 0.4]))
    assert loss.text.startswith("weights in the loss of ") and "functions" in loss.text
    assert lost_functions(operator(), problem(1, 1, 1)) == []


def test_built_in_operators_lose_nothing() -> None:
    d = load_preset("poisson")
    found = load_problem(d)
    assert lost_functions(d, found) == []
    for rows in found.train.inputs:
        assert lost_columns("inputs", rows, d.formats.input) == []
