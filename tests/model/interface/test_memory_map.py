"""The memories behind WEIGHT_SELECT, of chips of both kinds."""

from typing import Any

import pytest

from dualspike.model.description.load import describe
from dualspike.model.interface.memory_map import apart, in_turn, memory_map
from dualspike.model.interface.registers import register_map

NETWORK = {"layers": [3, 5, 2], "time_steps": 4}
WORDS = [("weights", 0, (5, 3)), ("biases", 0, (5,)), ("weights", 1, (2, 5)), ("biases", 1, (2,))]


@pytest.mark.parametrize("learning", [{}, {"momentum": 2}])
def test_a_perceptron_has_its_layers_in_turn_and_then_their_velocities(
    learning: dict[str, int],
) -> None:
    d = describe({"network": NETWORK, "learning": learning}, "test")
    memories = memory_map(d)
    assert [one.select for one in memories] == list(range(8 if learning else 4))
    assert [(one.kind, one.layer, one.shape) for one in memories[:4]] == WORDS
    assert {one.format for one in memories[:4]} == {d.formats.weight}
    assert [one.name for one in memories[:4]] == [
        *("weights[0]", "biases[0]", "weights[1]", "biases[1]")
    ]
    for n, (velocity, word) in enumerate(zip(memories[4:], memories, strict=False)):
        kinds = ["weight_velocities", "bias_velocities"]
        assert (velocity.kind, velocity.layer) == (kinds[n % 2], word.layer)
        assert velocity.shape == word.shape
        assert velocity.format == d.step_format and velocity.name == f"velocities[{n}]"


def test_feedback_that_is_learned_comes_after_weights_and_biases() -> None:
    learning = {"rule": "online", "feedback": "forward-dfa", "feedback_momentum": 3}
    network = NETWORK | {"layers": [3, 5, 4, 2]}
    d = describe({"network": network, "learning": learning}, "test")
    memories = memory_map(d)
    assert [one.select for one in memories] == list(range(8))
    assert [(one.name, one.shape, str(one.format)) for one in memories[6:]] == [
        ("feedback[0]", (5, 2), "s7.11"),
        ("feedback[1]", (4, 2), "s7.11"),
    ]
    select = next(one for one in register_map(d) if one.name == "WEIGHT_SELECT")
    assert "2 * layer + 1 for biases, 2 more for feedback matrices; rewinds" in select.meaning


def test_an_operator_network_has_the_layers_of_all_parts() -> None:
    parts: dict[str, Any] = {
        "operator": {
            "kind": "deeponet",
            "parts": [
                {"layers": [3, 5, 4], "time_steps": 4},
                {"layers": [1, 6, 4], "time_steps": 4},
            ],
        },
        "learning": {"batch": [2, 3]},
    }
    d = describe(parts, "test")
    assert [one.shape for one in memory_map(d)] == [
        *((5, 3), (5,), (4, 5), (4,)),
        *((6, 1), (6,), (4, 6), (4,)),
    ]


def test_contents_are_put_in_turn_and_taken_apart_again() -> None:
    memories = in_turn(["w0", "w1"], ["b0", "b1"])
    assert memories == ["w0", "b0", "w1", "b1"]
    assert apart([*memories, "v0", "v1", "v2", "v3"], 2) == (
        ["w0", "w1"],
        ["b0", "b1"],
        ["v0", "v1", "v2", "v3"],
    )
