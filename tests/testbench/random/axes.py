"""What a description chooses, axis by axis: of each axis one value, or None where it has none."""

from collections.abc import Callable

from dualspike.model.description.description import Description
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.sizes.layers import Layer

Axis = Callable[[Description], str | None]


def _chip(d: Description) -> str:
    if d.kind == "seponet":
        return "seponet" if len(d.parts) == 2 else "seponet of several trunks"
    return {"mlp": "perceptron"}.get(d.kind, d.kind)


def _learner(d: Description) -> str:
    if not d.online:
        return d.learning.rule
    return "online by sample" if d.learning.by_sample else f"online, {d.learning.feedback}"


def _selection(d: Description) -> str:
    if d.learning.masks is not None:
        return "masks"
    return "frozen" if d.learning.frozen else "all layers"


def _layers(d: Description, has: Callable[[Layer], bool]) -> bool:
    """Whether a layer of the first part is so."""
    return any(map(has, geometry(d.parts[0]).layers))


def _steps(d: Description) -> str:
    steps = [one.time_steps for one in d.networks]
    if 1 in steps:
        return "one step"
    return "no power of two" if any(one & (one - 1) for one in steps) else "a power of two"


def _rows(d: Description) -> str:
    if 1 in d.batch:
        return "a single row"
    return "no power of two" if any(rows & (rows - 1) for rows in d.batch) else "a power of two"


def _terms(d: Description) -> str:
    terms = product_sizes(d).terms
    return "one" if terms == 1 else "all" if terms == d.basis else "several"


def _lanes(d: Description) -> str:
    lanes = d.parts[0].own_lanes if d.online else d.lanes
    return "one" if lanes == 1 else "several"


def _coding(d: Description) -> str:
    what = "numbers" if d.parts[0].numbers else "spikes"
    return f"frames of {what}" if d.network.coding == "frames" else d.network.coding


def _rfg(d: Description) -> bool:
    return d.learning.rule == "rfg"


def _said(value: object, yes: str = "yes", no: str = "no") -> str:
    return yes if value else no


AXES: dict[str, Axis] = {
    "chip": _chip,
    "learner": _learner,
    "loss": lambda d: d.learning.loss if d.online and d.kind == "mlp" else None,
    "scope": lambda d: d.learning.scope if _rfg(d) and d.learning.masks is None else None,
    "signs": lambda d: d.learning.structure if _rfg(d) else None,
    "layers that learn": lambda d: _selection(d) if _rfg(d) else None,
    "lanes": lambda d: _lanes(d) if _rfg(d) or d.learning.has_lanes else None,
    "passes": lambda d: _said(d.passes > 1, "several", "one") if _rfg(d) else None,
    "spare lanes": lambda d: (
        _said(d.lanes_built > d.lanes_used) if _rfg(d) and d.kind == "mlp" else None
    ),
    "mantissas": lambda d: _said(d.learning.mantissa) if _rfg(d) else None,
    "rounding": lambda d: d.learning.rounding if _rfg(d) else None,
    "momentum": lambda d: _said(d.learning.momentum) if _rfg(d) else None,
    "local losses": lambda d: _said(d.local) if _rfg(d) and d.kind == "mlp" else None,
    "shifts of layers": lambda d: _said(d.learning.layer_shift) if d.learns else None,
    "stages": lambda d: d.learning.schedule if d.learns and d.learning.stages > 1 else None,
    "rows of a batch": lambda d: _rows(d) if d.learns else None,
    "floor": lambda d: _said(d.floor) if d.learns and d.kind != "mlp" else None,
    "surrogate": lambda d: d.network.surrogate.kind if d.learns else None,
    "reset": lambda d: d.network.reset if d.learns else None,
    "coding": lambda d: _coding(d) if d.kind == "mlp" else None,
    "leak": lambda d: _said(d.network.leak < 1),
    "thresholds": lambda d: _said(len(set(d.parts[0].thresholds)) > 1, "several", "one"),
    "time": _steps,
    "hidden layers": lambda d: _said(len(d.network.layers) > 3, "several", "one"),
    "outputs": lambda d: _said(d.basis > 1, "several", "one"),
    "groups": lambda d: _said(_layers(d, lambda one: one.groups > 1), "several", "one"),
    "chunks": lambda d: _said(
        _layers(d, lambda one: one.chunks > 1 < one.simd), "wide", "one input or one chunk"
    ),
    "skipping": lambda d: _said(_layers(d, lambda one: one.skips)) if d.kind == "mlp" else None,
    "terms": lambda d: _terms(d) if d.kind != "mlp" and d.basis > 2 else None,
    "protection": lambda d: d.hardware.protection,
    "pipelines": lambda d: _said(d.depth.multiply > 1, "deep", "shallow"),
    "formats": lambda d: _said(
        "formats" in d.model_fields_set and d.formats.model_fields_set, "given", "the kind's own"
    ),
}
"""Every axis, with what tells its value."""

Choice = tuple[str, str]
"""An axis, and a value of it."""


def choices(d: Description) -> list[Choice]:
    """What it has chosen, in the order of the axes."""
    found = ((axis, tells(d)) for axis, tells in AXES.items())
    return [(axis, value) for axis, value in found if value is not None]
