"""What a piece of hardware is: the part of a description that cannot be changed at run time."""

import hashlib
import json
from typing import Any

from dualspike.model.description import Description
from dualspike.model.geometry import geometry

VERSION = "0.1.0"


def identity(d: Description) -> dict[str, Any]:
    """Everything that a generated core is fixed to, as plain data."""
    g = geometry(d)
    return {
        "generator": f"dualspike {VERSION}",
        "network": d.network.model_dump(),
        "formats": d.formats.model_dump(),
        "structure": d.learning.structure,
        "batch": d.learning.batch,
        "lanes": g.lanes,
        "pe": [layer.pe for layer in g.layers],
        "simd": [layer.simd for layer in g.layers],
    }


def config_hash(d: Description) -> str:
    """SHA-256, as hex, of the identity."""
    text = json.dumps(identity(d), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def config_word(d: Description) -> int:
    """What the CONFIG register reads: the first 32 bits of the configuration hash."""
    return int(config_hash(d)[:8], 16)
