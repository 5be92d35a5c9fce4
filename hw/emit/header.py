"""What stands at the top of generated Verilog: what the chip is, and what its ports are."""

from textwrap import wrap

from dualspike.model.description.description import Description
from dualspike.model.interface.identity import config_hash, identity
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.version import VERSION


def widths(d: Description) -> str:
    """The layers of every part."""
    return ", ".join("-".join(str(n) for n in network.layers) for network in d.networks)


def port_notes(d: Description) -> list[str]:
    """What the ports of a chip are, a line for each group of them."""
    batch = " or a batch is under way" if d.learns else ""
    streams, unit = (_samples(d), "samples") if d.kind == "mlp" else (_functions(d), "rows")
    return [
        "clk, rst   one clock, synchronous reset, active high",
        *streams,
        "bus_*      registers, see manifest.json; hold request until done",
        f"busy       {unit} are inside{batch}",
        "irq        interrupt, a level: registers IRQ_STATUS and IRQ_ENABLE",
        "A stream moves when valid and ready are both 1 at a rising edge of clk.",
    ]


def _samples(d: Description) -> list[str]:
    simd = geometry(d.parts[0]).layers[0].simd
    targets = "targets_*  stream of stored targets, one for each output, while learning"
    if d.classes:
        targets = "targets_*  stream of class numbers, one a sample, while learning or labelled"
    return [
        f"inputs_*   stream of samples, {simd} stored input(s) at a time",
        *([targets] if d.learns else []),
        "results_*  stream of outputs, while inferring",
    ]


def _functions(d: Description) -> list[str]:
    simd = [geometry(part).layers[0].simd for part in d.parts]
    chunks = ", ".join(f"{width} of part {part}" for part, width in enumerate(simd))
    targets = (
        "targets_*  stream of stored targets, one for each point, the last axis innermost, while"
        " learning"
    )
    scales = "scales_*   stream of stored weights of functions, while learning"
    return [
        f"inputs_n_* streams of rows of part n; stored inputs at a time: {chunks}",
        *([targets] if d.learns else []),
        *([] if d.floor is None else [scales]),
        "results_*  stream of outputs, one for each point, while inferring",
    ]


def header(d: Description, notes: list[str], baked: str | None = None) -> str:
    """A comment of some lines, ``notes`` last; ``baked`` is the SHA-256 of weights inside."""
    formats = ", ".join(f"{name} {value}" for name, value in identity(d)["formats"].items())
    lines = [
        *_about(d),
        f"Made by dualspike {VERSION}; configuration {config_hash(d)[:16]}."
        " This file belongs to you.",
        "",
        _learning(d),
        f"Formats: {formats}.",
        _folding(d),
        *_depth(d),
        *_baked(baked),
        "",
        *notes,
    ]
    wrapped = [part for line in lines for part in wrap(line, 98) or [""]]
    return "\n".join(f"// {line}".rstrip() for line in wrapped) + "\n\n"


def _about(d: Description) -> list[str]:
    kind = "spiking network" if d.kind == "mlp" else f"{d.kind} of spiking networks"
    return [f"{d.name}: {kind} {widths(d)} {_way(d)}."]


def _way(d: Description) -> str:
    if not d.learns:
        return "for inference alone"
    if d.online:
        return "that learns online, sample by sample"
    return "that trains itself by randomized forward gradients"


def _learning(d: Description) -> str:
    steps = [f"{d.network.time_steps} time steps"] if d.kind == "mlp" else []
    if not d.learns:
        grids = [f"grids of {' x '.join(map(str, d.batch[1:]))} points"]
        return ", ".join(steps or grids) + "."
    learning = d.learning
    if d.online:
        parts = [f"an error every {learning.every}", f"feedback {learning.feedback}"]
        count = learning.directions
        lanes = f"{count} tangent lane{'s' * (count > 1)} for each hidden layer"
        parts += [lanes] * learning.has_lanes
    else:
        parts = [f"{d.lanes_built} tangent lanes", f"{learning.structure} signs"]
    return ", ".join([*steps, *parts, f"batches of {learning.batch}"]) + "."


def _depth(d: Description) -> list[str]:
    """Where a clock is asked for."""
    clock, device = d.hardware.clock, d.hardware.device
    if clock is None:
        return []
    return [f"For {clock:g} MHz{f' on {device}' if device else ''}: {d.depth}."]


def _baked(digest: str | None) -> list[str]:
    """Where weights need not be loaded."""
    if digest is None:
        return []
    return [
        "Weights and biases are in the memories at power-up. SHA-256 of weights_0.hex,",
        f"biases_0.hex, weights_1.hex, ...: {digest}",
    ]


def _folding(d: Description) -> str:
    if d.kind != "mlp":
        terms = product_sizes(d).terms
        return f"Product unit: {terms} of {d.basis} terms of a point in a clock."
    g = geometry(d.parts[0])
    folds = ", ".join(f"{layer.pe} x {layer.simd}" for layer in g.layers)
    return f"Folding (pe x simd by layer): {folds}. A sample every {g.interval} clocks."
