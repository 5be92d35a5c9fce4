"""From a description and its parameters to a NIR file."""

# pyright: reportMissingTypeStubs=false

import io
from itertools import pairwise
from typing import Any, cast

import nir
import numpy as np

from dualspike.golden.float.layout import Parameters
from dualspike.model.description.description import Description
from dualspike.model.description.files.save import toml_text
from dualspike.model.errors import BadInput
from dualspike.nir.importing import DESCRIPTION
from dualspike.nir.neurons import SUBTRACT


def graph_of(description: Description, parameters: Parameters, dt: float) -> nir.NIRGraph:
    """A network as a NIR graph: affine, neurons, affine, ..., neurons, affine.

    Neurons that do not leak become IF with r = 1 / dt, others LIF with tau = dt / (1 - leak) and
    r = tau / dt, so that one step of Euler's method at dt is the chip's step. The graph's metadata
    are ``reset_mechanism``, ``dt``, ``time_steps``, and under ``dualspike`` the description.
    Raises BadInput for a description with local losses, whose readouts are no part of the chain.
    """
    if description.local:
        raise BadInput(
            "learning.local must be false to export, not true: local readouts are no part of the"
            " network, whose weights the same file holds"
        )
    network = description.network
    nodes: dict[str, nir.NIRNode] = {"input": nir.Input({"input": np.array([network.layers[0]])})}
    last = len(parameters.weights) - 1
    for layer, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        name = "readout" if layer == last else f"affine_{layer}"
        nodes[name] = nir.Affine(weight=w, bias=b)
        if layer < last:
            nodes[f"neurons_{layer}"] = _neurons(description, layer, dt)
    nodes["output"] = nir.Output({"output": np.array([network.layers[-1]])})
    keys = list(nodes)
    metadata: dict[str, Any] = {
        "reset_mechanism": SUBTRACT,
        "dt": dt,
        "time_steps": network.time_steps,
        DESCRIPTION: toml_text(description),
    }
    return nir.NIRGraph(nodes, list(pairwise(keys)), metadata)


def _neurons(description: Description, layer: int, dt: float) -> nir.NIRNode:
    network = description.network
    n = network.layers[layer + 1]
    threshold = np.full(n, network.thresholds[layer])
    common: dict[str, Any] = {"v_threshold": threshold, "v_reset": np.zeros(n)}
    if network.leak == 1:
        return nir.IF(r=np.full(n, 1 / dt), **common)
    tau = dt / (1 - network.leak)
    return nir.LIF(
        tau=np.full(n, tau), r=np.full(n, 1 / (1 - network.leak)), v_leak=np.zeros(n), **common
    )


def nir_bytes(graph: nir.NIRGraph) -> bytes:
    """A graph as the bytes of a NIR file; the same ones every time."""
    buffer = io.BytesIO()
    nir.write(cast(io.RawIOBase, buffer), graph)  # it takes any binary file
    return buffer.getvalue()
