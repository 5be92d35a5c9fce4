"""The files of a generated core: Verilog with its header, lint waivers, manifest, registers."""

from typing import Any

from dualspike.hw.core import Core
from dualspike.hw.exports.as_c_header import c_header
from dualspike.hw.exports.as_json import plain, register_json
from dualspike.hw.exports.as_markdown import markdown
from dualspike.hw.exports.as_systemrdl import systemrdl
from dualspike.hw.fusesoc import core_file
from dualspike.hw.generate import to_verilog
from dualspike.hw.soc import Soc
from dualspike.model.cycles import draw_cycles, fill_bound, learn_cycles
from dualspike.model.description import Description
from dualspike.model.estimate import multipliers, weight_bits
from dualspike.model.geometry import Geometry, Layer, geometry
from dualspike.model.identity import VERSION, config_hash, config_word, identity
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.registers import Register, register_map
from dualspike.model.seal import sealed

# What Verilator's -Wall says of this style of Verilog, and why it is harmless.
_WAIVERS = {
    "CASEOVERLAP": "priority selection, written as casez with overlapping patterns",
    "DECLFILENAME": "all modules are in one file",
    "PROCASSINIT": "registers carry their power-up value, as FPGA flows want it",
    "UNOPTFLAT": "bits of a vector made from others of it; Amaranth has ruled out real loops",
    "UNUSEDSIGNAL": "named signals of which only some bits are read",
    "VARHIDDEN": "a port or wire has the name of the module instance it belongs to",
    "WIDTHEXPAND": "operands are extended by the rules of Verilog, as intended",
    "WIDTHTRUNC": "counters wrap, and conditions may be wider than a bit",
}


def top_name(d: Description | OperatorDescription, wrap: str | None = None) -> str:
    """Name of the top module, and of the files that belong to it."""
    return f"{d.name}_{wrap}" if wrap else d.name


def core_verilog(d: Description, *, probes: bool = False, wrap: str | None = None) -> str:
    """Verilog of a core with a header that says what it is. The same bytes on every run.

    ``wrap`` is one of `hw.soc.WRAPS`, or None for the core as it is, with ``probes`` if wanted.
    """
    g = geometry(d)
    if wrap:
        soc = Soc.of(d, wrap)
        return _header(d, g, soc.notes()) + to_verilog(soc, top_name(d, wrap))
    core = Core(d, config_word(d), probes=probes)
    return _header(d, g, _notes(d, g)) + to_verilog(core, d.name)


def waivers(d: Description, wrap: str | None = None) -> str:
    """Verilator configuration under which `core_verilog` is clean at -Wall."""
    return waivers_of(top_name(d, wrap))


def waivers_of(top: str) -> str:
    """The same for a generated module by its name."""
    lines = ["`verilator_config", f"// Waivers for {top}.v and no other file."]
    for rule, reason in _WAIVERS.items():
        places = f"{top}.v", f"*/{top}.v"
        lines += [f"// {reason}", *(f'lint_off -rule {rule} -file "{place}"' for place in places)]
    return "\n".join(lines) + "\n"


def manifest(d: Description, wrap: str | None = None) -> str:
    """JSON: description, configuration hash, formats, folding, register map, cycles, sizes."""
    g = geometry(d)
    result: dict[str, Any] = {
        "name": d.name,
        "top": top_name(d, wrap),
        "wrap": wrap,
        "generator": f"dualspike {VERSION}",
        "config_hash": config_hash(d),
        "config_register": config_word(d),
        "identity": identity(d),
        "description": d.model_dump(mode="json"),
        "registers": plain(register_map(d)),
        "layers": [layer_entry(g, layer) for layer in g.layers],
        "cycles": {
            "sample_interval": g.interval,
            **({"draw": draw_cycles(d)} if d.learns else {}),
            "fill_at_most": fill_bound(d),
            **({"learn": learn_cycles(d)} if d.learns else {}),
        },
        "resources": {"multipliers": multipliers(d), "weight_bits": weight_bits(d)},
    }
    return sealed(result)


def companions(d: Description, wrap: str | None = None) -> dict[str, str]:
    """Files that other tools read, by name: the register map in four formats, and for FuseSoC."""
    purpose = "that learns on the chip" if d.learns else "for inference alone"
    about = f"spiking network {_widths(d)} {purpose}"
    return companions_of(d.name, top_name(d, wrap), register_map(d), about)


def companions_of(name: str, top: str, registers: list[Register], about: str) -> dict[str, str]:
    """The same for a chip ``name`` with these registers; ``about`` is one line of plain text."""
    return {
        "registers.json": register_json(name, registers),
        "registers.md": markdown(name, registers),
        f"{name}.rdl": systemrdl(name, registers),
        f"{name}.h": c_header(name, registers),
        f"{top}.core": core_file(top, about),
    }


def hex_words(values: list[int], bits: int) -> str:
    """Stored integers as two's complement hexadecimal, one a line, for WEIGHT_DATA in order."""
    digits = -(-bits // 4)
    return "".join(f"{value & (1 << bits) - 1:0{digits}x}\n" for value in values)


def layer_entry(g: Geometry, layer: Layer) -> dict[str, Any]:
    """What a manifest says of one layer."""
    return {
        "kind": layer.kind,
        "n_in": layer.n_in,
        "n_out": layer.n_out,
        "pe": layer.pe,
        "simd": layer.simd,
        "cycles_per_pass": layer.cycles,
        "cycles_per_sample": g.sample_cycles(layer),
    }


def _widths(d: Description) -> str:
    return "-".join(str(n) for n in d.network.layers)


def _notes(d: Description, g: Geometry) -> list[str]:
    """What a core's ports are."""
    batch = " or a batch is under way" if d.learns else ""
    notes = [
        "clk, rst   one clock, synchronous reset, active high",
        f"inputs_*   stream of samples, {g.layers[0].simd} stored input(s) at a time",
        "targets_*  stream of stored targets, one for each output, while learning",
        "results_*  stream of outputs, while inferring",
        "bus_*      registers, see manifest.json; hold request until done",
        f"busy       samples are inside{batch}",
        "A stream moves when valid and ready are both 1 at a rising edge of clk.",
    ]
    return [note for note in notes if d.learns or not note.startswith("targets_")]


def _header(d: Description, g: Geometry, notes: list[str]) -> str:
    folds = ", ".join(f"{layer.pe} x {layer.simd}" for layer in g.layers)
    formats = ", ".join(f"{name} {value}" for name, value in identity(d)["formats"].items())
    ports = "\n".join(f"// {note}" for note in notes)
    purpose, learning = "for inference alone", ""
    if d.learns:
        purpose = "that trains itself by randomized forward gradients"
        learning = f", {g.lanes} tangent lanes, {d.learning.structure} signs"
        learning += f", batches of {d.learning.batch}"
    return f"""\
// {d.name}: spiking network {_widths(d)} {purpose}.
// Made by dualspike {VERSION}; configuration {config_hash(d)[:16]}. This file belongs to you.
//
// {d.network.time_steps} time steps{learning}.
// Formats: {formats}.
// Folding (pe x simd by layer): {folds}. A sample every {g.interval} clocks.
//
{ports}

"""
