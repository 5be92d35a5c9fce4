"""The page: everything that a folder shows, put into the template.

A template holds what differs between chips: `product.html` for operator networks,
`squared_error.html` for perceptrons.
"""

# Jinja's own annotations leave the type of filters open.
# pyright: reportUnknownMemberType=false

import os
from typing import Any

import jinja2

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.golden.float.layout import Parameters
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash
from dualspike.model.sizes.cycles import draw_cycles, function_interval, learn_cycles
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.sizes.online_resources import head_lanes
from dualspike.model.version import VERSION
from dualspike.report.curve import learning_curve
from dualspike.report.folder import Folder
from dualspike.report.maps import dots, maps
from dualspike.report.network import network_drawing
from dualspike.report.raster import rasters
from dualspike.report.records import ClassResult, Result, Synthesis

SAMPLES = 3

USES = {
    "weight": "weights, biases, steps",
    "membrane": "sums, membranes, outputs",
    "tangent": "derivatives",
    "surrogate": "table of the surrogate",
    "input": "inputs",
    "target": "targets",
    "factor": "outputs of the parts and their products",
    "error": "errors of the outputs",
    "cotangent": "mean errors, as each part sees them",
    "scale": "weights of the functions",
}

USES_ONLINE = {"weight": "weights, biases", "cotangent": "signals that come back to neurons"}
"""What is not so with chips that learn online."""

AREA = {
    "lut4": "LUT4",
    "ff": "flip-flops",
    "dsp": "DSP blocks",
    "bram": "block RAMs",
    "lutram": "LUT RAMs",
    "carry": "carry cells",
    "gate_equivalents": "gate equivalents",
}


def render(folder: Folder) -> str:
    """The whole page as HTML, with no reference to anything outside but waveforms next to it.

    The same bytes for the same folder.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dualspike.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = short
    return environment.get_template("page.html").render(_context(folder))


def _context(folder: Folder) -> dict[str, Any]:
    d, estimate = folder.description, folder.estimate
    problem, no_data = _problem(d)
    found = folder.prediction
    if problem and found is not None and found.shape != problem.test.target.shape:
        no_data = f"the prediction is for other points than the {problem.test_set}"
    return {
        "version": VERSION,
        "folder": folder,
        "d": d,
        "e": estimate,
        "parts": [_part(folder, n) for n in range(len(d.parts))],
        "config_hash": config_hash(d),
        "formats": [_format_row(d, name) for name in d.model_dump()["formats"] if _has(d, name)],
        "areas": [_area_table(synthesis) for synthesis in folder.syntheses],
        "forecast": _forecast(estimate.estimate if estimate else {}),
        "no_data": no_data,
        "tested_on": _tested_on(folder, problem),
        **_figures(folder.result),
        "waveforms": [(path.name, os.path.getsize(path)) for path in folder.waveforms],
        **(_of_samples(d) if d.kind == "mlp" else _of_functions(d)),
        **_drawn(folder, problem),
    }


def _figures(result: Result | ClassResult | None) -> dict[str, Any]:
    """The one number of a run, its name and its digits; and what was taken for what."""
    if isinstance(result, ClassResult):
        shares = (100 * share for share in (result.accuracy_before, result.accuracy))
        return {"figure": ("accuracy", "%.2f %%", *shares), "confusion": result.confusion}
    if result is None:
        return {"figure": None, "confusion": None}
    errors = result.rel_l2_before, result.rel_l2
    return {"figure": ("relative l2 error", "%.4f", *errors), "confusion": None}


def _of_samples(d: Description) -> dict[str, Any]:
    """How the chip of a perceptron is called and counted."""
    g = geometry(d.parts[0])
    return {
        "head": "squared_error.html",
        "what": f"a spiking network {_shape(d, 0)}",
        "unit": "sample",
        "row": "sample",
        "pace": g.interval,
        "clocks_each": g.inference_interval,
    }


def _of_functions(d: Description) -> dict[str, Any]:
    """How the chip of an operator network is called and counted."""
    return {
        "head": "product.html",
        "what": f"a {d.kind} of spiking networks",
        "unit": "function",
        "row": "row",
        "pace": function_interval(d),
        "clocks_each": function_interval(d),
        "terms": product_sizes(d).terms,
        "draw": draw_cycles(d),
        "learn": learn_cycles(d),
    }


def _part(folder: Folder, n: int) -> dict[str, Any]:
    """One spiking network of the chip: its settings, its drawing and what is estimated of it."""
    d = folder.description
    part, layers, weights = d.parts[n], d.layers_of(n), folder.parameters
    if weights:
        some = slice(layers.start, layers.stop)
        weights = Parameters(weights.weights[some], weights.biases[some])
    several = len(d.parts) > 1
    return {
        "name": d.operator.part_name(n),
        "shape": _shape(d, n),
        "network": part.network,
        "drawing": network_drawing(part.network, weights),
        "thresholds": [short(t) for t in dict.fromkeys(part.network.thresholds)],
        "parameters": sum((n_in + 1) * n_out for n_in, n_out in part.shapes),
        "lanes": ", ".join(map(str, d.lanes_of(n))) if several else part.lanes + head_lanes(d),
        "estimate": folder.estimate.parts[n] if folder.estimate else None,
    }


def _shape(d: Description, n: int) -> str:
    return "-".join(str(width) for width in d.networks[n].layers)


def _drawn(folder: Folder, problem: Problem | None) -> dict[str, Any]:
    """The learning curve, and truth, prediction and spikes where there are data."""
    d, drawn = folder.description, dict[str, Any](curve=None, maps=[], dots=None, rasters=[])
    if folder.losses is not None and len(folder.losses):
        drawn["curve"] = learning_curve(
            folder.losses, d, folder.result.validation if folder.result else None
        )
    if not problem:
        return drawn
    found = folder.prediction
    if found is not None and found.shape == problem.test.target.shape:
        drawn["maps"] = maps(problem, found)
        shown = drawn["maps"] or problem.classes is not None
        drawn["dots"] = None if shown else dots(problem, found)
    if folder.parameters:
        chosen = [_rows(len(x)) for x in problem.test.inputs]
        drawn["rasters"] = rasters(d, folder.parameters, problem.test, chosen)
    return drawn


def _rows(n: int) -> list[int]:
    """Some rows of ``n``, the same ones every time."""
    last = n - 1
    return sorted({last // 7, last // 2, last - last // 5})[:SAMPLES]


def _problem(d: Description) -> tuple[Problem | None, str | None]:
    """The data, or why they cannot be had."""
    try:
        return load_problem(d), None
    except BadInput as error:
        return None, str(error)


def _tested_on(folder: Folder, problem: Problem | None) -> str:
    """What the errors were measured on: as the run says, else as the data are."""
    if folder.result and folder.result.tested_on:
        return folder.result.tested_on
    return problem.test_set if problem else "test set"


def _has(d: Description, name: str) -> bool:
    """Whether a chip has numbers of a format at all."""
    if not d.online:
        return True
    without = {"surrogate": True, "target": d.classes, "tangent": not head_lanes(d)}
    return not without.get(name, False)


def _format_row(d: Description, name: str) -> dict[str, Any]:
    """A number format, bit by bit, with its range."""
    form: Format = getattr(d.formats, name)
    return {
        "name": name,
        "text": str(form),
        "bits": form.bits,
        "kinds": ["sign"] * form.signed + ["whole"] * form.integer + ["fraction"] * form.fraction,
        "lowest": f"{float(form.lowest * form.lsb):g}",
        "highest": f"{float(form.highest * form.lsb):.6g}",
        "fraction": form.fraction,
        "use": (USES | USES_ONLINE)[name] if d.online else USES[name],
    }


def _forecast(estimate: dict[str, float]) -> list[tuple[str, float]]:
    """Kinds of cells and how many there will be."""
    return [(AREA.get(key, key), value) for key, value in estimate.items()]


def _area_table(synthesis: Synthesis) -> dict[str, Any]:
    """A table: kind of cell, estimate, actual, and their ratio."""
    rows: list[tuple[str, float | None, float, float | None]] = []
    for key, actual in synthesis.actual.items():
        forecast = (synthesis.estimate or {}).get(key)
        ratio = forecast / actual if forecast is not None and actual else None
        rows.append((AREA.get(key, key), forecast, actual, ratio))
    return {"synthesis": synthesis, "rows": rows}


def short(value: float) -> str:
    """A number for people: thousands apart, at most four digits after the point."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"
