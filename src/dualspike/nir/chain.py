"""A NIR file as one chain of nodes, from its input to its output."""

# The package nir has annotations but no stubs.
# pyright: reportMissingTypeStubs=false

import math
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import nir
import numpy as np
from nir.serialization import hdf2dict

from dualspike.golden.files.hdf5 import open_hdf5
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

BUILDABLE = (nir.Affine, nir.Linear, nir.Scale, nir.Flatten, nir.IF, nir.LIF)


class Named(NamedTuple):
    """A node and its key in the graph."""

    key: str
    node: nir.NIRNode

    def __str__(self) -> str:
        return f"{self.key} ({type(self.node).__name__})"

    def numbers(self, field: str) -> Doubles:
        """A parameter as float64; raises BadInput with the node's name unless it is real numbers.

        What is beyond float64 becomes infinite.
        """
        values = np.asarray(getattr(self.node, field))
        if values.dtype.kind not in "iuf":
            raise BadInput(f"{self}: {field} must be real numbers, not {values.dtype}")
        if not values.size:
            raise BadInput(f"{self}: {field} must be real numbers, not none at all")
        with np.errstate(over="ignore"):
            values = values.astype(np.float64)
        if np.isnan(values).any():
            raise BadInput(f"{self}: {field} must be numbers, not nan")
        return values


class NodeChain(NamedTuple):
    """The input and its shape, nodes between it and the output, and the graph's metadata."""

    first: Named
    shape: list[int]
    nodes: list[Named]
    metadata: dict[str, Any]

    @property
    def n_in(self) -> int:
        """Numbers that the input has."""
        return math.prod(self.shape)


def read_chain(path: Path) -> NodeChain:
    """The graph of a NIR file as a chain; see `chain_of`.

    Raises BadInput, with the path, for a file that cannot be read.
    """
    graph = _read(path)
    try:
        return chain_of(graph)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def chain_of(graph: nir.NIRGraph) -> NodeChain:
    """The nodes of a graph in the order of its edges.

    Raises BadInput, with the node's key and type, for nodes that cannot be built and for graphs
    that are no single chain.
    """
    nodes = {key: Named(key, node) for key, node in graph.nodes.items()}
    for named in nodes.values():
        if not isinstance(cast(object, named.node.metadata), dict):  # whatever the file has
            raise BadInput(f"{named}: metadata must be a group")
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
    return NodeChain(first, _shape(first), found[:-1], graph.metadata)


def _shape(first: Named) -> list[int]:
    shape = np.atleast_1d(first.node.input_type["input"])
    if shape.dtype.kind not in "iu" or shape.ndim != 1 or (shape < 1).any():
        raise BadInput(f"{first}: shape must be whole numbers from 1 on, not {shape.tolist()}")
    return [int(size) for size in shape]


def _only(nodes: dict[str, Named], kind: type[nir.NIRNode]) -> Named:
    found = [named for named in nodes.values() if isinstance(named.node, kind)]
    if len(found) != 1:
        keys = ", ".join(named.key for named in found) or "none"
        raise BadInput(f"the graph must have one {kind.__name__}, not {keys}")
    return found[0]


def _neighbours(nodes: dict[str, Named], edges: list[tuple[str, str]]) -> dict[str, str]:
    """The one node after each; what has more, or is more than once after another, is refused."""
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for source, target in dict.fromkeys((str(one), str(other)) for one, other in edges):
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
    with open_hdf5(path, "a NIR file, nir cannot read it") as file:
        if "node" not in file:
            raise BadInput(f"{path} must be a whole NIR file: node is missing")
        held = hdf2dict(file["node"])
        _check_whole(path, "node", held)
        graph = nir.dict2NIRNode(held | {"type_check": False})
    if not isinstance(graph, nir.NIRGraph):
        raise BadInput(f"{path} must hold a NIRGraph, not {type(graph).__name__}")
    return graph


def _check_whole(path: Path, place: str, held: Any) -> None:
    """Raise BadInput for what is missing of a node as it was read, or of a node in it."""
    held = cast(dict[str, Any], held) if isinstance(held, dict) else {}
    kind = getattr(nir, str(held.get("type")), None)
    needed = ["type"]
    if kind in (nir.Input, nir.Output):
        needed.append("shape")
    elif kind is nir.NIRGraph:
        needed += ["nodes", "edges"]
    elif isinstance(kind, type) and is_dataclass(kind):
        needed += [one.name for one in fields(kind) if _required(one)]
    for name in needed:
        if name not in held:
            raise BadInput(f"{path} must be a whole NIR file: {place}/{name} is missing")
    nodes = held.get("nodes")
    if kind is nir.NIRGraph and isinstance(nodes, dict):
        for key, node in cast(dict[str, Any], nodes).items():
            _check_whole(path, f"{place}/nodes/{key}", node)


def _required(one: Field[Any]) -> bool:
    """Whether a file must hold a field; shapes of inputs and outputs follow from the others."""
    given = one.init and one.name not in ("input_type", "output_type")
    return given and one.default is MISSING and one.default_factory is MISSING
