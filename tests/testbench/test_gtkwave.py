"""The save file for GTKWave takes every bit of a payload apart, of chips of all kinds."""

import re

import pytest

from dualspike.model.description.load import describe
from dualspike.testbench.cosim.gtkwave import gtkwave_save
from tests.api.test_golden_vectors import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_a_payload_are_all_of_its_bits(kind: str) -> None:
    saved = gtkwave_save(describe({"name": "tiny", **KINDS[kind]}, "test"), "waves.vcd")
    taken: dict[str, list[int]] = {}
    for place, signal, bits in re.findall(r"\((\d+)\)TOP\.(\w+)(?:\[(\d+):0\])?", saved):
        taken.setdefault(f"{signal} {int(bits or 0) + 1}", []).append(int(place))
    assert {"results_payload", "sums_0_payload"} <= {name.split()[0] for name in taken}
    for name, places in taken.items():
        assert sorted(places) == list(range(int(name.split()[1]))), name
    groups = re.findall(r"^@(800200|1000200)\n-(\w+)$", saved, re.MULTILINE)
    assert [name for flag, name in groups if flag == "800200"] == [
        name for flag, name in groups if flag != "800200"
    ]
