"""Silent membranes that rest at the lower end of their format raise FLOOR, and no alarm."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.chips import chip_of
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Ints
from dualspike.hw.chip import registers
from dualspike.hw.layer import membrane
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.raised import told
from dualspike.model.interface.register import Flag
from dualspike.testbench.cosim.simulation import Simulation
from tests.api.driven import KINDS, described, library_of
from tests.testbench.planted.mutants import plant

FLOOR, MEMBRANE = 1 << Flag.FLOOR, 1 << Flag.MEMBRANE
PARTS = [{"layers": [2, 3, 2], "time_steps": 3}] * 2
ANY: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "shallow": lambda network: {"network": network | {"layers": [3, 4, 2]}},
    "deep": lambda network: {"network": network | {"layers": [3, 4, 3, 2]}},
    "spikes": lambda network: {"network": network | {"layers": [3, 4, 2], "coding": "rate"}},
    "steps": lambda network: {"network": network, "learning": {"rule": "online"}},
    "samples": lambda network: {
        "network": network,
        "learning": {"rule": "online", "every": "sample", "rate": 0},
    },
    "operator": lambda network: {
        "operator": {"kind": "deeponet", "parts": [part | network for part in PARTS]},
        "learning": {"batch": [2, 3]},
    },
}


def driven(d: Description, share: float) -> tuple[IntegerChip, list[Ints]]:
    """A chip, and inputs that give each neuron of the first layer ``share`` of half its format.

    All other layers get the same sign by their biases; readouts are 0.
    """
    f, weights, biases = d.formats, list[Ints](), list[Ints]()
    x = 1 if d.network.coding in ("frames", "rate") else f.input.highest * f.input.lsb
    sizes = [network.layers for network in d.networks]
    for layers in sizes:
        for layer, (n_in, n_out) in enumerate(pairwise(layers)):
            last, first = layer == len(layers) - 2, layer == 0
            whole = share * -f.membrane.lowest * f.membrane.lsb / f.weight.lsb
            each = int(whole / (n_in * x + 1)) if first else int(whole)
            each = max(f.weight.lowest, min(f.weight.highest, each)) * (not last)
            weights.append(np.full((n_out, n_in), each if first else 0))
            biases.append(np.full(n_out, each))
    rows = [2, *d.batch[1:]] if d.kind != "mlp" else [2]
    steps = [d.network.time_steps] if d.network.coding == "frames" else []
    top = 1 if steps else f.input.highest
    inputs = [np.full((n, *steps, layers[0]), top) for n, layers in zip(rows, sizes, strict=True)]
    return chip_of(d, weights, biases), inputs


@pytest.mark.parametrize("kind", ANY)
@pytest.mark.parametrize("seed", range(12))
def test_strongly_negative_weights_are_no_alarm_in_any_format(kind: str, seed: int) -> None:
    """Of the integer model, whose flags the hardware has; as positive ones they are one."""
    r = random.Random(f"{kind} {seed}")
    fraction = r.randint(6, 14)
    network = {
        "layers": [3, 4, 2],
        "time_steps": r.randint(3, 9),
        "leak": r.choice([1.0, *(1 - 0.5**k for k in range(1, 9))]),
        "threshold": r.choice([0.5, 0.75, 1.0]),
    }
    formats = {"membrane": f"s{r.randint(1, 4)}.{fraction}", "weight": f"s4.{r.randint(4, 12)}"}
    formats |= {"target": f"s0.{fraction}", "input": "s0.8"}
    d = describe(ANY[kind](network) | {"formats": formats}, "test")
    share = r.uniform(0.85, 0.95)
    for sign, flags in ((-1, FLOOR), (1, MEMBRANE)):
        chip, inputs = driven(d, sign * share)
        chip.infer(inputs)
        assert chip.flags == flags
        assert bool(told(d, chip.flags)) == (flags == MEMBRANE)


def flags(simulation: Simulation, share: float) -> tuple[int, int]:
    """FLAGS and IRQ_STATUS of the hardware, which are both cleared in the end."""
    chip, inputs = driven(simulation.d, share)
    simulation.load_chip(chip)
    np.testing.assert_array_equal(simulation.infer(inputs), chip.infer(inputs))
    found = simulation.read("FLAGS"), simulation.read("IRQ_STATUS")
    simulation.write("IRQ_STATUS", 0xFFFFFFFF)
    simulation.write("FLAGS", FLOOR)
    assert simulation.read("FLAGS") == simulation.read("IRQ_STATUS") == 0
    return found


DONE, BOTH = 1 << Cause.DONE, 1 << Cause.DONE | 1 << Cause.FLAG


@pytest.mark.parametrize("kind", KINDS)
def test_the_hardware_tells_floor_and_interrupts_nobody(kind: str, tmp_path: Path) -> None:
    with Simulation(described(kind), library_of(kind, tmp_path)) as simulation:
        assert flags(simulation, -0.85) == (FLOOR, DONE)
        assert flags(simulation, 0.85) == (MEMBRANE, BOTH)


SWAPPED = "clips & ~low, clips & low", "clips & low, clips & ~low"
LOUD = (
    "told = news(flags, raised, cleared).any()",
    "told = news(flags, raised, cleared).any() | floor",
)


@pytest.mark.parametrize(
    ("place", "planted", "found"),
    [
        (membrane, SWAPPED, (MEMBRANE, BOTH)),
        (registers, LOUD, (FLOOR, BOTH)),
    ],
    ids=["swapped", "loud"],
)
def test_planted_errors_show(
    place: Any,
    planted: tuple[str, str],
    found: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, place, *planted)
    with Simulation.of(described("infers"), quick=True) as simulation:
        assert flags(simulation, -0.85) == found
