"""Chips here have their inner streams visible from the start: one build in place of two.

`test_a_wrong_core_fails_the_verification` of the commands takes both.
"""

import pytest

from dualspike.model.description.description import Description
from dualspike.testbench.cosim import compare, simulation
from dualspike.testbench.cosim.verilate import Source
from dualspike.testbench.cosim.waveforms import Waveform


@pytest.fixture(autouse=True)
def one_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is built to be compared is what is built to locate a difference."""
    plain = simulation.source
    made: dict[str, Source] = {}

    def shown(d: Description, *, debug: Waveform | None = None) -> Source:
        assert debug in (None, "vcd")
        key = d.model_dump_json()
        return made.get(key) or made.setdefault(key, plain(d, debug="vcd"))

    monkeypatch.setattr(simulation, "source", shown)
    monkeypatch.setattr(compare, "source", shown)
