"""Graphs to import, and importing them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np

from dualspike.nir.importing import Imported, Options, import_network
from tests.refusals import refusal

SOFT = {"reset_mechanism": "subtract"}


def graph(
    nodes: dict[str, nir.NIRNode],
    n_in: Any = 3,
    metadata: dict[str, Any] | None = None,
    edges: list[tuple[str, str]] | None = None,
) -> nir.NIRGraph:
    """A chain of nodes between input and output; edges are written last one first."""
    last = list(nodes.values())[-1].output_type["output"]
    nodes = {
        "input": nir.Input({"input": np.atleast_1d(n_in)}),
        **nodes,
        "output": nir.Output({"output": np.asarray(last)}),
    }
    keys = list(nodes)
    edges = edges or list(pairwise(keys))[::-1]
    return nir.NIRGraph(nodes, edges, metadata or {}, type_check=False)


def affine(seed: int, n_in: int, n_out: int, dtype: str = "f4") -> nir.Affine:
    rng = np.random.default_rng(seed)
    return nir.Affine(
        weight=rng.uniform(-1, 1, (n_out, n_in)).astype(dtype),
        bias=rng.uniform(-0.5, 0.5, n_out).astype(dtype),
    )


def imported(g: nir.NIRGraph, tmp_path: Path, **options: Any) -> Imported:
    path = tmp_path / "net.nir"
    nir.write(path, g)
    return import_network(path, Options(**options))


def refused(g: nir.NIRGraph, tmp_path: Path, **options: Any) -> str:
    """The line of an import that is refused, without the file's name."""
    line = refusal(imported, g, tmp_path, **options)
    assert line.startswith(f"{tmp_path}/net.nir: ")
    return line.removeprefix(f"{tmp_path}/net.nir: ")


def leaky(n: int, leak: float, dt: float = 1e-4, **other: Any) -> nir.LIF:
    """As snnTorch writes snn.Leaky: single precision, r = tau / dt."""
    with np.errstate(divide="ignore"):
        tau = np.float32(dt) / (1 - np.full(n, leak, "f4"))
        r = tau / np.float32(dt)
    ones = np.ones(n, "f4")
    fields = {"tau": tau, "r": r, "v_threshold": ones, "v_leak": 0 * ones, "v_reset": 0 * ones}
    return nir.LIF(**(fields | other))


def integrate(n: int, r: Any = 1.0, **other: Any) -> nir.IF:
    fields: dict[str, Any] = {"v_threshold": np.ones(n), "v_reset": np.zeros(n)}
    return nir.IF(r=np.full(n, r), **(fields | other))


def chain(n_in: Any = 3, **changed: nir.NIRNode) -> nir.NIRGraph:
    """Two layers with neurons between, some nodes changed or added at the end."""
    nodes = {"fc1": affine(0, 3, 5), "if1": integrate(5), "fc2": affine(2, 5, 2)}
    return graph(nodes | changed, n_in, SOFT)
