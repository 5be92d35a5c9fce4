"""The netlist that goes to place and route, simulated cell by cell, learns as the model does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.emit.files import core_verilog
from dualspike.hw.emit.mapping.blocks import overwritten
from dualspike.hw.emit.mapping.falling_reads import falling_reads
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset, revised
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


def check_that_it_learns(d: Description, netlist: str, rows: int) -> None:
    """Three updates with pauses in the streams, then inference, beside the integer model."""
    rng = np.random.default_rng(1)
    limits = d.formats.input, d.formats.target
    x, target = (
        rng.integers(each.lowest, each.highest + 1, (3 * rows, width))
        for each, width in zip(limits, (d.network.layers[0], d.network.layers[-1]), strict=True)
    )
    chip = first_chip(d)
    gates = replace(source(d), verilog=netlist)
    with Simulation(d, build(gates, quick=True)) as cells:
        cells.load_chip(chip)
        cells.write("FLAGS", 0)
        before = [weight.copy() for weight in chip.weights]
        for update in range(3):
            batch = slice(rows * update, rows * update + rows)
            expected = chip.update([x[batch]], target[batch])
            assert cells.learn([x[batch]], target[batch], stall=update) == expected
        weights, biases = cells.weights()
        for pair in zip([*weights, *biases], [*chip.weights, *chip.biases], strict=True):
            np.testing.assert_array_equal(*pair)
        assert any((now != then).any() for now, then in zip(chip.weights, before, strict=True))
        np.testing.assert_array_equal(cells.infer([x[:12]]), chip.infer([x[:12]]))


def test_the_netlist_learns_to_the_bit(netlist: str) -> None:
    for cell in ("LUT4", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4", "MULT18X18D"):
        assert netlist.count(f"  {cell} ") > 1, cell
    check_that_it_learns(D, netlist, 4)


def test_a_core_with_falling_reads_learns_to_the_bit() -> None:
    """What an iCE40 is given for its memories, in a core of three lanes that take turns."""
    tables = D.model_dump() | {"name": "falling", "hardware": {"pe": [1, 8, 1], "lanes": 1}}
    tables["network"] |= {"layers": [2, 8, 8, 1], "threshold": 1.0, "surrogate": {}}
    tables["learning"] = {"batch": 4, "rate": 3, "structure": "factored"}
    d = describe(tables, "test")
    plain = core_verilog(d)
    text = overwritten(plain, falling_reads(plain))
    assert text.count("negedge") >= 5
    check_that_it_learns(d, text, 4)


@pytest.mark.long
@pytest.mark.parametrize("clock", [25, 100])
def test_the_netlist_of_the_whole_hat_learns_to_the_bit(clock: int, tmp_path: Path) -> None:
    d = revised(load_preset("hat"), "hardware", clock=clock, device="ecp5-85f")
    netlist = netlist_verilog(core_verilog(d), d.name, tmp_path)
    check_that_it_learns(d, netlist, 64)
