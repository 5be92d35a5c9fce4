"""Weights inside a core: in its own modules, in memories of the FPGA, and named in its header."""

import re
from hashlib import sha256
from pathlib import Path

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Out, connect, flipped

from dualspike.api.chip import Chip
from dualspike.hw.emit.generate import to_rtlil
from dualspike.hw.emit.rtlil import deduplicate_modules
from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.model.description.load import describe
from tests.boards.netlist import netlist_verilog
from tests.icarus import run_testbench

# A deep bank, which is mapped here, and shallow ones, which Yosys maps.
DEEP = describe(
    {
        "name": "tiny",
        "network": {"layers": [12, 12, 1], "time_steps": 2},
        "learning": {"rule": "none"},
        "hardware": {"pe": [1, 1], "simd": [1, 1]},
    },
    "test",
)


class Banks(wiring.Component):
    """Memories side by side, with these contents."""

    def __init__(self, *contents: list[int]) -> None:
        self._banks = [RegisteredMemory(8, 4, init) for init in contents]
        ports = self._banks[0].signature
        super().__init__({f"bank_{n}": Out(ports) for n in range(len(contents))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for n, bank in enumerate(self._banks):
            m.submodules[f"bank_{n}"] = bank
            connect(m, flipped(getattr(self, f"bank_{n}")), bank)
        return m


def test_banks_are_one_module_only_if_they_hold_the_same() -> None:
    text = deduplicate_modules(to_rtlil(Banks([1, 2], [1, 2], [1, 3], []), "top"))
    found = re.findall(r"^module \\top\.bank_(\d)\S*memory_4x8", text, re.MULTILINE)
    assert found == ["0", "2", "3"]


def test_a_synthesised_core_infers_at_power_up(tmp_path: Path) -> None:
    Chip(DEEP).generate(tmp_path, baked=True)
    kinds = [f"{kind}_{layer}.hex" for layer in range(2) for kind in ("weights", "biases")]
    held = sha256(b"".join((tmp_path / kind).read_bytes() for kind in kinds)).hexdigest()
    verilog = (tmp_path / "tiny.v").read_text()
    assert f"// biases_0.hex, weights_1.hex, ...: {held}\n" in verilog
    assert f'"baked_weights": "{held}"' in (tmp_path / "manifest.json").read_text()
    # Icarus has no $error outside of a process.
    netlist = re.sub(r"\$error[^;]*;", "", netlist_verilog(verilog, "tiny", tmp_path))
    for cell in ("DP16KD", "TRELLIS_DPR16X4"):
        assert re.search(rf"^  {cell} ", netlist, re.MULTILINE)
    (tmp_path / "netlist.v").write_text(netlist)
    ran = run_testbench(tmp_path, "tiny", "netlist.v")
    assert (ran.status, ran.line.startswith("PASS 16 outputs, ")) == (0, True), ran
    empty, count = re.subn(r"INITVAL_00 = 320'h\w+;", "INITVAL_00 = 320'h0;", netlist)
    assert count
    (tmp_path / "empty.v").write_text(empty)
    ran = run_testbench(tmp_path, "tiny", "empty.v")
    assert ran.status and ran.line.startswith("FAIL: sample "), ran
