"""An error planted in a chip that learns online is found and named.

That every kind of chip is followed payload by payload is in tests/testbench/test_locating.py.
"""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dualspike.hw.head import confusion_matrix
from dualspike.hw.layer.online import weights
from dualspike.hw.learn.online import sample_feedback
from dualspike.model.description.load import describe
from dualspike.testbench.cosim.verify import verify
from tests.testbench.cosimulation import random_problem
from tests.testbench.planted.mutants import plant

CHIPS: dict[str, dict[str, Any]] = {
    "forward": {"coding": "direct"},
    "signs": {"coding": "frames", "feedback": "signs", "loss": "margin"},
    "counts": {"coding": "frames", "every": "sample", "loss": "margin"},
}


def tables(kind: str) -> dict[str, Any]:
    """A small chip: what comes in, and how it learns."""
    coding, learning = CHIPS[kind]["coding"], {"rule": "online", "batch": 8, "rate": 2}
    return {
        "name": kind,
        "network": {"layers": [3, 4, 3, 2], "time_steps": 4, "leak": 0.75, "coding": coding},
        "learning": learning | {k: v for k, v in CHIPS[kind].items() if k != "coding"},
    }


@pytest.mark.parametrize(
    ("kind", "module", "right", "wrong", "signal"),
    [
        ("forward", weights, "- self.changes[bank]", "- 0 * self.changes[bank]", r"layer \d z\["),
        ("counts", sample_feedback, "-slopes[q], slopes", "slopes[q], -slopes", r"layer \d z\["),
        (
            "signs",
            confusion_matrix,
            "Cat(self.answer, self.label), self",
            "Cat(self.label, self.answer), self",
            r"CONFUSION\[",
        ),
    ],
)
def test_an_error_is_found_where_it_is(
    kind: str,
    module: ModuleType,
    right: str,
    wrong: str,
    signal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, module, right, wrong)
    d = describe(tables(kind), "test")
    difference = verify(d, random_problem(d, 0), 4, tmp_path / "mismatch.vcd").difference
    assert difference is not None
    assert re.match(signal, difference.signal), difference
    assert difference.expected != difference.found
    inside = difference.signal.startswith("layer")
    assert (difference.sample is not None) == (difference.cycle is not None) == inside
    assert "$enddefinitions" in (tmp_path / "mismatch.vcd").read_text()
