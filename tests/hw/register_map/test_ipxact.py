"""PeakRDL makes IP-XACT of the SystemRDL of a core, as docs/soc.md shows."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from dualspike.hw.emit.register_map.systemrdl import systemrdl
from dualspike.model.description.load import describe
from dualspike.model.interface.registers import register_map

COMMAND = re.compile(r"^peakrdl (ip-xact chip/hat\.rdl .*)$", re.MULTILINE)
ACCESS = {"r": "read-only", "w": "write-only", "rw": "read-write"}


def test_ip_xact_has_the_same_registers(tmp_path: Path) -> None:
    registers = register_map(describe({"network": {"layers": [2, 3, 1]}}, "test"))
    (tmp_path / "chip").mkdir()
    (tmp_path / "chip" / "hat.rdl").write_text(systemrdl("hat", registers))
    (words,) = COMMAND.findall(Path("docs/soc.md").read_text("utf-8"))
    peakrdl = Path(sys.executable).with_name("peakrdl")
    subprocess.run([peakrdl, *words.split()], cwd=tmp_path, check=True)

    root = ElementTree.parse(tmp_path / "chip" / "hat.xml").getroot()
    space = {"x": root.tag[1:].partition("}")[0]}

    def text(node: ElementTree.Element, path: str) -> str:
        return node.findtext("/".join(f"x:{part}" for part in path.split("/")), "", space)

    found = {
        text(one, "name"): (
            int(text(one, "addressOffset").removeprefix("'h"), 16),
            {text(field, "access") for field in one.findall("x:field", space)},
            [text(field, "name") for field in one.findall("x:field", space)],
        )
        for one in root.iter(f"{{{space['x']}}}register")
    }
    assert found == {
        one.name: (one.offset, {ACCESS[one.access]}, [field.name for field in one.fields])
        for one in registers
    }
    assert (tmp_path / "chip" / "hat.xml").read_text("utf-8").count("oneToClear") == 2, "IRQ_STATUS"
