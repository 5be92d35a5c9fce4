"""What a chip that takes frames is given: an event or none, and a line for what it cannot take."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.labelled.sets import built_in
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.rows import read_rows
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def test_counts_become_events() -> None:
    d = load_preset("events")
    (x,) = load_problem(d).train.inputs
    counts = built_in("events", d.network.time_steps).whole.x
    assert counts.max() > 1
    np.testing.assert_array_equal(x, counts > 0)


@pytest.mark.parametrize("given", ["s1.0", "s2.0", "s8.0"])
def test_a_chip_that_takes_numbers_takes_so_many_events(given: str) -> None:
    """Whether it learns them or answers what is in a file."""
    counts = np.random.default_rng(0).choice([0, 1, 2, 3, 4, 255], (40, 8, 3)).astype(np.uint8)
    np.savez("own.npz", x=counts, labels=np.arange(40) % 4)
    d = own(given, layers=[3, 4, 4], time_steps=8)
    (x,), rows = load_problem(d).train.inputs, read_rows(d)
    assert rows is not None
    wanted = np.minimum(counts, d.formats.input.highest).astype(float)
    np.testing.assert_array_equal(rows[0].inputs[0], wanted)
    assert {row.tobytes() for row in x} <= {row.tobytes() for row in wanted}
    assert x.max() == min(d.formats.input.highest, 255)


@pytest.mark.parametrize(("given", "value"), [("s1.0", 2.0), ("s1.0", -1.5), ("s3.0", 8.0)])
def test_a_value_out_of_range_has_its_place(given: str, value: float) -> None:
    x = np.zeros((12, 4, 3))
    x[:, 2, 1] = value
    np.savez("own.npz", x=x, labels=np.arange(12) % 2, x_test=x, labels_test=np.arange(12) % 2)
    line = refusal(load_problem, own(given, layers=[3, 4, 2], time_steps=4))
    assert line.startswith("own.npz: x must be in [-") and line.endswith(f"x[0, 2, 1] is {value}")


def own(given: str, **network: Any) -> Description:
    """A chip for frames in a file, with inputs in that format."""
    tables = {
        "network": {"coding": "frames", **network},
        "learning": {"rule": "online"},
        "formats": {"input": given},
        "data": {"source": "own.npz"},
    }
    return describe(tables, "test")
