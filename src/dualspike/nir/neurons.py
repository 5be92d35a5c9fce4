"""What the neurons of a NIR graph do in one time step, in the terms of a description.

NIR gives equations in continuous time, which one step of Euler's method turns into a recursion:

    IF:   v' = R I                      U <- U + r dt I
    LIF:  tau v' = (v_leak - v) + R I   U <- (1 - dt / tau) U + (r I + v_leak) dt / tau

so the neurons keep the share ``leak`` of U, see their input times ``gain``, and get ``offset``.
Both fire where U > v_threshold. Of the reset NIR knows only v_reset; subtraction is said by the
metadata ``reset_mechanism = "subtract"``, of the node or the graph.
"""

# pyright: reportMissingTypeStubs=false

import math
from typing import Any, NamedTuple

import nir
import numpy as np

from dualspike.golden.numeric import Doubles
from dualspike.model.description.network import LEAST_THRESHOLD, MOST_THRESHOLD
from dualspike.model.description.part import LEAKS
from dualspike.model.errors import BadInput
from dualspike.nir.chain import Named

SUBTRACT = "subtract"
BUILDABLE = [1.0, *(1 - 2.0**-k for k in LEAKS)]

# Single precision in an exporter makes 1 - dt / tau, and r dt / tau, wrong by about this.
_CLOSE = 1e-5


class NodeLayer(NamedTuple):
    """Neurons of one layer: ``gain`` and ``offset`` are [n], the others are the same for all."""

    leak: float
    threshold: float
    gain: Doubles
    offset: Doubles


def neurons(
    named: Named, width: int, dt: float, metadata: dict[str, Any], assume_soft_reset: bool
) -> NodeLayer:
    """An IF or LIF node of ``width`` neurons at time step ``dt``; raises BadInput with its name.

    Parameters are broadcast if they are single numbers. Leaks and gains within 1e-5 of one that
    can be built, or of 1, are taken for that. An infinite tau, with r infinite or 1, is how
    exporters write neurons that do not leak: leak 1, gain 1.
    """
    _check_reset(named, metadata, assume_soft_reset)
    threshold = _same(named, "v_threshold", width)
    if not 0 < threshold < math.inf:
        raise BadInput(f"{named}: v_threshold must be above 0 and finite, not {threshold:g}")
    if not LEAST_THRESHOLD <= threshold <= MOST_THRESHOLD:
        raise BadInput(
            f"{named}: v_threshold must be in [{LEAST_THRESHOLD}, {MOST_THRESHOLD}],"
            f" not {threshold:.12g}"
        )
    r = _per_neuron(named, "r", width)
    if isinstance(named.node, nir.IF):
        return NodeLayer(1.0, threshold, _gain(named, r * dt), np.zeros(width))
    tau = _same(named, "tau", width)
    if not tau > 0:
        raise BadInput(f"{named}: tau must be above 0, not {tau:g}")
    if math.isinf(tau):
        if not np.isin(r, (1, math.inf)).all():
            raise BadInput(f"{named}: r must be 1 or infinite where tau is, not {r.min():g}")
        return NodeLayer(1.0, threshold, np.ones(width), np.zeros(width))
    offset = _per_neuron(named, "v_leak", width) * dt / tau
    leak = _leak(named, tau, dt)
    return NodeLayer(leak, threshold, _gain(named, r * dt / tau), offset)


def _check_reset(named: Named, metadata: dict[str, Any], assume_soft_reset: bool) -> None:
    said = named.node.metadata.get("reset_mechanism", metadata.get("reset_mechanism"))
    said = None if said is None else str(said)
    v_reset = named.numbers("v_reset")
    if v_reset.any():
        found = f"v_reset {v_reset.flat[np.flatnonzero(v_reset)[0]]:g}"
    elif said == SUBTRACT or (said is None and assume_soft_reset):
        return
    else:
        found = "v_reset 0" if said is None else f"reset_mechanism {said!r}"
    raise BadInput(
        f"{named}: the reset must subtract the threshold (metadata reset_mechanism ="
        f" '{SUBTRACT}', or --assume-soft-reset), not {found}"
    )


def _per_neuron(named: Named, field: str, width: int) -> Doubles:
    values = named.numbers(field)
    if values.size not in (1, width):
        raise BadInput(f"{named}: {field} must be one number or {width}, not {values.size}")
    return np.broadcast_to(values.reshape(-1), width)


def _same(named: Named, field: str, width: int) -> float:
    values = _per_neuron(named, field, width)
    if (values != values[0]).any():
        raise BadInput(
            f"{named}: {field} must be the same for all neurons of the layer,"
            f" not {values.min():g} to {values.max():g}"
        )
    return float(values[0])


def _leak(named: Named, tau: float, dt: float) -> float:
    """1 - dt / tau, or one line with the nearest that can be built and the dt that makes it so."""
    leak = 1 - dt / tau
    nearest = min(BUILDABLE, key=lambda buildable: abs(buildable - leak))
    if abs(leak - nearest) > _CLOSE:
        nearest = min(BUILDABLE[1:], key=lambda buildable: abs(buildable - leak))
        raise BadInput(
            f"{named}: leak 1 - dt / tau must be 1 or 1 - 2^-k with k in"
            f" [{LEAKS[0]}, {LEAKS[-1]}], not {leak:g}:"
            f" nearest is {nearest:g} (dt is {dt:g}; --dt {(1 - nearest) * tau:g} makes it exact)"
        )
    return nearest


def _gain(named: Named, gain: Doubles) -> Doubles:
    if not np.isfinite(gain).all():
        raise BadInput(f"{named}: r must be finite, not {gain[~np.isfinite(gain)][0]:g}")
    return np.where(np.abs(gain - 1) <= _CLOSE, 1.0, gain)
