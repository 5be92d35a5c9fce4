"""What a core will take, in clocks and in hardware, before any synthesis.

Clocks, multipliers and memory bits are exact: tests compare them with the generated Verilog and
with simulations. ``estimate`` comes from `model.area` and is a forecast of Yosys 0.70,
``synth_ecp5``. On eight cores (the hat among them; 1 to 8 lanes, pe 1 to 16, simd 1 to 4, tangents
of 12 and 18 bits, `benchmarks/area.py`) look-up tables came out 2 to 15 % too many, 8 % in the
median, flip-flops 3 % too few to 13 % too many, 9 % in the median, multipliers and block RAMs as
they are. On three cores for iCE40, ``synth_ice40 -dsp``: tables 4 to 11 % too many, flip-flops 8 to
16 %, multipliers 2 to 5 %.
"""

from dataclasses import dataclass
from typing import Any

from dualspike.model.area import Area, layer_area, shared_area
from dualspike.model.cycles import draw_cycles, fill_bound, learn_cycles
from dualspike.model.description import Description
from dualspike.model.devices import ECP5, Device, Family
from dualspike.model.geometry import Geometry, Layer, geometry
from dualspike.model.identity import config_hash
from dualspike.model.parts import (
    layer_memories,
    layer_multipliers,
    loss_memories,
    loss_multipliers,
    sign_bits,
)


@dataclass(frozen=True)
class Use:
    """One resource: what is needed, and what a device has."""

    name: str
    needed: float
    available: int

    @property
    def share(self) -> float:
        """Needed over available; more than 1 does not fit."""
        return self.needed / self.available if self.available else float(self.needed > 0)


def core_area(d: Description, family: Family = ECP5) -> Area:
    """Estimated area of a whole core in a family's blocks, in whole numbers."""
    g = geometry(d)
    parts = [layer_area(d, g, layer, family) for layer in g.layers]
    return sum(parts, shared_area(d, g, family)).rounded()


def uses(area: Area, device: Device) -> list[Use]:
    """An area beside what a device has."""
    return [
        Use("LUT4", area.lut4, device.lut4),
        Use("FF", area.ff, device.ff),
        Use("DSP", area.dsp, device.dsp),
        Use("BRAM", area.bram, device.bram),
    ]


def multipliers(d: Description) -> int:
    """Products in the hardware, whatever a synthesis tool makes of them."""
    g = geometry(d)
    parts = [part for layer in g.layers for part in layer_multipliers(d, g, layer)]
    return sum(part.count for part in [*parts, *loss_multipliers(d, g)])


def weight_bits(d: Description) -> int:
    """Bits of all weights and biases, without what pads the memories."""
    return sum((n_in + 1) * n_out for n_in, n_out in d.shapes) * d.formats.weight.bits


def memory_bits(d: Description) -> dict[str, int]:
    """Bits of the memories by kind, padding included; signs with the registers that hold some."""
    g = geometry(d)
    kinds = (
        *("weights", "velocities", "membranes", "tangents"),
        *("surrogate", "replay", "tallies", "signs"),
    )
    bits: dict[str, int] = dict.fromkeys(kinds, 0)
    for layer in g.layers:
        for memory in layer_memories(d, g, layer):
            bits[memory.kind] += memory.bits
    for memory in loss_memories(d, g):
        bits[memory.kind] += memory.bits
    bits["signs"] += sign_bits(d)
    return bits


def learning_clocks(d: Description) -> float:
    """Most clocks a sample takes in learning, when no stream stalls: a batch over its samples."""
    batch = d.learning.batch
    edges = draw_cycles(d) + d.passes * fill_bound(d) + learn_cycles(d)
    return d.passes * geometry(d).interval + edges / batch


def bottleneck(g: Geometry) -> str:
    """What sets the pace; the first of `Geometry.limits` where several do."""
    return next(name for name, clocks in g.limits if clocks == g.interval)


def estimate(d: Description, device: Device | None = None) -> dict[str, Any]:
    """Everything as plain data: the content of ``report/estimate.json``."""
    g = geometry(d)
    area = core_area(d, device.family if device else ECP5)
    return {
        "name": d.name,
        "config_hash": config_hash(d),
        "interval": g.interval,
        "clocks_per_sample_learning": round(learning_clocks(d), 2) if g.lanes else None,
        "clocks_per_sample_inference": g.inference_interval,
        "bottleneck": bottleneck(g),
        "multipliers": multipliers(d),
        "memory_bits": memory_bits(d),
        "layers": [layer_estimate(d, g, layer) for layer in g.layers],
        "device": device_entry(device) if device else None,
        "estimate": {"lut4": area.lut4, "ff": area.ff, "bram": area.bram, "dsp": area.dsp},
    }


def layer_estimate(d: Description, g: Geometry, layer: Layer) -> dict[str, Any]:
    """What is told of one layer."""
    clocks = g.sample_cycles(layer)
    return {
        "index": layer.index,
        "kind": layer.kind,
        "n_in": layer.n_in,
        "n_out": layer.n_out,
        "pe": layer.pe,
        "simd": layer.simd,
        "cycles_per_pass": layer.cycles,
        "cycles_per_sample": clocks,
        "share_of_interval": round(clocks / g.interval, 4),
        "multipliers": sum(part.count for part in layer_multipliers(d, g, layer)),
        "weight_bits": (layer.n_in + 1) * layer.n_out * d.formats.weight.bits,
        "sign_bits_per_cycle": layer.pe * layer.simd * g.lanes,
    }


def device_entry(device: Device) -> dict[str, Any]:
    """A device and what it has of each resource."""
    return {"name": device.name} | {use.name: use.available for use in uses(Area(), device)}
