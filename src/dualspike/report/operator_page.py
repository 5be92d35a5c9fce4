"""The page of an operator chip: its parts side by side, their product, and what it has learned."""

import os
from typing import Any

from dualspike.model.identity import config_hash
from dualspike.report.curve import learning_curve
from dualspike.report.network import network_drawing
from dualspike.report.operator_folder import OperatorFolder
from dualspike.report.page import area_table, filled, forecast, format_row

FORMULAS = {
    "deeponet": "y(u, x) = ∑ᵢ branchᵢ(u) · trunkᵢ(x)",
    "seponet": "y(u, x₁, x₂, …) = ∑ᵢ branchᵢ(u) · trunk1ᵢ(x₁) · trunk2ᵢ(x₂) · …",
    "mlp": "y(x) = part(x)",
}
CLOCKS = {
    "draw": "to draw the signs of a batch",
    "function": "a function, from one to the next",
    "learn": "to move the weights behind a batch",
    "batch_at_least": "a batch, at least",
    "batch_at_most": "a batch, at most",
}


def render_operator(folder: OperatorFolder) -> str:
    """The whole page as HTML, as `report.page.render` does for a perceptron."""
    d = folder.description
    shapes = ["-".join(str(n) for n in network.layers) for network in d.parts]
    names = ["branch"]
    trunks = len(d.parts) - 1
    names += ["trunk"] if trunks == 1 else [f"trunk {n}" for n in range(1, trunks + 1)]
    weights = folder.parts or [None] * len(d.parts)
    curve = None
    if folder.losses is not None and len(folder.losses):
        curve = learning_curve(folder.losses, d)
    context: dict[str, Any] = {
        "folder": folder,
        "d": d,
        "parts": [
            {
                "name": name,
                "shape": shape,
                "steps": d.parts[n].time_steps,
                "lanes": d.lanes_of(n),
                "network": network_drawing(d.part(n), weights[n]),
                "entry": folder.manifest.parts[n] if folder.manifest else None,
            }
            for n, (name, shape) in enumerate(zip(names, shapes, strict=True))
        ],
        "formula": FORMULAS[d.operator.kind],
        "formats": [format_row(n, getattr(d.formats, n)) for n in type(d.formats).model_fields],
        "areas": [area_table(synthesis) for synthesis in folder.syntheses],
        "forecast": forecast(folder.estimate.estimate if folder.estimate else {}),
        "clocks": CLOCKS,
        "curve": curve,
        "config_hash": config_hash(d),
        "waveforms": [(path.name, os.path.getsize(path)) for path in folder.waveforms],
    }
    return filled("operator.html", context)
