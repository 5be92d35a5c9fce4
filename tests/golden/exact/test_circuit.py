"""What a circuit accepts, and how it orders its connections."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.exact.circuit import Circuit, layered
from tests.refusals import refusal


def test_layers_have_their_matrices_row_by_row() -> None:
    circuit = layered([2, 3, 1])
    assert circuit.source.tolist() == [0, 1, 0, 1, 0, 1, 2, 3, 4]
    assert circuit.target.tolist() == [2, 2, 3, 3, 4, 4, 5, 5, 5]
    assert (circuit.n_in, circuit.n, circuit.n_edges) == (2, 4, 9)


def test_connections_are_found_by_source_and_by_pair() -> None:
    source, target = [4, 0, 3, 0, 2], [3, 4, 2, 2, 4]
    circuit = Circuit(2, 3, source, target, synapse=[3, 1, 2, 1, 3])
    for unit in range(5):
        edges = circuit.outgoing[circuit.begin[unit] : circuit.begin[unit + 1]]
        assert edges.tolist() == [e for e in range(5) if source[e] == unit]
    for i in range(5):
        for j in range(5):
            pairs = [e for e in range(5) if (source[e], target[e]) == (i, j)]
            assert [circuit.connection[i, j]] == (pairs or [-1])
    np.testing.assert_array_equal(circuit.rates[circuit.group], circuit.synapse)
    assert circuit.rates.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_in": -1}, "n_in must be at least 0, not -1"),
        ({"n": 0}, "n must be at least 1, not 0"),
        ({"source": [0, 3]}, "target must be another unit than the source, not 3 for both"),
        ({"source": [2, 2]}, "target must be another unit than the source, not 2 for both"),
        ({"target": [2, 2]}, "units 0 and 2 must be connected at most once, not again"),
        ({"source": [0, 4]}, "source must be in [0, 4), not 4"),
        ({"source": [-1, 0]}, "source must be in [0, 4), not -1"),
        ({"target": [2, 1]}, "target must be in [2, 4), not 1"),
        ({"target": [2]}, "source and target must have the same length, not 2 and 1"),
        ({"source": [0.5, 1]}, "source must be a list of integers, not float64 (2,)"),
        ({"source": 1}, "source must be a list of integers, not int64 ()"),
        ({"synapse": -2}, "synapse must be > 0, not -2.0"),
        ({"synapse": [1, 1, 0, 1]}, "synapse must be > 0, not 0.0"),
        ({"synapse": [1, 1]}, "synapse must be one number or 4, not (2,)"),
        ({"membrane": np.nan}, "membrane must be finite, not nan"),
        ({"membrane": [1, -0.5]}, "membrane must be > 0, not -0.5"),
        ({"threshold": 0}, "threshold must be > 0, not 0.0"),
        ({"threshold": "high"}, "threshold must be an array of numbers, not 'high'"),
    ],
)
def test_bad_circuit(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"n_in": 2, "n": 2, "source": [0, 0], "target": [2, 3]}
    assert refusal(Circuit, **arguments | changes) == message


@pytest.mark.parametrize("sizes", [[3], [], [2, 0, 1]])
def test_bad_layers(sizes: list[int]) -> None:
    assert refusal(layered, sizes) == f"sizes must be two or more numbers >= 1, not {sizes}"
