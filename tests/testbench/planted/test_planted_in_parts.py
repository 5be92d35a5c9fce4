"""An error planted in a part of an operator chip is found, and the part named."""

import re
from pathlib import Path
from typing import Any

import pytest

from dualspike.hw.layer import requantizer
from dualspike.hw.layer.requantizer import aligned_sum
from dualspike.model.description.load import describe
from dualspike.model.description.part import Part
from dualspike.model.sizes.layers import Layer
from dualspike.testbench.cosim.verify import verify
from tests.testbench.cosimulation import random_problem
from tests.testbench.planted.mutants import found

OPERATOR: dict[str, Any] = {
    "name": "planted",
    "operator": {
        "kind": "deeponet",
        "parts": [{"layers": [n_in, 3, 2], "time_steps": 3} for n_in in (2, 1)],
    },
    "learning": {"batch": [4, 3], "rate": 4, "directions": 2},
}


@pytest.mark.parametrize("n_in", [2, 1])
def test_a_layer_of_one_part(n_in: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The readout of the branch, or of the trunk, is named, with neuron, lane and row."""

    def misaligned(part: Part, layer: Layer) -> tuple[int, int, int]:
        width, fraction, shift = aligned_sum(part, layer)
        return width, fraction, shift - (part.network.layers[0] == n_in and layer.index == 1)

    monkeypatch.setattr(requantizer, "aligned_sum", misaligned)
    d = describe(OPERATOR, "test")
    verdict = verify(d, random_problem(d, 0), 3, tmp_path / "mismatch.vcd")
    found(verdict, tmp_path, rf"layer {1 if n_in == 2 else 3} dz\[[01]\], lane \d+$")
    difference = verdict.difference
    assert difference is not None and difference.sample is not None
    assert difference.sample < (4 if n_in == 2 else 3)


def test_a_layer_of_a_part_where_nothing_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inference is made again, with the clocks around it in a waveform."""
    monkeypatch.setattr(requantizer, "half", lambda drop: 0)
    d = describe(OPERATOR | {"learning": {"batch": [4, 3], "rule": "none"}}, "test")
    verdict = verify(d, random_problem(d, 0), 3, tmp_path / "mismatch.vcd")
    difference = verdict.difference
    assert not verdict.equal and difference is not None
    assert re.match(r"layer [0-3] z\[[0-2]\]$", difference.signal), difference
    assert difference.update is None and difference.cycle is not None
    assert "$enddefinitions" in (tmp_path / "mismatch.vcd").read_text()


def test_without_an_error_an_operator_network_is_equal(tmp_path: Path) -> None:
    d = describe(OPERATOR, "test")
    assert verify(d, random_problem(d, 0), 3, tmp_path / "mismatch.vcd").equal
