"""What the compiled loops are told of neurons."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.neuron import CELLS, drawn_neuron, plain_neuron
from dualspike.golden.float.surrogate import Staircase
from dualspike.model.description.network import Network, Surrogate


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("samples", [1, 2, 64, 5000])
def test_cells_say_where_the_search_begins(dtype: Any, samples: int) -> None:
    """For sizes anywhere, also at and next to steps: the number of steps not above them."""
    draws = np.random.default_rng(samples).normal(0, 0.5, samples)
    network = Network(layers=[1, 1, 1], surrogate=Surrogate(kind="stein"))
    neuron = drawn_neuron(plain_neuron(network, np.dtype(dtype)), Staircase.of(draws, 0.5))
    steps, per_unit = neuron.stairs, neuron.numbers[-1]
    near = [np.nextafter(steps, dtype(side)) for side in (0, 9)]
    anywhere = np.random.default_rng(0).uniform(0, 2, 5000).astype(dtype)
    for size in np.concatenate([steps, *near, anywhere]):
        cell = neuron.cells[int(min(size * per_unit, dtype(CELLS)))]
        below = np.searchsorted(steps, size, side="right")
        if cell >= 0:
            assert cell == below
        else:
            assert -1 - cell <= below
            assert (steps[: -1 - cell] < size).all()
    assert neuron.cells[CELLS] == samples
    assert len(neuron.cells) == CELLS + 1
    assert (neuron.cells < 0).sum() <= samples


def test_numbers() -> None:
    network = Network(layers=[1, 1, 1], leak=0.5, threshold=2.0, surrogate=Surrogate(sigma=0.25))
    neuron = plain_neuron(network, np.dtype(np.float64))
    peak = 4 / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(neuron.numbers, [0.5, 2, 0.25, 4, -8, peak, 0], rtol=1e-15)
    assert not neuron.attached
    twin = network.model_copy(update={"reset": "attached"})
    assert plain_neuron(twin, np.dtype(np.float64)).attached
