"""The tables that tell what a core will take before it is synthesised."""

from typing import Any

from rich.table import Table

from dualspike.model.cost.area import Area
from dualspike.model.cost.devices import Device
from dualspike.model.cost.estimate import uses
from dualspike.model.description.description import Description
from dualspike.model.sizes.depth import Depth
from dualspike.model.sizes.online import learning_interval


def layer_table(layers: list[dict[str, Any]]) -> Table:
    """One row for each layer of an estimate: folding, clocks, share of the interval, sizes."""
    columns = ("layer", "pe x simd", "clocks a pass", "a sample", "share", "multipliers", "signs")
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for layer in layers:
        table.add_row(
            f"{layer['index']} {layer['kind']} {layer['n_in']}-{layer['n_out']}",
            f"{layer['pe']} x {layer['simd']}",
            f"{layer['cycles_per_pass']:,}",
            f"{layer['cycles_per_sample']:,}",
            f"{100 * layer['share_of_interval']:.0f} %",
            f"{layer['multipliers']:,}",
            f"{layer['sign_bits_per_cycle']:,}",
        )
    return table


def summary(found: dict[str, Any]) -> list[str]:
    """Bottleneck, multipliers, memory bits, forecasts of area and energy, a line each.

    Where a clock is asked for, the depth it takes.
    """
    memories = found["memory_bits"]
    listed = ", ".join(f"{kind} {bits:,}" for kind, bits in memories.items() if bits)
    area, clock = found["estimate"], found["clock_mhz"]
    depth = [] if clock is None else [f"For {clock:g} MHz: {Depth(**found['depth'])}."]
    return [
        *depth,
        f"Slowest: {found['bottleneck']}. {found['multipliers']:,} multipliers.",
        f"Memory bits: {listed}.",
        f"About {area['lut4']:,} LUT4, {area['ff']:,} FF, {area['dsp']:,} DSP,"
        f" {area['bram']:,} BRAM.",
        *_energy(found["energy"]),
    ]


def _energy(found: dict[str, Any] | None) -> list[str]:
    """Joules a sample, as the estimate that they are."""
    if found is None:
        return []
    learned = found["joules_per_sample_learning"]
    both = [f"{_nanojoules(learned)} a sample learned"] if learned else []
    both.append(f"{_nanojoules(found['joules_per_sample_inference'])} a sample answered")
    least, most = found["times_on_fpga"]
    return [
        f"Energy, an estimate: {', '.join(both)} in {found['technology']},"
        f" {least:g} to {most:g} times that on an FPGA."
    ]


def _nanojoules(joules: float) -> str:
    nano = joules * 1e9
    return f"{nano:,.0f} nJ" if nano >= 100 else f"{nano:.3g} nJ"


def device_table(area: Area, device: Device) -> Table:
    """What a core of this area needs of each resource of a device."""
    table = Table(device.name, "needed", "available", "share", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for use in uses(area, device):
        share = f"{100 * use.share:.0f} %"
        table.add_row(use.name, f"{use.needed:,.0f}", f"{use.available:,}", share)
    return table


def pace(d: Description, found: dict[str, Any]) -> str:
    """One line: how often a chip takes a sample, or a function."""
    lanes = f"{d.lanes_built} tangent lanes" if d.learns else "inference only"
    if d.online:
        lanes = _online(d)
    if d.kind == "mlp":
        waits = learning_interval(d.parts[0]) if d.online else 0
        if waits > found["interval"]:
            lanes = f"{waits} while learning, {lanes}"
        return f"A sample every {found['interval']} clocks, {lanes}."
    least, most = found["clocks_per_batch_at_least"], found["clocks_per_batch_at_most"]
    return (
        f"A function every {found['clocks_per_function']:,} clocks, a batch in {least:,} to"
        f" {most:,}, {lanes}."
    )


def _online(d: Description) -> str:
    """How errors come back."""
    own = d.parts[0].own_lanes
    if own:
        return f"{own} tangent lane{'s' * (own > 1)} a hidden layer"
    return "fixed signs" if d.learning.feedback == "signs" else "matrices that learn"
