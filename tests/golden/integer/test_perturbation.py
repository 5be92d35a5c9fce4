"""Signs of a batch, drawn again bit by bit from what `model.interface.lfsr` says in words."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.lfsr import RandomWords
from dualspike.golden.integer.rfg.signs import SignDrawer
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.interface.lfsr import seed_state
from tests.golden.drawn import DRAWER, Register, signs

CASES: dict[str, dict[str, Any]] = {
    "small": {"layers": [2, 3, 1]},
    "one neuron": {"layers": [1, 1, 1]},
    "whole words": {"layers": [31, 32, 64, 1]},
    "more than a word": {"layers": [32, 33, 65, 2]},
    "layer by layer": {"layers": [3, 40, 5, 2], "directions": 2, "scope": "layer"},
    "lanes to spare": {"layers": [4, 5, 2], "scope": "layer", "lanes": 5},
}


def described(name: str, structure: str, seed: int = 9, **hardware: list[int]) -> Description:
    case = {"scope": "global", "directions": 1, **CASES[name]}
    if "lanes" in case:
        hardware["lanes"] = case["lanes"]
    tables = {
        "network": {"layers": case["layers"]},
        "learning": {
            "structure": structure,
            "scope": case["scope"],
            "directions": case["directions"],
            "seed": seed,
        },
        "hardware": hardware,
    }
    return describe(tables, "test")


@pytest.mark.parametrize("structure", ["independent", "factored"])
@pytest.mark.parametrize("name", CASES)
def test_signs_are_those_described(name: str, structure: str) -> None:
    d = described(name, structure)
    drawer = SignDrawer(d, seed_state(d.learning.seed))
    register = Register(DRAWER, drawer.state)
    for _ in range(3):
        expected, found = signs(d, register), drawer.draw()[0]
        assert drawer.state == register.state
        assert len(expected) == d.lanes
        for lane, layers in enumerate(expected):
            for layer, (weights, biases) in enumerate(layers):
                np.testing.assert_array_equal(found.weights[layer][lane], weights)
                np.testing.assert_array_equal(found.biases[layer][lane], biases)


@pytest.mark.parametrize("structure", ["independent", "factored"])
def test_folding_does_not_matter(structure: str) -> None:
    plain = described("layer by layer", structure)
    folded = described("layer by layer", structure, pe=[10, 2, 1], simd=[3, 2, 2])
    drawers = [SignDrawer(plain, 77), SignDrawer(folded, 77)]
    one, other = (drawer.draw()[0] for drawer in drawers)
    for a, b in zip(one.weights + one.biases, other.weights + other.biases, strict=True):
        np.testing.assert_array_equal(a, b)
    assert drawers[0].state == drawers[1].state


@pytest.mark.parametrize("structure", ["independent", "factored"])
def test_masks_hide_signs_but_do_not_save_any(structure: str) -> None:
    layerwise = described("lanes to spare", structure)
    everywhere = layerwise.model_copy(
        update={
            "learning": layerwise.learning.model_copy(update={"scope": "global", "directions": 5})
        }
    )
    hidden, shown = SignDrawer(layerwise, 5), SignDrawer(everywhere, 5)
    masked, full = hidden.draw()[0], shown.draw()[0]
    assert hidden.state == shown.state
    for layer, (a, b) in enumerate(zip(masked.weights, full.weights, strict=True)):
        on = np.array([mask >> layer & 1 for mask in layerwise.masks])
        np.testing.assert_array_equal(a, b * on[:, None, None])
        assert set(np.unique(b)) <= {-1, 1}


@pytest.mark.parametrize("structure", ["independent", "factored"])
def test_every_batch_and_every_lane_has_signs_of_its_own(structure: str) -> None:
    learning = {"structure": structure, "scope": "global", "directions": 3}
    d = describe({"network": {"layers": [31, 32, 64, 1]}, "learning": learning}, "test")
    drawer = SignDrawer(d, seed_state(3))
    batches = [drawer.draw()[0] for _ in range(3)]
    for layer in range(2):
        drawn = [batch.weights[layer][lane] for batch in batches for lane in range(3)]
        assert len({one.tobytes() for one in drawn}) == len(drawn)


def test_words_come_lane_by_lane_through_the_layers_of_all_parts() -> None:
    d = load_preset("poisson")
    drawer = SignDrawer(d, seed_state(1))
    first = drawer.draw()
    words = RandomWords(seed_state(1)).words(384 + 1)
    assert drawer.state & 0xFFFFFFFF == words[384]
    # Lane 0 perturbs layer 0 with words 0 (biases) and 1 (start); lane 6 = 4 + 2 layer 2, the
    # trunk's first, where it is the second lane of perturbation: after 6 lanes of 8 words and
    # two layers of 2.
    for part, row, word in ((0, 0, 0), (1, 2, 6 * 8 + 2 * 2)):
        bits = [words[word] >> n & 1 for n in range(32)]
        assert first[part].biases[0][row].tolist() == [1 - 2 * bit for bit in bits]
        bits = [words[word + 1] >> n & 1 for n in range(32)]
        assert first[part].weights[0][row][:, 0].tolist() == [1 - 2 * bit for bit in bits]
    assert not first[1].weights[1][2].any()
