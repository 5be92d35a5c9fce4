import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.fixed_engine import real_parameters, stored_parameters
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import read_from
from dualspike.model.description.load import describe
from dualspike.model.description.part import LEAKS
from dualspike.nir.exporting import graph_of, nir_bytes
from dualspike.nir.importing import Options, import_network
from tests.refusals import refusal


def random_parameters(d: Description, seed: int) -> Parameters:
    """Any values that the weight format holds, its ends included."""
    rng, form = np.random.default_rng(seed), d.formats.weight
    weights, biases = [], []
    for n_in, n_out in d.shapes:
        for arrays, shape in ((weights, (n_out, n_in)), (biases, (n_out,))):
            values = rng.integers(form.lowest, form.highest + 1, shape)
            values.flat[0] = rng.choice([form.lowest, form.highest])
            arrays.append(values)
    return real_parameters(weights, biases, form)


@st.composite
def described(draw: st.DrawFn) -> Description:
    layers = draw(st.lists(st.integers(1, 5), min_size=3, max_size=6))
    network: dict[str, Any] = {
        "layers": layers,
        "time_steps": draw(st.integers(1, 40)),
        "threshold": draw(st.floats(2**-10, 4)),
        "leak": draw(st.sampled_from([1.0, *(1 - 2.0**-k for k in LEAKS)])),
    }
    if draw(st.booleans()):
        hidden = len(layers) - 2
        network["threshold"] = draw(st.lists(st.floats(0.5, 4), min_size=hidden, max_size=hidden))
    weight = f"s{draw(st.integers(0, 4))}.{draw(st.integers(2, 16))}"
    tables = {
        "name": draw(st.sampled_from(["dualspike_core", "a_2"])),
        "network": network,
        "formats": {"weight": weight},
        "learning": {"structure": draw(st.sampled_from(["independent", "factored"])), "rate": 8},
        "data": {"source": draw(st.text(st.characters(codec="utf-8"), min_size=1))},
    }
    return describe(tables, "here")


@settings(max_examples=40)
@given(described(), st.floats(1e-6, 1e3), st.integers(0, 2**32))
def test_a_network_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, d: Description, dt: float, seed: int
) -> None:
    parameters = random_parameters(d, seed)
    path = tmp_path_factory.mktemp("nir") / "there.nir"
    path.write_bytes(nir_bytes(graph_of(d, parameters, dt)))
    found = import_network(path, Options())
    assert (found.description, found.remarks) == (read_from(d, path.parent), [])
    form = d.formats.weight
    for sent, back in zip(
        stored_parameters(parameters, form), stored_parameters(found.parameters, form), strict=True
    ):
        for a, b in zip(sent, back, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(parameters.weights, found.parameters.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_others_read_it_with_the_types_checked(tmp_path: Path) -> None:
    d = describe({"network": {"layers": [2, 3, 4, 1], "threshold": 0.5}}, "here")
    parameters = random_parameters(d, 0)
    path = tmp_path / "net.nir"
    path.write_bytes(nir_bytes(graph_of(d, parameters, 1e-4)))
    graph = nir.read(path, type_check=True)
    kinds = [(key, type(node).__name__) for key, node in sorted(graph.nodes.items())]
    assert kinds == [
        ("affine_0", "Affine"),
        ("affine_1", "Affine"),
        ("input", "Input"),
        ("neurons_0", "IF"),
        ("neurons_1", "IF"),
        ("output", "Output"),
        ("readout", "Affine"),
    ]
    keys = ["input", "affine_0", "neurons_0", "affine_1", "neurons_1", "readout", "output"]
    assert graph.edges == list(itertools.pairwise(keys))
    neurons, readout = graph.nodes["neurons_1"], graph.nodes["readout"]
    assert isinstance(neurons, nir.IF) and isinstance(readout, nir.Affine)
    assert neurons.r.tolist() == [10_000.0] * 4
    assert neurons.v_threshold.tolist() == [0.5] * 4
    np.testing.assert_array_equal(readout.weight, parameters.weights[2])
    metadata = graph.metadata
    assert (metadata["reset_mechanism"], metadata["dt"]) == ("subtract", 1e-4)
    assert metadata["time_steps"] == 32
    assert metadata["dualspike"].startswith("\n[network]\nlayers = [2, 3, 4, 1]\n")


def test_the_same_bytes_every_time() -> None:
    code = """
import hashlib
import numpy as np
from dualspike.golden.float.layout import start
from dualspike.model.description.load import load_preset
from dualspike.nir.exporting import graph_of, nir_bytes
d = load_preset("hat")
print(hashlib.sha256(nir_bytes(graph_of(d, start(d, 1), 1e-4))).hexdigest())
"""
    command = [sys.executable, "-c", code]
    digests = {subprocess.check_output(command, text=True) for _ in range(2)}
    assert len(digests) == 1


def test_local_readouts_are_refused() -> None:
    tables = {"network": {"layers": [2, 3, 4, 1]}, "learning": {"local": True}}
    d = describe(tables, "test")
    parameters = random_parameters(d, 1)
    line = (
        "learning.local must be false to export, not true: local readouts are no part of the"
        " network, whose weights the same file holds"
    )
    assert refusal(graph_of, d, parameters, 1.0) == line
