"""What a chip will take, in clocks and in hardware, before any synthesis.

Clocks, multipliers and memory bits are exact: tests compare them with the generated Verilog and
with simulations. ``estimate`` comes from `model.cost.layer_area` and `model.cost.head_area` and is
a forecast of Yosys 0.70, ``synth_ecp5``. On eight cores (the hat among them; 1 to 8 lanes, pe 1 to
16, simd 1 to 4, tangents of 12 and 18 bits, `benchmarks/area.py`) look-up tables came out between
4 % too few and 6 % too many, 3 % too many in the median, flip-flops 8 % too few to 4 % too many,
2 % too many in the median, multipliers and block RAMs as they are. The factors were fitted to these
cores; what follows was measured before the last time. On three cores for iCE40, ``synth_ice40
-dsp``: tables 4 to 11 % too many, flip-flops 8 to 16 %, multipliers 2 to 5 %. On six small chips
for operator networks tables came out between 6 % too few and 12 % too many, flip-flops 3 % too few
to 9 % too many, multipliers 0 to 4 too many.

On the network of the preset digits, learning online by signs, tables came out 2 % too few,
flip-flops 9 % too few, multipliers as they are, block RAMs one too few. No other core that learns
online was measured since these became smaller.
"""

from dataclasses import asdict, dataclass
from typing import Any

from dualspike.model.cost.area import Area
from dualspike.model.cost.devices import ECP5, Device, Family
from dualspike.model.cost.energy import FPGA, inference_energy, learning_energy
from dualspike.model.cost.head_area import shared_area
from dualspike.model.cost.layer_area import layer_area
from dualspike.model.description.description import Description
from dualspike.model.description.part import Part
from dualspike.model.interface.identity import config_hash
from dualspike.model.sizes.cycles import (
    batch_cycles,
    function_cycles,
    function_interval,
    most_clocks,
)
from dualspike.model.sizes.geometry import Geometry, geometry
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.resources import (
    layer_multipliers,
    layers_of,
    memories,
    multipliers,
    sign_bits,
    signs_a_clock,
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


def chip_area(d: Description, family: Family = ECP5) -> Area:
    """Estimated area of a whole chip in a family's blocks, in whole numbers."""
    parts = [layer_area(*one, family) for one in layers_of(d)]
    return sum(parts, shared_area(d, family)).rounded()


def uses(area: Area, device: Device) -> list[Use]:
    """An area next to what a device has."""
    return [
        Use("LUT4", area.lut4, device.lut4),
        Use("FF", area.ff, device.ff),
        Use("DSP", area.dsp, device.dsp),
        Use("BRAM", area.bram, device.bram),
    ]


def products(d: Description) -> int:
    """Products in the hardware, whatever a synthesis tool makes of them."""
    return sum(one.count for one in multipliers(d))


def weight_bits(d: Description) -> int:
    """Bits of all weights and biases, without what pads the memories."""
    return sum((n_in + 1) * n_out for n_in, n_out in d.shapes) * d.formats.weight.bits


def memory_bits(d: Description) -> dict[str, int]:
    """Bits of the memories by kind, padding included; signs with the registers that hold some."""
    kinds = (
        *("weights", "velocities", "membranes", "tangents"),
        *("surrogate", "frames", "counts", "rows", "signs"),
    )
    bits: dict[str, int] = dict.fromkeys(kinds, 0)
    for memory in memories(d):
        bits[memory.kind] = bits.get(memory.kind, 0) + memory.bits
    bits["signs"] += sign_bits(d)
    return bits


def learning_clocks(d: Description) -> float:
    """Most clocks a sample takes in learning, when no stream stalls: a batch over its samples."""
    return most_clocks(d) / d.batch[0]


def bottleneck(g: Geometry) -> str:
    """What sets the pace; the first of `Geometry.limits` where several do."""
    return next(name for name, clocks in g.limits if clocks == g.interval)


def estimate(d: Description, device: Device | None = None) -> dict[str, Any]:
    """Everything as plain data: the content of ``report/estimate.json``."""
    area = chip_area(d, device.family if device else ECP5)
    return {
        "name": d.name,
        "config_hash": config_hash(d),
        "clock_mhz": d.hardware.clock,
        "depth": asdict(d.depth),
        **(_sample_clocks(d) if d.kind == "mlp" else _function_clocks(d)),
        "multipliers": products(d),
        "memory_bits": memory_bits(d),
        "parts": [
            {
                "lanes": part.own_lanes if part.online else part.lanes,
                "interval": geometry(part).interval,
                "layers": [
                    layer_estimate(part, geometry(part), one) for one in geometry(part).layers
                ],
            }
            for part in d.parts
        ],
        "device": device_entry(device) if device else None,
        "energy": _energy(d),
        "estimate": {"lut4": area.lut4, "ff": area.ff, "bram": area.bram, "dsp": area.dsp},
    }


def _energy(d: Description) -> dict[str, Any] | None:
    """An estimate: joules a sample in 45 nm CMOS, and times as much on an FPGA, from to."""
    answered, learned = inference_energy(d), learning_energy(d)
    if answered is None:
        return None
    return {
        "joules_per_sample_learning": learned and learned.total,
        "joules_per_sample_inference": answered.total,
        "technology": "45 nm CMOS",
        "times_on_fpga": list(FPGA),
    }


def _sample_clocks(d: Description) -> dict[str, Any]:
    g = geometry(d.parts[0])
    return {
        "interval": g.interval,
        "clocks_per_sample_learning": round(learning_clocks(d), 2) if d.learns else None,
        "clocks_per_sample_inference": g.inference_interval,
        "bottleneck": bottleneck(g),
    }


def _function_clocks(d: Description) -> dict[str, Any]:
    least, most = batch_cycles(d)
    branch = geometry(d.parts[0]).interval
    return {
        "clocks_per_function": function_interval(d),
        "clocks_per_batch_at_least": least,
        "clocks_per_batch_at_most": most,
        "bottleneck": "product unit" if function_cycles(d) > branch else "branch",
    }


def layer_entry(g: Geometry, layer: Layer) -> dict[str, Any]:
    """What a layer is, and the clocks that it takes."""
    return {
        "kind": layer.kind,
        "n_in": layer.n_in,
        "n_out": layer.n_out,
        "pe": layer.pe,
        "simd": layer.simd,
        "cycles_per_pass": layer.cycles,
        "cycles_per_sample": g.sample_cycles(layer),
    }


def layer_estimate(d: Part, g: Geometry, layer: Layer) -> dict[str, Any]:
    """What is told of one layer."""
    return {
        "index": layer.index,
        **layer_entry(g, layer),
        "share_of_interval": round(g.sample_cycles(layer) / g.interval, 4),
        "multipliers": sum(part.count for part in layer_multipliers(d, g, layer)),
        "weight_bits": (layer.n_in + 1) * layer.n_out * d.formats.weight.bits,
        "sign_bits_per_cycle": signs_a_clock(d, g, layer),
    }


def device_entry(device: Device) -> dict[str, Any]:
    """A device and what it has of each resource."""
    return {"name": device.name} | {use.name: use.available for use in uses(Area(), device)}
