"""The widest preset: it generates, lints and simulates, and a device holds it."""

from pathlib import Path

from dualspike.commands.source import override
from dualspike.hw.emit.files import core_verilog, waivers
from dualspike.model.cost.devices import DEVICES
from dualspike.model.cost.estimate import chip_area
from dualspike.model.cost.network_fit import NetworkSearch, check_fits
from dualspike.model.description.load import load_preset
from dualspike.testbench.cosim.simulation import Simulation
from tests.lint import lint

from .cosimulation import cosimulate


def test_the_widest_preset_lints_and_equals_its_model(tmp_path: Path) -> None:
    d = override(load_preset("wide"), batch=2)
    (tmp_path / "wide.v").write_text(core_verilog(d))
    (tmp_path / "wide.vlt").write_text(waivers(d))
    assert lint(tmp_path, "wide.vlt", "wide.v") == []
    with Simulation.of(d) as simulation:
        assert cosimulate(d, simulation, 1, 0) is None


def test_the_widest_preset_is_folded_for_its_device() -> None:
    d, device = load_preset("wide"), DEVICES["ecp5-85f"]
    check_fits(chip_area(d, device.family), device)
    chosen = NetworkSearch(d, device).fastest(0.8)
    assert (chosen.hardware.pe, chosen.hardware.simd) == (d.hardware.pe, d.hardware.simd)
