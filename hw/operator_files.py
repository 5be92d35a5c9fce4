"""The files of a generated operator core: Verilog with its header, lint waivers, manifest."""

import json
from typing import Any

from dualspike.hw.exports.as_json import plain
from dualspike.hw.generate import to_verilog
from dualspike.hw.operator_core import OperatorCore
from dualspike.hw.product import companions_of, layer_entry, waivers_of
from dualspike.model.geometry import geometry
from dualspike.model.identity import VERSION, config_hash, config_word, identity
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry
from dualspike.model.operator_sizes import (
    batch_cycles,
    function_interval,
    operator_draw_cycles,
    operator_learn_cycles,
    operator_multipliers,
)
from dualspike.model.registers import register_map


def operator_verilog(d: OperatorDescription) -> str:
    """Verilog of an operator core with a header that says what it is. The same on every run."""
    return _header(d) + to_verilog(OperatorCore(d, config_word(d)), d.name)


def operator_files(d: OperatorDescription) -> dict[str, str]:
    """Names and texts of all files of a core but its weights."""
    about = f"{d.operator.kind} of spiking networks that learns on the chip"
    return {
        f"{d.name}.v": operator_verilog(d),
        f"{d.name}.vlt": waivers_of(d.name),
        "manifest.json": operator_manifest(d),
        **companions_of(d.name, d.name, register_map(d), about),
    }


def operator_manifest(d: OperatorDescription) -> str:
    """JSON: description, configuration hash, formats, folding, register map, cycles, sizes."""
    bits = sum((n_in + 1) * n_out for n_in, n_out in d.shapes) * d.formats.weight.bits
    least, most = batch_cycles(d)
    result: dict[str, Any] = {
        "name": d.name,
        "generator": f"dualspike {VERSION}",
        "config_hash": config_hash(d),
        "config_register": config_word(d),
        "identity": identity(d),
        "description": d.model_dump(mode="json"),
        "registers": plain(register_map(d)),
        "parts": [_part(d, part) for part in range(len(d.parts))],
        "terms": product_geometry(d).terms,
        "cycles": {
            "draw": operator_draw_cycles(d),
            "function": function_interval(d),
            "learn": operator_learn_cycles(d),
            "batch_at_least": least,
            "batch_at_most": most,
        },
        "resources": {"multipliers": operator_multipliers(d), "weight_bits": bits},
    }
    return json.dumps(result, indent=2) + "\n"


def _part(d: OperatorDescription, part: int) -> dict[str, Any]:
    g = geometry(d.part(part))
    layers = [layer_entry(g, layer) for layer in g.layers]
    return {"lanes": d.lanes_of(part), "sample_interval": g.interval, "layers": layers}


def _header(d: OperatorDescription) -> str:
    parts = ", ".join("-".join(str(n) for n in network.layers) for network in d.parts)
    formats = ", ".join(f"{name} {value}" for name, value in identity(d)["formats"].items())
    simd = [geometry(d.part(part)).layers[0].simd for part in range(len(d.parts))]
    chunks = ", ".join(f"{width} of part {part}" for part, width in enumerate(simd))
    scales = "// scales_*   stream of stored weights of functions, while learning\n"
    return f"""\
// {d.name}: {d.operator.kind} of spiking networks {parts} that trains itself by randomized
// forward gradients.
// Made by dualspike {VERSION}; configuration {config_hash(d)[:16]}. This file belongs to you.
//
// {d.lanes} tangent lanes, {d.learning.structure} signs, batches of {d.learning.batch}.
// Formats: {formats}.
// Product unit: {product_geometry(d).terms} of {d.basis} terms of a point in a clock.
//
// clk, rst   one clock, synchronous reset, active high
// inputs_n_* streams of rows of part n; stored inputs at a time: {chunks}
// targets_*  stream of stored targets, one for each point, the last axis innermost, while learning
{scales if d.learning.floor is not None else ""}\
// results_*  stream of outputs, one for each point, while inferring
// bus_*      registers, see manifest.json; hold request until done
// busy       rows are inside or a batch is under way
// A stream moves when valid and ready are both 1 at a rising edge of clk.

"""
