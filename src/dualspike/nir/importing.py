"""From a NIR file to a description and its parameters."""

# pyright: reportMissingTypeStubs=false

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import nir
import numpy as np

from dualspike.golden.data.warnings.vanishing import judge
from dualspike.golden.float.layout import Parameters
from dualspike.golden.integer.rounding import quantise
from dualspike.golden.numeric import Doubles
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import read_from
from dualspike.model.description.format import Format
from dualspike.model.description.formats import Formats
from dualspike.model.description.load import describe, tables_of
from dualspike.model.errors import BadInput
from dualspike.nir.chain import Named, NodeChain, read_chain
from dualspike.nir.neurons import NodeLayer, neurons

DESCRIPTION = "dualspike"


@dataclass(frozen=True)
class Options:
    """What a NIR file does not say; None takes the metadata's word, or the default.

    ``dt`` is in the unit of tau; metadata ``dt``, or 1. ``time_steps``: metadata ``time_steps``,
    or the default of descriptions. ``name`` of the core: metadata, or the file's name. ``data``:
    metadata, or the default source. ``weight_format``: metadata, or the default, or the first of
    its width in which large weights have room.
    """

    dt: float | None = None
    time_steps: int | None = None
    name: str | None = None
    data: str | None = None
    assume_soft_reset: bool = False
    weight_format: str | None = None


@dataclass
class Stage:
    """Weights w [n_out, n_in], biases b [n_out], and the neurons after, if there are any."""

    named: Named
    w: Doubles
    b: Doubles
    neurons: NodeLayer | None = None


@dataclass(frozen=True)
class Imported:
    """A description, its parameters in float64, and what a reader should know, line by line."""

    description: Description
    parameters: Parameters
    remarks: list[str]


def import_network(path: Path, options: Options) -> Imported:
    """Read a NIR file; raises BadInput with its name, and the node's where one is at fault."""
    chain = read_chain(path)
    try:
        with np.errstate(all="ignore"):  # what overflows is refused as not finite
            return _build(chain, path, options)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def stages_of(chain: NodeChain, dt: float, *, assume_soft_reset: bool) -> list[Stage]:
    """Fold a chain into layers: scales, gains and offsets of neurons go into w and b."""
    stages: list[Stage] = []
    _check_batch(chain)
    width, scale = chain.n_in, np.ones(1)
    for named in chain.nodes:
        node = named.node
        last = stages[-1] if stages and stages[-1].neurons is None else None
        if isinstance(node, nir.Flatten):
            continue
        if isinstance(node, nir.Scale):
            factor = _fitting(named, "scale", width)
            if last:
                last.w, last.b = last.w * factor[:, None], last.b * factor
            else:
                scale = scale * factor
        elif isinstance(node, (nir.Affine, nir.Linear)):
            if last:
                raise BadInput(f"{named} must have neurons before it, not {last.named}")
            stages.append(_weights(named, width, scale))
            width, scale = len(stages[-1].b), np.ones(1)
        else:
            if not last:
                raise BadInput(f"{named} must have Affine or Linear before it")
            last.neurons = neurons(named, len(last.b), dt, chain.metadata, assume_soft_reset)
            last.w = last.w * last.neurons.gain[:, None]
            last.b = last.b * last.neurons.gain + last.neurons.offset
    if (scale != 1).any():
        raise BadInput(f"{chain.nodes[-1]} must have Affine or Linear behind it")
    for stage in stages:
        for name, values in (("weight", stage.w), ("bias", stage.b)):
            if not np.isfinite(values).all():
                by = "with scales and what its neurons do at this dt"
                raise BadInput(f"{stage.named}: {name} must be finite {by}")
    return stages


def _check_batch(chain: NodeChain) -> None:
    """Raise BadInput where the input fits the first node but for dimensions in front of it."""
    for named in chain.nodes:
        if isinstance(named.node, (nir.Affine, nir.Linear)):
            wanted = named.numbers("weight").shape[-1]
        elif isinstance(named.node, nir.Scale):
            wanted = named.numbers("scale").size
        else:
            continue
        for ahead in range(1, len(chain.shape)):
            own = chain.shape[ahead:]
            if chain.n_in != wanted == math.prod(own):
                raise BadInput(
                    f"{chain.first}: shape must be that of one sample, {own}, as {named} takes"
                    f" {wanted} inputs, not {chain.shape} with dimensions of a batch"
                )
        return


def _build(chain: NodeChain, path: Path, options: Options) -> Imported:
    dt = options.dt if options.dt is not None else _number(chain.metadata, "dt", 1.0)
    if not 0 < dt < math.inf:
        raise BadInput(f"dt must be above 0 and finite, not {dt:g}")
    stages = stages_of(chain, dt, assume_soft_reset=options.assume_soft_reset)
    if not stages:
        raise BadInput("the graph must have Affine or Linear nodes, not none")
    remarks: list[str] = []
    if stages[-1].neurons:
        width = len(stages[-1].b)
        stages.append(Stage(stages[-1].named, np.eye(width), np.zeros(width)))
        remarks.append("The graph ends in neurons: outputs are their mean spike rates.")
    parameters = Parameters(tuple(s.w for s in stages), tuple(s.b for s in stages))
    text = chain.metadata.get(DESCRIPTION)
    tables = {} if text is None else tables_of(str(text), f"metadata {DESCRIPTION}")
    network = tables.get("network", {})
    if not isinstance(network, dict):
        raise BadInput(f"metadata {DESCRIPTION}: network must be a table, not {network!r}")
    network = tables["network"] = cast(dict[str, Any], network)
    network |= _network(stages, isinstance(network.get("threshold"), list))
    if options.time_steps is not None:
        network["time_steps"] = options.time_steps
    elif "time_steps" in chain.metadata:
        steps = _number(chain.metadata, "time_steps", 0)
        network["time_steps"] = int(steps) if steps.is_integer() else steps
    if options.name is not None or text is None:
        tables["name"] = _name(path) if options.name is None else options.name
    if options.data is not None:
        tables["data"] = {"source": _text(options.data)}
    if text is None:
        arrays = () if options.weight_format else (*parameters.weights, *parameters.biases)
        tables["formats"] = _formats(arrays, network.get("threshold", 1.0))
    if options.weight_format is not None:
        formats = tables.setdefault("formats", {})
        if not isinstance(formats, dict):
            raise BadInput(f"metadata {DESCRIPTION}: formats must be a table, not {formats!r}")
        formats["weight"] = options.weight_format
    description = _described(tables, options)
    if options.data is None:
        description = read_from(description, path.parent)
    form = description.formats.weight
    for kind, arrays in (("weights", parameters.weights), ("biases", parameters.biases)):
        for layer, values in enumerate(arrays):
            quantise(values, form, f"{kind} of layer {layer}")
    remarks += _losses(stages, form, dt)
    return Imported(description, parameters, remarks)


def _losses(stages: list[Stage], form: Format, dt: float) -> list[str]:
    """What rounding loses of the weights, in lines; raises BadInput where nothing is left."""
    lines: list[str] = []
    for stage in stages:
        weights = judge(f"{stage.named}: weights", stage.w, form, "rows")
        biases = judge(f"{stage.named}: biases", stage.b, form)
        for loss in filter(None, (weights, biases)):
            line = f"{loss.text}; --weight-format sets it, and --dt the step, which is {dt:g}"
            if loss is weights and loss.nothing:
                raise BadInput(line)
            lines.append(f"Lost in rounding: {line}.")
    return lines


def _described(tables: dict[str, Any], options: Options) -> Description:
    where = "as a description"
    try:
        return describe(tables, where)
    except BadInput as error:
        if options.name is None and str(error).startswith(f"{where}: name "):
            raise BadInput(f"{error}; --name gives another") from error
        raise


def _fitting(named: Named, field: str, width: int) -> Doubles:
    values = named.numbers(field).reshape(-1)
    if values.size not in (1, width):
        raise BadInput(f"{named}: {field} must be one number or {width}, not {values.size}")
    if not np.isfinite(values).all():
        raise BadInput(f"{named}: {field} must be finite")
    return values


def _weights(named: Named, width: int, scale: Doubles) -> Stage:
    w = named.numbers("weight")
    if w.ndim != 2:
        raise BadInput(f"{named}: weight must be [n_out, n_in], not of shape {list(w.shape)}")
    if w.shape[1] != width:
        raise BadInput(f"{named}: weight must take {width} inputs, not {w.shape[1]}")
    if not np.isfinite(w).all():
        raise BadInput(f"{named}: weight must be finite")
    b = np.zeros(len(w))
    if isinstance(named.node, nir.Affine):
        b += _fitting(named, "bias", len(w))
    return Stage(named, w * scale, b)


def _network(stages: list[Stage], listed: bool) -> dict[str, Any]:
    """What the graph says of ``[network]``; ``listed`` wants a list even of equal thresholds."""
    layers = [stages[0].w.shape[1], *(len(stage.b) for stage in stages)]
    populations = [stage.neurons for stage in stages if stage.neurons]
    if not populations:
        return {"layers": layers}
    leaks = {p.leak for p in populations}
    if len(leaks) > 1:
        came = ", ".join(f"{leak:g}" for leak in sorted(leaks))
        raise BadInput(f"the leak must be the same in all layers, not {came}")
    thresholds = [p.threshold for p in populations]
    one = len(set(thresholds)) == 1 and not listed
    threshold = thresholds[0] if one else thresholds
    return {"layers": layers, "leak": leaks.pop(), "threshold": threshold}


def _number(metadata: dict[str, Any], key: str, default: float) -> float:
    value = metadata.get(key, default)
    held = np.asarray(value)
    try:
        if held.size != 1 or held.dtype.kind not in "iufSUO":
            raise ValueError
        return float(held.reshape(-1)[0])
    except (TypeError, ValueError) as error:
        raise BadInput(f"metadata {key} must be a number, not {value!r}") from error


def _text(path: str) -> str:
    """A path that can be written into a description."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"data must have a name in UTF-8, not {path!r}") from error
    return path


def _name(path: Path) -> str:
    """The file's name as that of a core: what is no letter, digit or underscore becomes one."""
    text = "".join(c if c.isascii() and c.isalnum() else "_" for c in path.stem.lower())
    return (text if text[:1].isalpha() else f"net_{text}")[:63]


def _formats(arrays: Sequence[Doubles], threshold: float | list[float]) -> dict[str, str]:
    """Formats other than the defaults, of the same widths, where values would not fit.

    ``arrays`` are the weights and biases, none of them if their format is known.

    The membrane holds at least eight times the largest threshold, as by default.
    """
    default = Formats()
    largest = max((float(np.abs(a).max()) for a in arrays), default=0.0)
    weight = _holding("weights", default.weight, largest)
    highest = max(threshold) if isinstance(threshold, list) else threshold
    room = max(0, math.ceil(math.log2(highest)))
    membrane = _holding("thresholds", default.membrane, 2.0**room * 8 * (1 - 2.0**-12))
    target = default.target
    if target.fraction > membrane.fraction:
        target = Format(True, target.bits - 1 - membrane.fraction, membrane.fraction)
    formats = {"weight": weight, "membrane": membrane, "target": target}
    return {key: str(form) for key, form in formats.items() if form != getattr(default, key)}


def _holding(what: str, form: Format, value: float) -> Format:
    """The format of this width with the fewest integer bits, at least its own, for a value."""
    for integer in range(form.integer, form.bits):
        moved = Format(form.signed, integer, form.bits - 1 - integer)
        if round(value * 2**moved.fraction) <= moved.highest:
            return moved
    raise BadInput(
        f"{what} must fit {form.bits} bits, up to {float(form.highest):g}, not {value:g}"
    )
