"""The waivers of a core are for its own file, wherever that lies, and for no other."""

from functools import cache
from pathlib import Path

import pytest

from dualspike.hw.emit.files import core_verilog, waivers
from dualspike.hw.emit.instance import template
from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.model.description.load import describe
from tests.lint import lint

OTHER = """\
module {name} (input [7:0] a, output [3:0] y);
  assign y = a;
endmodule
"""


@cache
def core() -> tuple[str, str]:
    """Verilog and waivers of a core whose name is the end of many others."""
    d = describe({"name": "e", "network": {"layers": [2, 3, 1], "time_steps": 4}}, "test")
    return core_verilog(d), waivers(d)


@pytest.mark.parametrize("clock", [None, 100])
def test_one_neuron_a_clock_is_clean(clock: float | None, tmp_path: Path) -> None:
    """Its rows are so few that some comparisons are always true."""
    hardware = {"pe": [1, 1, 1], "clock": clock}
    d = describe({"name": "e", "network": {"layers": [2, 3, 3, 1]}, "hardware": hardware}, "test")
    (tmp_path / "e.v").write_text(core_verilog(d), "utf-8")
    (tmp_path / "e.vlt").write_text(waivers(d), "utf-8")
    assert lint(tmp_path, "e.vlt", "e.v") == []


@pytest.mark.parametrize("place", ["{}", "./{}", "chip/{}", "../{}", "{root}/chip/{}"])
def test_the_core_is_clean_by_any_path(place: str, tmp_path: Path) -> None:
    verilog, words = core()
    start = tmp_path / "start"
    file = place.format("e.v", root=tmp_path)
    folder = (start / file).parent
    start.mkdir()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "e.v").write_text(verilog, "utf-8")
    (folder / "e.vlt").write_text(words, "utf-8")
    assert lint(start, place.format("e.vlt", root=tmp_path), file) == []


def test_the_instance_to_paste_has_every_port(tmp_path: Path) -> None:
    d = describe({"name": "e", "network": {"layers": [2, 3, 1], "time_steps": 4}}, "test")
    verilog, words = core()
    pasted = template(d, "e", ports_of(verilog, "e"))
    order = [line.partition("(")[0].strip() for line in pasted.splitlines() if line[:3] == "  ."]
    assert order[:4] == [".clk", ".rst", ".bus_request", ".bus_write"] and order[-2:] == [
        ".busy",
        ".irq",
    ]
    files = {"e.v": verilog, "e.vlt": words, "soc.v": f"module soc;\n{pasted}endmodule\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    assert set(lint(tmp_path, *files, "--top", "soc")) == {"UNDRIVEN", "UNUSEDSIGNAL"}


@pytest.mark.parametrize("name", ["bridge_e", "ee", "e_e", "e_x"])
def test_another_file_keeps_its_warnings(name: str, tmp_path: Path) -> None:
    (tmp_path / "e.vlt").write_text(core()[1], "utf-8")
    (tmp_path / f"{name}.v").write_text(OTHER.format(name=name), "utf-8")
    assert lint(tmp_path, "e.vlt", f"{name}.v") == ["WIDTHTRUNC", "UNUSEDSIGNAL"]
