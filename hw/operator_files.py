"""The files of a generated operator core: Verilog with its header, lint waivers, manifest."""

import math
from typing import Any

from dualspike.hw.exports.as_json import plain
from dualspike.hw.generate import to_verilog
from dualspike.hw.operator_core import OperatorCore
from dualspike.hw.product import companions_of, core_verilog, layer_entry, top_name, waivers_of
from dualspike.hw.soc import Soc
from dualspike.model.description import Description
from dualspike.model.geometry import geometry
from dualspike.model.identity import VERSION, config_hash, config_word, identity
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_estimate import operator_multipliers
from dualspike.model.operator_geometry import product_geometry
from dualspike.model.operator_sizes import (
    batch_cycles,
    function_interval,
    operator_draw_cycles,
    operator_learn_cycles,
)
from dualspike.model.registers import register_map
from dualspike.model.seal import sealed


def operator_verilog(d: OperatorDescription, wrap: str | None = None) -> str:
    """Verilog of an operator core with a header that says what it is. The same on every run.

    ``wrap`` is one of `hw.soc.WRAPS`, or None for the core as it is.
    """
    core = OperatorCore(d, config_word(d))
    if wrap is None:
        return _header(d, _notes(d)) + to_verilog(core, d.name)
    points = math.prod(d.learning.batch[1:])
    soc = Soc(core, wrap, len(register_map(d)), points, "function")
    return _header(d, soc.notes()) + to_verilog(soc, top_name(d, wrap))


def any_verilog(d: Description | OperatorDescription) -> str:
    """Verilog of the core of either kind of chip."""
    return operator_verilog(d) if isinstance(d, OperatorDescription) else core_verilog(d)


def operator_files(d: OperatorDescription, wrap: str | None = None) -> dict[str, str]:
    """Names and texts of all files of a core but its weights."""
    about = f"{d.operator.kind} of spiking networks that learns on the chip"
    top = top_name(d, wrap)
    return {
        f"{top}.v": operator_verilog(d, wrap),
        f"{top}.vlt": waivers_of(top),
        "manifest.json": operator_manifest(d, wrap),
        **companions_of(d.name, top, register_map(d), about),
    }


def operator_manifest(d: OperatorDescription, wrap: str | None = None) -> str:
    """JSON: description, configuration hash, formats, folding, register map, cycles, sizes."""
    bits = sum((n_in + 1) * n_out for n_in, n_out in d.shapes) * d.formats.weight.bits
    least, most = batch_cycles(d)
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
    return sealed(result)


def _part(d: OperatorDescription, part: int) -> dict[str, Any]:
    g = geometry(d.part(part))
    layers = [layer_entry(g, layer) for layer in g.layers]
    return {"lanes": d.lanes_of(part), "sample_interval": g.interval, "layers": layers}


def _notes(d: OperatorDescription) -> list[str]:
    """What a core's ports are."""
    simd = [geometry(d.part(part)).layers[0].simd for part in range(len(d.parts))]
    chunks = ", ".join(f"{width} of part {part}" for part, width in enumerate(simd))
    scales = "scales_*   stream of stored weights of functions, while learning"
    return [
        "clk, rst   one clock, synchronous reset, active high",
        f"inputs_n_* streams of rows of part n; stored inputs at a time: {chunks}",
        "targets_*  stream of stored targets, one for each point, the last axis innermost, while"
        " learning",
        *([] if d.learning.floor is None else [scales]),
        "results_*  stream of outputs, one for each point, while inferring",
        "bus_*      registers, see manifest.json; hold request until done",
        "busy       rows are inside or a batch is under way",
        "A stream moves when valid and ready are both 1 at a rising edge of clk.",
    ]


def _header(d: OperatorDescription, notes: list[str]) -> str:
    parts = ", ".join("-".join(str(n) for n in network.layers) for network in d.parts)
    formats = ", ".join(f"{name} {value}" for name, value in identity(d)["formats"].items())
    ports = "\n".join(f"// {note}" for note in notes)
    return f"""\
// {d.name}: {d.operator.kind} of spiking networks {parts} that trains itself by randomized
// forward gradients.
// Made by dualspike {VERSION}; configuration {config_hash(d)[:16]}. This file belongs to you.
//
// {d.lanes} tangent lanes, {d.learning.structure} signs, batches of {d.learning.batch}.
// Formats: {formats}.
// Product unit: {product_geometry(d).terms} of {d.basis} terms of a point in a clock.
//
{ports}

"""
