"""The page: everything that a folder shows, put into the template."""

# Jinja's own annotations leave the type of filters open.
# pyright: reportUnknownMemberType=false

import os
from typing import Any

import jinja2

from dualspike.golden.data import Dataset, load_data
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.formats import Format
from dualspike.model.geometry import geometry
from dualspike.model.identity import VERSION, config_hash
from dualspike.report.curve import learning_curve
from dualspike.report.folder import Folder, Synthesis
from dualspike.report.maps import dots, maps
from dualspike.report.network import network_drawing
from dualspike.report.raster import rasters

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
    """The whole page as HTML, with no reference to anything outside but waveforms beside it.

    The same bytes for the same folder.
    """
    return filled("page.html", _context(folder))


def filled(template: str, context: dict[str, Any]) -> str:
    """A template with its values put in."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dualspike.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = short
    return environment.get_template(template).render({"version": VERSION} | context)


def _context(folder: Folder) -> dict[str, Any]:
    d = folder.description
    dataset, no_data = _dataset(d)
    drawn: dict[str, Any] = {"curve": None, "maps": [], "dots": None, "rasters": []}
    if folder.losses is not None and len(folder.losses):
        drawn["curve"] = learning_curve(folder.losses, d)
    if dataset and folder.prediction is not None:
        if folder.prediction.shape == dataset.test_y.shape:
            drawn["maps"] = maps(dataset, folder.prediction)
            drawn["dots"] = None if drawn["maps"] else dots(dataset, folder.prediction)
        else:
            no_data = f"the prediction is for other points than the {dataset.tested_on}"
    if dataset and folder.parameters:
        last = len(dataset.test_x) - 1
        chosen = sorted({last // 7, last // 2, last - last // 5})[:SAMPLES]
        drawn["rasters"] = rasters(d, folder.parameters, dataset.test_x, dataset.test_y, chosen)
    return drawn | {
        "folder": folder,
        "d": d,
        "shape": "-".join(str(n) for n in d.network.layers),
        "geometry": geometry(d),
        "thresholds": [short(t) for t in dict.fromkeys(d.network.thresholds)],
        "parameters": sum((n_in + 1) * n_out for n_in, n_out in d.shapes),
        "config_hash": config_hash(d),
        "network": network_drawing(d, folder.parameters),
        "formats": [
            format_row(name, getattr(d.formats, name)) for name in type(d.formats).model_fields
        ],
        "areas": [area_table(synthesis) for synthesis in folder.syntheses],
        "forecast": forecast(folder.estimate.estimate if folder.estimate else {}),
        "no_data": no_data,
        "tested_on": _tested_on(folder, dataset),
        "waveforms": [(path.name, os.path.getsize(path)) for path in folder.waveforms],
    }


def _dataset(d: Description) -> tuple[Dataset | None, str | None]:
    """The data, or why they cannot be had."""
    try:
        return load_data(d), None
    except BadInput as error:
        return None, str(error)


def _tested_on(folder: Folder, dataset: Dataset | None) -> str:
    """What the errors were measured on: as the run says, else as the data are."""
    if folder.result and folder.result.tested_on:
        return folder.result.tested_on
    return dataset.tested_on if dataset else "test set"


def format_row(name: str, form: Format) -> dict[str, Any]:
    """A number format, bit by bit, with its range."""
    return {
        "name": name,
        "text": str(form),
        "bits": form.bits,
        "kinds": ["sign"] * form.signed + ["whole"] * form.integer + ["fraction"] * form.fraction,
        "lowest": f"{float(form.lowest * form.lsb):g}",
        "highest": f"{float(form.highest * form.lsb):.6g}",
        "fraction": form.fraction,
        "use": USES[name],
    }


def forecast(estimate: dict[str, float]) -> list[tuple[str, float]]:
    """Kinds of cells and how many there will be."""
    return [(AREA.get(key, key), value) for key, value in estimate.items()]


def area_table(synthesis: Synthesis) -> dict[str, Any]:
    """A table: kind of cell, estimate, actual, and their ratio."""
    rows: list[tuple[str, float | None, float, float | None]] = []
    for key, actual in synthesis.actual.items():
        forecast = (synthesis.estimate or {}).get(key)
        ratio = forecast / actual if forecast is not None and actual else None
        rows.append((AREA.get(key, key), forecast, actual, ratio))
    return {"synthesis": synthesis, "rows": rows}


def short(value: float) -> str:
    """A number for people: thousands apart, at most four digits behind the point."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"
