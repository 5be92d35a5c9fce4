"""The slowest path of a design by the names of its components, and what would make it shorter."""

import re
from dataclasses import dataclass
from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.sizes.depth import DELAYS
from dualspike.model.sizes.geometry import geometry

_INNER = re.compile(r"\d+|multiplier_.*|bank_\d+|of_part_\d+|memory_\w+")
"""Names of modules inside a component: words of memories, products."""
_LAYER = re.compile(r"(?:dense|neurons)_(\d+)")
_WIRY = 0.6
"""Share of wires from which on fewer or nearer places help more than shorter logic."""
_LONG_WIRES = "more --seeds: most of it are wires, which lie differently with each"
_LOGIC = "a lower --clock: most of it is logic"


@dataclass(frozen=True)
class SlowestPath:
    """Components from the register where it begins to the one where it ends; ns, of it wires."""

    components: list[str]
    ns: float
    wires: float

    def __str__(self) -> str:
        return f"{' -> '.join(self.components)}, {self.ns:.1f} ns, of it {self.wires:.1f} ns wires"


def slowest_path(report: dict[str, Any]) -> SlowestPath | None:
    """That of the clock which misses most of what is asked of it, or has least to spare.

    ``report`` is what nextpnr writes; None where it names no path inside that clock.
    """
    clocks = report["fmax"]
    worst = min(clocks, key=lambda name: clocks[name]["achieved"] / clocks[name]["constraint"])
    edges = [f"posedge {worst}", f"negedge {worst}"]
    inside = [
        one["path"]
        for one in report["critical_paths"]
        if one["from"] in edges and one["to"] in edges
    ]
    if not inside:
        return None
    steps = max(inside, key=lambda path: sum(step["delay"] for step in path))
    names = [component(step["to"]["cell"]) for step in steps]
    return SlowestPath(
        [name for n, name in enumerate(names) if n == 0 or name != names[n - 1]],
        round(sum(step["delay"] for step in steps), 2),
        round(sum(step["delay"] for step in steps if step["type"] == "routing"), 2),
    )


def component(cell: str) -> str:
    """The component a cell is in: its modules without those around the core and inside a part.

    What is not in one is of the system, the host link and the core put together.
    """
    modules = cell.split(".")[:-1]
    while modules[:1] in (["system"], ["core"]):
        modules = modules[1:]
    inner = next((n for n, name in enumerate(modules) if _INNER.fullmatch(name)), len(modules))
    product = any(name.startswith("multiplier_") for name in modules[inner:])
    return ".".join([*modules[:inner], *(["multiplier"] if product else [])]) or "system"


def settings(path: SlowestPath, d: Description) -> list[str]:
    """What to set for a shorter path, the most promising first; at least one."""
    ends = {path.components[0], path.components[-1]}
    inside = " ".join(path.components)
    found: list[str] = []
    if any(one.endswith(".multiplier") for one in ends) and d.depth.multiply == 1:
        shallow = DELAYS[d.hardware.device or "ecp5-85f"].fastest_shallow
        found.append(f"a --clock above {shallow:.0f}: products get a register before them")
    if layers := sorted({int(one) for one in _LAYER.findall(inside)}):
        found += _of_layers(layers, d)
    elif re.search(r"\b(?:sequencer|drawer|errors|readouts)\b", inside) and d.lanes_built > 1:
        found.append("fewer learning.directions or hardware.lanes")
    if "errors" in inside:
        found.append("narrower formats.tangent and formats.membrane")
    return [*found, _LONG_WIRES if path.wires >= _WIRY * path.ns else _LOGIC]


def _of_layers(layers: list[int], d: Description) -> list[str]:
    """Folding, lanes and widths, where there is anything left to take away."""
    wide = [n for n in layers if n < len(d.parts[0].shapes) and _folds(d, n)]
    learning = d.lanes_built > 1
    return [
        *(f"a smaller hardware.pe[{n}]" for n in wide),
        *(["fewer learning.directions or hardware.lanes"] if learning else []),
        f"narrower formats.{'tangent' if d.learns else 'membrane'} and formats.weight",
    ]


def _folds(d: Description, layer: int) -> bool:
    return geometry(d.parts[0]).layers[layer].pe > 1
