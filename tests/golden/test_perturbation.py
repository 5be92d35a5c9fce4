"""Signs of a batch, drawn again bit by bit from what `model.lfsr` says in words."""

from collections import deque
from typing import Any

import numpy as np
import pytest

from dualspike.golden.lfsr import Drawer
from dualspike.golden.perturbation import draw
from dualspike.model.description import Description
from dualspike.model.lfsr import seed_state
from dualspike.model.load import describe


class Register:
    """Puts out bit 0, shifts, and enters the XOR of the taps at the top."""

    def __init__(self, length: int, taps: tuple[int, ...], state: int) -> None:
        self.held = deque(state >> n & 1 for n in range(length))
        self.taps = taps

    def bit(self) -> int:
        entering = sum(self.held[tap] for tap in self.taps) % 2
        self.held.append(entering)
        return self.held.popleft()

    def word(self) -> int:
        return sum(self.bit() << n for n in range(32))

    @property
    def state(self) -> int:
        return sum(bit << n for n, bit in enumerate(self.held))


def field(drawer: Register, count: int) -> list[int]:
    """The first ``count`` bits of as many words as that takes."""
    drawn: list[int] = []
    while len(drawn) < count:
        word = drawer.word()
        drawn += [word >> n & 1 for n in range(32)]
    return drawn[:count]


def signs(d: Description, drawer: Register) -> dict[tuple[int, int], tuple[Any, list[int]]]:
    """For each (lane, layer) the weights' signs, row by row, and the biases'."""
    widths = d.network.layers
    result = {}
    for lane in range(d.lanes):
        for layer in range(len(widths) - 1):
            n_in, n_out = widths[layer], widths[layer + 1]
            rows = field(drawer, n_out)
            if d.learning.structure == "factored":
                columns = field(drawer, n_in + 1)
                weights = [[r ^ c for c in columns[1:]] for r in rows]
                biases = [r ^ columns[0] for r in rows]
            else:
                sign = Register(32, (0, 2, 6, 7), drawer.word())
                weights = [[0] * n_in for _ in range(n_out)]
                for j in range(n_in):
                    for i in range(n_out):
                        weights[i][j] = sign.bit()
                biases = rows
            result[lane, layer] = (
                [[-1 if bit else 1 for bit in row] for row in weights],
                [-1 if bit else 1 for bit in biases],
            )
    return result


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
    drawer = Drawer(seed_state(d.learning.seed))
    register = Register(64, (0, 1, 3, 4), drawer.state)
    for _ in range(3):
        expected, found = signs(d, register), draw(d, drawer)
        assert drawer.state == register.state
        for (lane, layer), (weights, biases) in expected.items():
            on = d.masks[lane] >> layer & 1
            np.testing.assert_array_equal(found.weights[layer][lane], on * np.array(weights))
            np.testing.assert_array_equal(found.biases[layer][lane], on * np.array(biases))


@pytest.mark.parametrize("structure", ["independent", "factored"])
def test_folding_does_not_matter(structure: str) -> None:
    plain = described("layer by layer", structure)
    folded = described("layer by layer", structure, pe=[10, 2, 1], simd=[3, 2, 2])
    drawers = [Drawer(77), Drawer(77)]
    one, other = draw(plain, drawers[0]), draw(folded, drawers[1])
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
    hidden, shown = Drawer(5), Drawer(5)
    masked, full = draw(layerwise, hidden), draw(everywhere, shown)
    assert hidden.state == shown.state
    for layer, (a, b) in enumerate(zip(masked.weights, full.weights, strict=True)):
        on = np.array([mask >> layer & 1 for mask in layerwise.masks])
        np.testing.assert_array_equal(a, b * on[:, None, None])
        assert set(np.unique(b)) <= {-1, 1}


@pytest.mark.parametrize("structure", ["independent", "factored"])
def test_every_batch_and_every_lane_has_signs_of_its_own(structure: str) -> None:
    learning = {"structure": structure, "scope": "global", "directions": 3}
    d = describe({"network": {"layers": [31, 32, 64, 1]}, "learning": learning}, "test")
    drawer = Drawer(seed_state(3))
    batches = [draw(d, drawer) for _ in range(3)]
    for layer in range(2):
        drawn = [batch.weights[layer][lane] for batch in batches for lane in range(3)]
        assert len({signs.tobytes() for signs in drawn}) == len(drawn)
