"""What a chip that takes frames is given: an event or none, and a line for what it cannot take."""

import numpy as np
import pytest

from dualspike.golden.data.labelled.sets import built_in
from dualspike.golden.data.load import load_problem
from dualspike.model.description.load import describe, load_preset
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def test_counts_become_events() -> None:
    d = load_preset("events")
    (x,) = load_problem(d).train.inputs
    counts = built_in("events", d.network.time_steps).whole.x
    assert counts.max() > 1
    np.testing.assert_array_equal(x, counts > 0)


@pytest.mark.parametrize("value", [2.0, -1.5])
def test_a_value_out_of_range_has_its_place(value: float) -> None:
    x = np.zeros((12, 4, 3))
    x[:, 2, 1] = value
    np.savez("own.npz", x=x, labels=np.arange(12) % 2, x_test=x, labels_test=np.arange(12) % 2)
    network = {"layers": [3, 4, 2], "time_steps": 4, "coding": "frames"}
    tables = {"network": network, "learning": {"rule": "online"}, "data": {"source": "own.npz"}}
    line = refusal(load_problem, describe(tables, "test"))
    assert line.startswith("own.npz: x must be in [-") and line.endswith(f"x[0, 2, 1] is {value}")
