"""The netlist that goes to place and route, simulated cell by cell, learns as the model does."""

from dataclasses import replace

import numpy as np
import pytest

from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.load import describe
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.verilate import build

from .netlist import netlist_verilog

D = describe(
    {
        "name": "tiny",
        "network": {"layers": [1, 2, 1], "time_steps": 4},
        "learning": {"batch": 4, "rate": 3, "structure": "factored"},
        "formats": {
            "tangent": "s8.4",
            "weight": "s1.8",
            "membrane": "s3.8",
            "input": "s1.8",
            "target": "s1.8",
        },
    },
    "test",
)


@pytest.fixture(scope="module")
def netlist(tmp_path_factory: pytest.TempPathFactory) -> str:
    return netlist_verilog(core_verilog(D), D.name, tmp_path_factory.mktemp("netlist"))


def test_the_netlist_learns_to_the_bit(netlist: str) -> None:
    for cell in ("LUT4", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4", "MULT18X18D"):
        assert netlist.count(f"  {cell} ") > 1, cell
    rng = np.random.default_rng(1)
    x = rng.integers(-256, 256, (12, 1))
    target = rng.integers(-256, 256, (12, 1))
    chip = first_chip(D)
    gates = replace(source(D), verilog=netlist)
    with Simulation(D, build(gates, quick=True)) as cells:
        cells.load_chip(chip)
        cells.write("FLAGS", 0)
        before = [weight.copy() for weight in chip.weights]
        for batch in range(3):
            rows = slice(4 * batch, 4 * batch + 4)
            expected = chip.update([x[rows]], target[rows])
            found = cells.learn([x[rows]], target[rows], stall=batch)
            assert found == expected
        weights, biases = cells.weights()
        for pair in zip([*weights, *biases], [*chip.weights, *chip.biases], strict=True):
            np.testing.assert_array_equal(*pair)
        assert any((now != then).any() for now, then in zip(chip.weights, before, strict=True))
        np.testing.assert_array_equal(cells.infer([x]), chip.infer([x]))
