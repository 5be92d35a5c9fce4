"""Hardware equals the integer model, bit for bit, for presets and random descriptions."""

import pytest

from dualspike.model.geometry import geometry
from dualspike.model.load import load_preset, presets
from dualspike.testbench.bulk import Simulation

from .descriptions import cosimulate, random_description

# Of 0 to 23; those left out are of no further kind, and take as long as all others.
SEEDS = [1, 2, 4, 5, 6, 7, 9, 11, *range(14, 24)]
UPDATES = 4


@pytest.mark.parametrize("seed", SEEDS)
def test_random_description(seed: int) -> None:
    d = random_description(seed)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, UPDATES, seed) is None
        assert cosimulate(d, simulation, 2, seed + 1, stall=90) is None


@pytest.mark.parametrize("name", [name for name in presets() if name != "wide"])
def test_preset(name: str) -> None:
    d = load_preset(name)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 3, 0) is None


def test_random_descriptions_reach_every_kind_of_core() -> None:
    seen = [random_description(seed) for seed in SEEDS]
    layers = [layer for d in seen for layer in geometry(d).layers]
    assert {len(d.network.shapes) for d in seen} == {2, 3, 4}
    assert {d.learning.structure for d in seen} == {"independent", "factored"}
    assert {d.learning.scope for d in seen} == {"layer", "global"}
    assert any(d.learning.frozen for d in seen) and any(d.learning.masks for d in seen)
    assert any({d.masks[k].bit_count() for k in range(d.lanes)} == {1, 2} for d in seen)
    assert len({(bool(d.learning.mantissa), d.learning.rounding) for d in seen}) == 4
    assert {d.momentum is None for d in seen} == {True, False}
    assert any(d.momentum and d.passes > 1 for d in seen)
    assert {d.passes for d in seen} >= {1, 2} and max(d.passes for d in seen) > 2
    local = [d for d in seen if d.local]
    assert {d.readouts for d in local} == {2, 3, 4}
    assert {d.passes for d in local} >= {1, 2} and {d.momentum is None for d in local} == {
        True,
        False,
    }
    assert {d.learning.structure for d in local} == {"independent", "factored"}
    assert any(one.kind == "local" and one.groups > 1 for d in local for one in geometry(d).layers)
    assert any(d.lanes_built > d.lanes_used for d in seen)
    assert any(d.passes > 1 and d.lanes % d.lanes_built for d in seen)
    chip = [d for d in seen if d.learning.schedule == "chip"]
    assert len({d.stage(UPDATES - 1) for d in chip}) > 3 and len(chip) < len(seen)
    assert len({d.learning.batch for d in seen} & {1, 3, 5, 7}) == 4
    assert {(d.hardware.protection, d.learns, d.momentum is None) for d in seen} >= {
        *(("none", True, True), ("parity", True, True), ("ecc", True, True)),
        *(("parity", True, False), ("ecc", True, False)),
    }
    assert any(d.hardware.protection != "none" for d in seen if not d.learns)
    assert {d.lanes for d in seen} >= {0, 1, 2, 3, 4, 6}
    assert min(n for d in seen for n in d.network.layers) == 1
    assert max(n for d in seen for n in d.network.layers) == 24
    steps = [d.network.time_steps for d in seen]
    assert any(t & (t - 1) for t in steps) and any(not t & (t - 1) for t in steps)
    assert min(steps) <= 2 and max(steps) == 64
    assert len({str(d.formats) for d in seen}) >= 5
    networks = [d.network for d in seen]
    assert {n.surrogate.kind for n in networks} == {
        *("gaussian", "stein", "fast_sigmoid", "triangle", "rectangle")
    }
    assert {(n.leak < 1, n.reset) for n in networks} == {
        *((False, "detached"), (True, "detached"), (False, "attached"), (True, "attached"))
    }
    assert any(len(set(n.thresholds)) > 1 for n in networks)
    assert {n.coding for n in networks} == {"direct", "rate", "bernoulli"}
    waits = {layer.rows < layer.feedback for layer in layers if layer.feedback}
    assert waits == {True, False}
    skipping = {
        (d.learning.structure, one.kind) for d in seen for one in geometry(d).layers if one.skips
    }
    assert len(skipping) == 4
    skips = [d for d in seen if any(layer.skips for layer in geometry(d).layers)]
    assert {d.learning.structure for d in skips if d.passes > 1} == {"independent", "factored"}
    assert any(d.local for d in skips)
    assert any(layer.groups > 1 and layer.n_out % layer.pe for layer in layers)
    assert any(layer.simd > 1 and layer.n_in % layer.simd for layer in layers)
    assert any(layer.next_simd > 1 and layer.n_out % layer.next_simd for layer in layers)
