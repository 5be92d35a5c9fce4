"""What a chip should have logged is what the model says, whatever kind of chip it is."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.integer.part import Forward
from dualspike.hw.chip.probes import probes_of
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.compare import _first_wrong, _words
from tests.testbench.random.descriptions import random_batch, random_chip, random_rows

ONLINE = {"rule": "online", "batch": 3, "rate": 2}
CHIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "inference": ("direct", {"rule": "none"}),
    "spikes of rates": ("rate", {"rule": "none"}),
    "forward": ("direct", ONLINE),
    "forward over time": ("frames", ONLINE),
    "signs": ("frames", ONLINE | {"feedback": "signs", "loss": "margin"}),
    "matrices": ("bernoulli", ONLINE | {"feedback": "forward-dfa", "loss": "margin"}),
    "sample": ("direct", ONLINE | {"every": "sample"}),
    "counts": ("frames", ONLINE | {"every": "sample", "loss": "margin"}),
}


def described(kind: str) -> Description:
    """A small chip whose rows are not full."""
    coding, learning = CHIPS[kind]
    network = {"layers": [3, 5, 4, 2], "time_steps": 3, "coding": coding}
    hardware = {"simd": [2, 2, 3], "pe": [4, 3, 1]}
    tables = {"network": network, "learning": learning, "hardware": hardware}
    return describe(tables, "test")


def logged(d: Description, model: Forward) -> NDArray[np.uint32]:
    """Every payload of every probe, as the harness logs it, all lanes 0."""
    g, words = geometry(d.parts[0]), list[int]()
    for number, probe in enumerate(probes_of(d)):
        layer, trace = g.layers[probe.layer], model.layers[probe.layer]
        sums = probe.kind == "sums"
        values, bits = (trace.z, d.formats.membrane.bits) if sums else (trace.spikes, 1)
        if values.ndim == 3:
            values = values.swapaxes(0, 1)
        width = layer.next_simd
        for frame in values.reshape(-1, layer.n_out):
            for first in range(0, layer.n_out, width):
                row = frame[first : first + width].tolist()
                payload = sum((v & (1 << bits) - 1) << n * bits for n, v in enumerate(row))
                count = _words(probe.bits)
                words += [number, 7, 0, *(payload >> 32 * n & 0xFFFFFFFF for n in range(count))]
    return np.array(words, np.uint32)


@pytest.mark.parametrize("kind", CHIPS)
def test_the_models_own_payloads_are_right(kind: str) -> None:
    """Of more samples than a batch that are inferred, and of a batch that is learned."""
    d, rng = described(kind), np.random.default_rng(4)
    chip = random_chip(d, 1)
    rows = random_rows(d, rng, 2 * d.batch[0] + 1)
    given: list[Any] = [(rows, None)]
    if d.online:
        given.append(random_batch(d, rng)[:2])
    for inputs, target in given:
        (model,) = chip.follow(inputs, target)
        log = logged(d, model)
        assert _first_wrong(d, log, [model]) is None
        log[-1] ^= 1
        found = _first_wrong(d, log, [model])
        assert found is not None
        cycle, signal, wanted, got, sample, step = found
        assert (cycle, sample) == (7, len(inputs[0]) - 1)
        assert signal.startswith("layer 1 S[") and {wanted, got} == {0, 1}
        assert step == d.network.time_steps - 1
