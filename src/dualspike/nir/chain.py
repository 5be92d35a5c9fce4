"""A NIR file as one chain of nodes, from its input to its output."""

# The package nir has annotations but no stubs.
# pyright: reportMissingTypeStubs=false

from pathlib import Path
from typing import Any, NamedTuple, cast

import nir
import numpy as np
from numpy.typing import NDArray

from dualspike.model.errors import BadInput

Floats = NDArray[np.float64]

BUILDABLE = (nir.Affine, nir.Linear, nir.Scale, nir.Flatten, nir.IF, nir.LIF)


class Named(NamedTuple):
    """A node and its key in the graph."""

    key: str
    node: nir.NIRNode

    def __str__(self) -> str:
        return f"{self.key} ({type(self.node).__name__})"

    def numbers(self, field: str) -> Floats:
        """A parameter as float64; raises BadInput with the node's name unless it is numbers."""
        try:
            values = np.asarray(getattr(self.node, field), np.float64)
        except (TypeError, ValueError) as error:
            raise BadInput(f"{self}: {field} must be numbers") from error
        if np.isnan(values).any():
            raise BadInput(f"{self}: {field} must be numbers, not nan")
        return values


class Chain(NamedTuple):
    """Nodes between input and output, the number of inputs, and the graph's metadata."""

    nodes: list[Named]
    n_in: int
    metadata: dict[str, Any]


def read_chain(path: Path) -> Chain:
    """The graph of a NIR file as a chain; see `chain_of`.

    Raises BadInput, with the path, for a file that cannot be read.
    """
    graph = _read(path)
    try:
        return chain_of(graph)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def chain_of(graph: nir.NIRGraph) -> Chain:
    """The nodes of a graph in the order of its edges.

    Raises BadInput, with the node's key and type, for nodes that cannot be built and for graphs
    that are no single chain.
    """
    nodes = {key: Named(key, node) for key, node in graph.nodes.items()}
    for named in nodes.values():
        if not isinstance(named.node, (*BUILDABLE, nir.Input, nir.Output)):
            allowed = ", ".join(kind.__name__ for kind in BUILDABLE)
            raise BadInput(f"{named} cannot be built: nodes must be {allowed}")
    first, last = _only(nodes, nir.Input), _only(nodes, nir.Output)
    after = _neighbours(nodes, graph.edges)
    found: list[Named] = []
    at = first
    while at.key != last.key:
        if at.key not in after:
            raise BadInput(f"{at} must lead to another node, not to nothing")
        at = nodes[after.pop(at.key)]
        found.append(at)
    unused = [named for named in nodes.values() if named not in (first, *found)]
    if unused:
        raise BadInput(f"{unused[0]} must lie between input and output, not apart from them")
    n_in = int(np.prod(first.node.input_type["input"]))
    return Chain(found[:-1], n_in, graph.metadata)


def _only(nodes: dict[str, Named], kind: type[nir.NIRNode]) -> Named:
    found = [named for named in nodes.values() if isinstance(named.node, kind)]
    if len(found) != 1:
        keys = ", ".join(named.key for named in found) or "none"
        raise BadInput(f"the graph must have one {kind.__name__}, not {keys}")
    return found[0]


def _neighbours(nodes: dict[str, Named], edges: list[tuple[str, str]]) -> dict[str, str]:
    """The one node behind each; what has more, or is more than once behind another, is refused."""
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for source, target in dict.fromkeys(edges):
        for key in (source, target):
            if key not in nodes:
                raise BadInput(f"edges must join nodes of the graph, not {key!r}")
        for seen, key, other, what in (
            (after, source, target, "lead to one node"),
            (before, target, source, "have one input"),
        ):
            if key in seen:
                raise BadInput(f"{nodes[key]} must {what}, not {seen[key]} and {other}")
            seen[key] = other
    return after


def _read(path: Path) -> nir.NIRGraph:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    # Foreign and damaged files reach h5py and every constructor of nir: any exception.
    try:
        graph = cast(nir.NIRNode, nir.read(path, type_check=False))
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise BadInput(f"{path} must be a NIR file, nir cannot read it: {reason}") from error
    if not isinstance(graph, nir.NIRGraph):
        raise BadInput(f"{path} must hold a NIRGraph, not {type(graph).__name__}")
    return graph
