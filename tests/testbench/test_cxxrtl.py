"""CXXRTL, the second compiled simulator: trainings equal to the integer model, and faults found."""

import pytest

from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.description import Description
from dualspike.testbench.cosim.compare import Difference
from dualspike.testbench.cosim.cxxrtl import build_cxxrtl
from dualspike.testbench.cosim.simulation import Simulation, source
from tests.boards.test_netlist import D
from tests.testbench.cosimulation import cosimulate
from tests.testbench.four_states.test_four_states import CHIPS, chip

UPDATES = 2000
"""Of a whole training."""


def difference(
    d: Description, updates: int, *, quick: bool, stall: int = 0, verilog: str | None = None
) -> Difference | None:
    """The first one in a training that begins with random weights."""
    library = build_cxxrtl(source(d, verilog=verilog), quick=quick)
    with Simulation(d, library) as simulation:
        return cosimulate(d, simulation, updates, seed=3, stall=stall)


def test_a_core_in_cxxrtl_learns_as_the_model_does() -> None:
    assert difference(D, 8, quick=True, stall=60) is None


@pytest.mark.long
def test_a_fault_is_found() -> None:
    """The loss falls where it should grow."""
    plain = core_verilog(D)
    right = "$signed(loss) + $signed(product)"
    assert plain.count(right) == 1
    wrong = plain.replace(right, right.replace("+", "-"))
    found = difference(D, 8, quick=True, verilog=wrong)
    assert found is not None and found.signal == "LOSS"


@pytest.mark.long
@pytest.mark.parametrize("name", CHIPS)
def test_a_whole_training_is_equal(name: str) -> None:
    assert difference(chip(name), UPDATES, quick=False) is None
