"""What ``manifest.json`` says of a generated core, for programs and for people."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dualspike.hw.emit.register_map.json import plain
from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.hw.soc.soc import wrapped_registers
from dualspike.model.cost.estimate import layer_entry, products, weight_bits
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.identity import config_hash, config_word, identity
from dualspike.model.sizes.cycles import (
    batch_cycles,
    draw_cycles,
    fill_bound,
    function_interval,
    learn_cycles,
)
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.system.seal import sealed
from dualspike.model.version import VERSION


def manifest(
    d: Description, top: str, wrap: str | None, files: Mapping[str, str], baked: str | None
) -> str:
    """JSON: description, configuration hash, formats, folding, register map, cycles, sizes.

    ``files`` are the texts of the others by name; ``baked`` the SHA-256 of the weights that are in
    the memories at power-up, or None.
    """
    result: dict[str, Any] = {
        "name": d.name,
        "top": top,
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
        "baked_weights": baked,
        "streams": _streams(d),
        "ports": [port._asdict() for port in ports_of(files[f"{top}.v"], top)],
        "files": {name: digest(text) for name, text in sorted(files.items())},
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


def digest(text: str) -> str:
    """SHA-256 of a file's text, as hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _streams(d: Description) -> list[dict[str, Any]]:
    """Of the core, without a wrap: what a transfer holds, and how many numbers make a row."""
    given = [
        {
            "name": feed.name,
            "flow": "in",
            "numbers": feed.simd,
            "format": str(feed.format),
            "bits": feed.format.bits,
            "row": feed.width,
            "rows": feed.frames,
        }
        for feed in feeds_of(d)
    ]
    form = d.formats.membrane
    answer = {"name": "results", "flow": "out", "numbers": 1, "format": str(form)}
    return [*given, {**answer, "bits": form.bits, "row": d.basis if d.kind == "mlp" else 1}]
