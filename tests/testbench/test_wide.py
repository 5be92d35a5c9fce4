"""The widest preset: its Verilog lints, and a device holds it."""

from pathlib import Path

from dualspike.hw.emit.files import core_verilog, waivers
from dualspike.model.cost.devices import DEVICES
from dualspike.model.cost.estimate import chip_area
from dualspike.model.cost.network_fit import NetworkSearch, check_fits
from dualspike.model.description.load import load_preset
from tests.lint import lint


def test_the_widest_preset_lints(tmp_path: Path) -> None:
    d = load_preset("wide")
    (tmp_path / "wide.v").write_text(core_verilog(d))
    (tmp_path / "wide.vlt").write_text(waivers(d))
    assert lint(tmp_path, "wide.vlt", "wide.v") == []


def test_the_widest_preset_is_folded_for_its_device() -> None:
    d, device = load_preset("wide"), DEVICES["ecp5-85f"]
    check_fits(chip_area(d, device.family), device)
    chosen = NetworkSearch(d, device).fastest(0.8)
    assert (chosen.hardware.pe, chosen.hardware.simd) == (d.hardware.pe, d.hardware.simd)
