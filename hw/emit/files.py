"""The files of a generated core: Verilog with its header, lint waivers, manifest, registers."""

from dataclasses import asdict
from typing import Any

from dualspike.hw.chip.core import Core
from dualspike.hw.emit.blocks import mapped
from dualspike.hw.emit.fusesoc import core_file
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.header import header, port_notes, widths
from dualspike.hw.emit.register_map.c_header import c_header
from dualspike.hw.emit.register_map.json import plain, register_json
from dualspike.hw.emit.register_map.markdown import markdown
from dualspike.hw.emit.register_map.systemrdl import systemrdl
from dualspike.hw.soc.soc import Soc, wrapped_registers
from dualspike.model.ceil_div import ceil_div
from dualspike.model.cost.estimate import products, weight_bits
from dualspike.model.description.description import Description
from dualspike.model.interface.identity import VERSION, config_hash, config_word, identity
from dualspike.model.sizes.cycles import (
    batch_cycles,
    draw_cycles,
    fill_bound,
    function_interval,
    learn_cycles,
)
from dualspike.model.sizes.geometry import Geometry, geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.sizes.layers import Layer
from dualspike.model.system.seal import sealed

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


def top_name(d: Description, wrap: str | None = None) -> str:
    """Name of the top module, and of the files that belong to it."""
    return f"{d.name}_{wrap}" if wrap else d.name


def core_verilog(d: Description, *, probes: bool = False, wrap: str | None = None) -> str:
    """Verilog of a chip with a header that says what it is. The same bytes on every run.

    ``wrap`` is one of `hw.soc.soc.WRAPS`, or None for the chip as it is, with ``probes`` if wanted.
    """
    if wrap:
        soc = Soc.of(d, wrap)
        return header(d, soc.notes()) + to_verilog(soc, top_name(d, wrap))
    core = Core(d, config_word(d), probes=probes)
    return header(d, port_notes(d)) + to_verilog(core, d.name)


def core_files(d: Description, wrap: str | None = None) -> dict[str, str]:
    """Names and texts of all files of a chip but its weights."""
    top, verilog = top_name(d, wrap), core_verilog(d, wrap=wrap)
    ecp5 = mapped(verilog, "ecp5")
    return {
        f"{top}.v": verilog,
        f"{top}.vlt": waivers(d, wrap),
        **({f"{top}_ecp5.v": ecp5} if ecp5 else {}),
        "manifest.json": manifest(d, wrap),
        **companions(d, wrap, ecp5=bool(ecp5)),
    }


def waivers(d: Description, wrap: str | None = None) -> str:
    """Verilator configuration under which `core_verilog` is clean at -Wall."""
    top = top_name(d, wrap)
    lines = ["`verilator_config", f"// Waivers for {top}.v and no other file."]
    for rule, reason in _WAIVERS.items():
        places = f"{top}.v", f"*/{top}.v"
        lines += [f"// {reason}", *(f'lint_off -rule {rule} -file "{place}"' for place in places)]
    return "\n".join(lines) + "\n"


def manifest(d: Description, wrap: str | None = None) -> str:
    """JSON: description, configuration hash, formats, folding, register map, cycles, sizes."""
    result: dict[str, Any] = {
        "name": d.name,
        "top": top_name(d, wrap),
        "wrap": wrap,
        "generator": f"dualspike {VERSION}",
        "config_hash": config_hash(d),
        "config_register": config_word(d),
        "identity": identity(d),
        "description": d.model_dump(mode="json"),
        "clock_mhz": d.hardware.clock,
        "device": d.hardware.device,
        "depth": asdict(d.depth),
        "registers": plain(wrapped_registers(d, wrap)),
        "parts": [_part(d, n) for n in range(len(d.parts))],
        **({} if d.kind == "mlp" else {"terms": product_sizes(d).terms}),
        "cycles": _cycles(d),
        "resources": {"multipliers": products(d), "weight_bits": weight_bits(d)},
    }
    return sealed(result)


def _part(d: Description, n: int) -> dict[str, Any]:
    g = geometry(d.parts[n])
    layers = [layer_entry(g, layer) for layer in g.layers]
    return {"lanes": d.lanes_of(n), "sample_interval": g.interval, "layers": layers}


def _cycles(d: Description) -> dict[str, int]:
    """Clocks by what takes them."""
    learning = {"draw": draw_cycles(d), "learn": learn_cycles(d)} if d.learns else {}
    if d.kind == "mlp":
        interval = geometry(d.parts[0]).interval
        return {
            "sample_interval": interval,
            "fill_at_most": fill_bound(d.parts[0]),
            **learning,
        }
    least, most = batch_cycles(d)
    function = function_interval(d)
    return {"function": function, **learning, "batch_at_least": least, "batch_at_most": most}


def companions(d: Description, wrap: str | None = None, *, ecp5: bool) -> dict[str, str]:
    """Files that other tools read, by name: the register map in four formats, and for FuseSoC.

    ``ecp5``: see `hw.emit.fusesoc.core_file`.
    """
    purpose = "that learns on the chip" if d.learns else "for inference alone"
    network = "spiking network" if d.kind == "mlp" else f"{d.kind} of spiking networks"
    name, top, registers = d.name, top_name(d, wrap), wrapped_registers(d, wrap)
    return {
        "registers.json": register_json(name, registers),
        "registers.md": markdown(name, registers),
        f"{name}.rdl": systemrdl(name, registers),
        f"{name}.h": c_header(name, registers),
        f"{top}.core": core_file(top, f"{network} {widths(d)} {purpose}", ecp5=ecp5),
    }


def hex_words(values: list[int], bits: int) -> str:
    """Stored integers as two's complement hexadecimal, one a line, for WEIGHT_DATA in order."""
    digits = ceil_div(bits, 4)
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
