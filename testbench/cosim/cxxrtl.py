"""A second compiled simulator: CXXRTL of Yosys, under the same harness as Verilator.

Yosys writes the core as a C++ class; a header of a few lines gives it the names and ways of a
class of Verilator, so that `harness.cpp` and `Simulation` drive either. Nothing of Verilator is in
it: another reader of the Verilog, another scheduler, other arithmetic.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from dualspike.boards.flow.tools import YOSYS, release, run
from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.model.system.builds import kept_build
from dualspike.testbench.cosim.verilate import Source, Tools, tool_environment

_HERE = Path(__file__).parent
_SCRIPT = "read_verilog core.v\nhierarchy -top {top}\nproc\nwrite_cxxrtl -g0 core.cc\n"
_CONTEXT = "#pragma once\nstruct VerilatedContext { bool traceEverOn(bool) { return false; } };\n"
_TOP = """#include "core.cc"
#include "verilated.h"
template <size_t bits> struct Wide {{
    uint32_t words[(bits + 31) / 32] = {{}};
    uint32_t& operator[](size_t n) {{ return words[n]; }}
}};
template <size_t bits> using Port = std::conditional_t<(bits > 32), Wide<bits>, uint32_t>;
template <class P, size_t bits> void give(P& port, cxxrtl::value<bits>& to) {{
    std::memcpy(to.data, &port, sizeof(to.data));
}}
template <class P, size_t bits> void take(P& port, const cxxrtl::value<bits>& from) {{
    std::memcpy(&port, from.data, sizeof(from.data));
}}
template <class P, size_t bits> void take(P& port, const cxxrtl::wire<bits>& from) {{
    take(port, from.curr);
}}
struct V{top} {{
    cxxrtl_design::p_{mangled} core;
{ports}
    V{top}(VerilatedContext*) {{}}
    void eval() {{
{gives}
        core.step();
{takes}
    }}
    void final() {{}}
}};
"""


def build_cxxrtl(source: Source, *, quick: bool = False) -> Path:
    """Shared library of the harness around ``source``, by CXXRTL; compiled once, then found again.

    ``quick`` as in `verilate.build`; there are no probes and no waveforms. RuntimeError has the
    words of Yosys or of the compiler.
    """
    variables, level = tool_environment(), "-O0" if quick else "-O1"
    recipe = repr((source, level, release(YOSYS)))
    for file in (_HERE / source.harness, Path(__file__)):
        recipe += file.read_text("utf-8")

    def make(work: Path) -> list[Path]:
        (work / "core.v").write_text(source.verilog, "utf-8")
        (work / "core.ys").write_text(_SCRIPT.format(top=source.top), "utf-8")
        run(YOSYS, ["-q", "-s", "core.ys"], work)
        (work / "ports.h").write_text(source.ports_header, "utf-8")
        (work / "verilated.h").write_text(_CONTEXT, "utf-8")
        (work / f"V{source.top}.h").write_text(_header(source), "utf-8")
        defines = [f"-D{name}={value}" for name, value in source.defines]
        defines += [f"-DTOP_CLASS=V{source.top}", f'-DTOP_HEADER="V{source.top}.h"']
        defines += ["-DVM_TRACE=0", "-DVM_COVERAGE=0"]
        options = ["g++", level, "-std=c++17", "-fPIC", "-shared", "-w", "-I.", f"-I{_runtime()}"]
        with Tools(work, variables) as tools:
            tools.run([*options, *defines, str(_HERE / source.harness), "-o", "core.so"])
        return [work / "core.so"]

    return (
        kept_build(f"cxxrtl-{hashlib.sha256(recipe.encode()).hexdigest()[:24]}", make) / "core.so"
    )


def _runtime() -> Path:
    spec = find_spec(YOSYS[0])
    assert spec and spec.origin
    return Path(spec.origin).parent / "share" / "include" / "backends" / "cxxrtl" / "runtime"


def _header(source: Source) -> str:
    """A class with the ports of the core as members, as Verilator has them."""
    ports = ports_of(source.verilog, source.top)
    return _TOP.format(
        top=source.top,
        mangled=_mangled(source.top),
        ports="\n".join(f"    Port<{bits}> {name} = {{}};" for name, _, bits in ports),
        gives="\n".join(
            f"        give({name}, core.p_{_mangled(name)});"
            for name, flow, _ in ports
            if flow == "in"
        ),
        takes="\n".join(
            f"        take({name}, core.p_{_mangled(name)});"
            for name, flow, _ in ports
            if flow == "out"
        ),
    )


def _mangled(name: str) -> str:
    """A name in CXXRTL's words, but for its p_."""
    return name.replace("_", "__")
