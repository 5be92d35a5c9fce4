"""What a piece of hardware is: the part of a description that cannot be changed at run time."""

import hashlib
import json
from typing import Any

from dualspike.model.description.description import Description
from dualspike.model.description.network import Surrogate
from dualspike.model.once import once
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.version import VERSION


def identity(d: Description) -> dict[str, Any]:
    """Everything that a generated core is fixed to, as plain data."""
    return _network_identity(d) if d.kind == "mlp" else _operator_identity(d)


def _network_identity(d: Description) -> dict[str, Any]:
    g = geometry(d.parts[0])
    network, formats = _network(d), d.model_dump()["formats"]
    learning: dict[str, Any] = {
        "structure": d.learning.structure,
        "batch": d.learning.batch,
        **d.learning.options,
        **({"local": True} if d.local else {}),
        **({"drawn": d.lanes} if d.passes > 1 else {}),
    }
    if d.online:
        learning = _online(d)
    if not d.learns:
        learning = {"rule": d.learning.rule}
        del network["surrogate"], network["reset"]
        formats = {name: formats[name] for name in ("weight", "membrane", "input")}
    skips = [layer.index for layer in g.layers if layer.skips]
    return {
        "generator": f"dualspike {VERSION}",
        "network": network,
        "formats": formats,
        **learning,
        "lanes": g.lanes,
        "pe": [layer.pe for layer in g.layers],
        "simd": [layer.simd for layer in g.layers],
        **({"skip": skips} if skips else {}),
        **_protection(d),
    }


def _online(d: Description) -> dict[str, Any]:
    """How it learns online."""
    return {
        "rule": "online",
        "feedback": d.learning.feedback,
        "directions": d.parts[0].own_lanes,
        "loss": d.learning.loss,
        **({"targets": "classes"} if d.classes else {}),
        **({"every": "sample"} if d.learning.by_sample else {}),
        "batch": d.learning.batch,
        **({"seed": d.learning.seed} if d.learning.feedback == "signs" else {}),
        **(
            {"feedback_momentum": d.learning.feedback_momentum}
            if d.learning.keeps_feedback and d.learning.has_lanes
            else {}
        ),
        **d.learning.options,
    }


def _protection(d: Description) -> dict[str, Any]:
    return {"protection": d.hardware.protection} if d.hardware.protection != "none" else {}


def _network(d: Description) -> dict[str, Any]:
    """The network, alike where hardware is alike; the draws of stein are known by their seed."""
    network = d.network
    first, *others = network.thresholds
    threshold = first if all(one == first for one in others) else network.thresholds
    surrogate = network.surrogate.model_dump()
    if network.surrogate.kind == "stein":
        surrogate["seed"] = d.learning.seed
    else:
        plain = Surrogate()
        surrogate |= {"samples": plain.samples, "draws": plain.draws}
    return network.model_dump() | {"threshold": threshold, "surrogate": surrogate}


def _operator_identity(d: Description) -> dict[str, Any]:
    folds = [layer for part in d.parts for layer in geometry(part).layers]
    operator, formats = d.operator.model_dump(), d.formats.model_dump()
    learning: dict[str, Any] = {
        "structure": d.learning.structure,
        "batch": d.learning.batch,
        "weighted": d.floor is not None,
        "lanes": [d.lanes_of(part) for part in range(len(d.parts))],
        **d.learning.options,
    }
    if d.online:
        learning = _online(d) | {"weighted": d.floor is not None}
    if not d.learns:
        learning = {"rule": d.learning.rule, "rows": d.batch[1:]}
        for part in operator["parts"]:
            del part["surrogate"], part["reset"]
        formats = {name: formats[name] for name in ("weight", "membrane", "input", "factor")}
    return {
        "generator": f"dualspike {VERSION}",
        "operator": operator,
        "formats": formats,
        **learning,
        "pe": [layer.pe for layer in folds],
        "simd": [layer.simd for layer in folds],
        "terms": product_sizes(d).terms,
        **_protection(d),
    }


@once
def config_hash(d: Description) -> str:
    """SHA-256, as hex, of the identity."""
    text = json.dumps(identity(d), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def config_word(d: Description) -> int:
    """What the CONFIG register reads: the first 32 bits of the configuration hash."""
    return int(config_hash(d)[:8], 16)
