"""Upsets in the memories of whole cores: told by FLAGS, and with ecc without any other trace."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dualspike.golden.integer.state import IntegerChip
from dualspike.hw.layer.memory import weights
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.interface.ecc import Upset, code_of
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.registers import upset_bits
from dualspike.testbench.cosim.compare import Difference, compare_update
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.unit.benches.online import taught
from dualspike.testbench.unit.benches.shapes import SHAPES, described
from tests.testbench.random.descriptions import random_batch, random_chip, random_rows


def protected(protection: str) -> Description:
    """Weights and biases with velocities."""
    tables = SHAPES["gliding"]
    hardware = tables["hardware"] | {"protection": protection}
    return describe(tables | {"hardware": hardware}, "test")


def upset(
    simulation: Simulation,
    chip: IntegerChip,
    select: int,
    rng: np.random.Generator,
    wrong: int,
) -> None:
    """Store one word of a memory anew, with ``wrong`` random bits of its code word wrong."""
    d, memory = chip.d, chip.memories[select]
    form = memory_map(d)[select].format
    length = code_of(d.hardware.protection, form.bits).bits
    place = int(rng.integers(memory.size))
    simulation.write("WEIGHT_SELECT", select)
    for _ in range(place):
        simulation.read("WEIGHT_DATA")
    simulation.write("INJECT", sum(1 << int(bit) for bit in rng.permutation(length)[:wrong]))
    simulation.write("WEIGHT_DATA", int(memory.flat[place]))
    simulation.write("INJECT", 0)


def learn_through_upsets(d: Description) -> Difference | None:
    """One wrong bit in every memory before every batch; the first difference from the model."""
    chip, rng = random_chip(d, 1), np.random.default_rng(2)
    told = 1 << upset_bits(d)[Upset.CORRECTED]
    with Simulation.of(d, quick=True) as simulation:
        simulation.load_chip(chip)
        simulation.write("FLAGS", 0)
        for update in range(6):
            for select in range(len(chip.memories)):
                upset(simulation, chip, select, rng, 1)
            batch = random_batch(d, rng, d.stage(update))
            record = simulation.learn(*batch)
            expected = chip.update(*batch)
            expected = replace(expected, flags=expected.flags | told)
            difference = compare_update(update, chip, expected, record, simulation)
            if difference:
                return difference
        simulation.write("FLAGS", 0)
        simulation.contents()
        assert not simulation.read("FLAGS")
    return None


def test_learning_goes_on_as_if_nothing_had_happened_with_ecc() -> None:
    assert learn_through_upsets(protected("ecc")) is None
    assert learn_through_upsets(described("sliding")) is None
    assert learn_through_upsets(taught("frames", 0)[0]) is None
    assert learn_through_upsets(taught("matrix", 0)[0]) is None


def test_a_decoder_that_only_tells_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = weights.decode

    def idle(m: Any, code: Any, stored: Any, name: str) -> Any:
        """Tells of upsets and corrects nothing."""
        return stored[: code.data], decode(m, code, stored, name)[1]

    monkeypatch.setattr(weights, "decode", idle)
    difference = learn_through_upsets(protected("ecc"))
    assert difference is not None and difference.signal != "FLAGS"


@pytest.mark.parametrize(
    ("protection", "wrong", "flag"),
    [
        ("parity", 0, None),
        ("parity", 1, Upset.PARITY),
        ("ecc", 1, Upset.CORRECTED),
        ("ecc", 2, Upset.UNCORRECTABLE),
    ],
)
def test_upsets_of_every_memory_are_told(protection: str, wrong: int, flag: Upset | None) -> None:
    tells_of_upsets(protected(protection), wrong, flag)


def test_upsets_of_a_chip_that_learns_online_are_told() -> None:
    d = taught("frames", 0)[0]
    tells_of_upsets(d, 0, None)
    tells_of_upsets(d, 1, Upset.CORRECTED)
    tells_of_upsets(d, 2, Upset.UNCORRECTABLE)


def tells_of_upsets(d: Description, wrong: int, flag: Upset | None) -> None:
    """Learn from a batch with so many wrong bits in one word of each memory in turn."""
    chip, rng = random_chip(d, 3), np.random.default_rng(4)
    batch = random_batch(d, rng)
    bits = upset_bits(d)
    kinds = sum(1 << bit for bit in bits.values())
    with Simulation.of(d, quick=True) as simulation:
        for select in range(len(chip.memories)):
            simulation.load_chip(chip)
            upset(simulation, chip, select, rng, wrong)
            simulation.write("FLAGS", 0)
            record = simulation.learn(*batch)
            assert record.flags & kinds == (0 if flag is None else 1 << bits[flag])


def test_a_core_that_only_infers_tells_of_upsets_too() -> None:
    d = described("still")
    chip, rng = random_chip(d, 5), np.random.default_rng(6)
    rows = random_rows(d, rng, 5)
    with Simulation.of(d, quick=True) as simulation:
        simulation.load_chip(chip)
        simulation.write("FLAGS", 0)
        simulation.infer(rows)
        assert not simulation.read("FLAGS") >> Upset.PARITY & 1
        for select in range(len(chip.memories)):
            upset(simulation, chip, select, rng, 1)
            simulation.write("FLAGS", 0)
            simulation.infer(rows)
            assert simulation.read("FLAGS") >> Upset.PARITY & 1
            simulation.load_chip(chip)
