"""Descriptions of operator chips that learn online."""

from typing import Any

import pytest

from dualspike.model.description.load import describe
from dualspike.model.interface.identity import config_hash
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.geometry import geometry
from tests.model.description.test_operator_chip import changed, trunk
from tests.refusals import refusal

ONLINE = {"learning_rule": "online", "learning_every": "sample"}


def test_online_every_part_is_as_late_as_a_batch_has_rows_of_it():
    shifts = {"learning_layer_shift": [0, 1, 0, 0, 2], "learning_rate": 4}
    d = describe(changed(**ONLINE, **shifts), "test")
    assert [[layer.lag for layer in geometry(part).layers] for part in d.parts] == [
        [rows] * len(part.shapes) for rows, part in zip(d.batch, d.parts, strict=True)
    ]
    # cotangent 15 + trace - weight 16 + rate 4: x has 14 fraction bits, counts of 32 steps have 5.
    assert d.step_shift == [17, 9, 17, 8, 10]
    assert [reach.start for reach in d.change_shifts] == d.step_shift
    assert (d.lanes, [part.output_lanes for part in d.parts]) == (0, [1, 2])
    names = [one.name for one in register_map(d)]
    assert "SHIFT_4" in names and not {"MASK_0", "JVP_0_0"} & set(names)
    weighed = describe(changed(**ONLINE, **shifts, learning_floor=0.5), "test")
    assert config_hash(weighed) != config_hash(d)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"learning_rule": "online"},
            "learning.every must be 'sample' in an operator chip, not 'step'",
        ),
        (
            ONLINE | {"learning_loss": "margin"},
            "learning.loss must be 'squared' in an operator chip, not 'margin'",
        ),
        (
            ONLINE | {"learning_directions": 64},
            "learning.directions must leave at most 64 lanes, not 128",
        ),
        (
            ONLINE | trunk(reset="attached") | {"learning_batch": [4, 4]},
            "operator.parts[1].reset must be detached with learning.rule 'online', not attached",
        ),
    ],
)
def test_mistakes(changes: dict[str, Any], line: str):
    assert refusal(describe, changed(**changes), "test") == f"test: {line}"
