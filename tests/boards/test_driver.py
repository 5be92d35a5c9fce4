"""What a driver says on its bus: a bus that remembers, no core."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dualspike.boards.host.driver import Access, Answers, Driver, Read, Stream, streams
from dualspike.golden.numeric import Ints
from dualspike.model.description.load import describe
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map

NETWORK = {"layers": [2, 3, 1], "time_steps": 4}


@dataclass
class Held:
    """What a chip holds."""

    memories: list[Ints]
    states: dict[str, int]


class Bus(Driver):
    """Answers every read with the numbers that follow in ``words``."""

    def __init__(self, learning: dict[str, Any]) -> None:
        d = describe({"network": NETWORK, "learning": {"batch": 2} | learning}, "test")
        super().__init__(d)
        self.d = d
        self.names = {register.address: register.name for register in register_map(d)}
        self.words: list[int] = []
        self.done: list[Access] = []

    def carry_out(self, accesses: Sequence[Access]) -> Answers:
        self.done += accesses
        return [
            [self.words.pop(0) for _ in range(one.count)] if isinstance(one, Read) else []
            for one in accesses
        ]

    def said(self) -> list[tuple[str, list[int]]]:
        """Writes so far, by name; streams by their command."""
        said = [
            (one.command.name, [])
            if isinstance(one, Stream)
            else (self.names[one.address], list(one.words))
            for one in self.done
            if not isinstance(one, Read)
        ]
        self.done.clear()
        return said

    def learn(self, stage: int) -> list[tuple[str, list[int]]]:
        self.words = [0] * 3
        self.update([np.zeros((2, 2), np.int64), np.zeros((2, 1), np.int64)], 1, stage)
        return self.said()


UPDATE = [("UPDATES", [1]), ("LEARN", [])]


def test_shifts_are_written_when_they_change() -> None:
    bus = Bus({"rate": 3, "layer_shift": [1, 0]})
    first = bus.d.step_shift
    assert bus.learn(0) == UPDATE
    assert bus.learn(2) == [("SHIFT_0", [shift + 2 for shift in first]), *UPDATE]
    assert bus.learn(2) == UPDATE
    assert bus.learn(0) == [("SHIFT_0", first), *UPDATE]
    bus.write("SHIFT_1", 9)
    assert bus.said() == [("SHIFT_1", [9])]
    assert bus.learn(0) == [("SHIFT_0", first), *UPDATE]


def test_a_core_that_counts_its_stages_keeps_its_shifts() -> None:
    bus = Bus({"schedule": "chip"})
    assert bus.learn(2) == UPDATE


@pytest.mark.parametrize(
    ("schedule", "stage"), [("host", []), ("chip", [("STAGE", [2]), ("PHASE", [7])])]
)
def test_a_chip_is_loaded_in_the_order_of_its_memories(
    schedule: str, stage: list[tuple[str, list[int]]]
) -> None:
    bus = Bus({"schedule": schedule, "momentum": 2})

    held = [np.full(one.shape, n) for n, one in enumerate(memory_map(bus.d))]
    states = {"LFSR": 0x1234_5678_9ABC_DEF0, "CODER": 5}
    bus.load_chip(Held(held, states), 2, 7)
    said = bus.said()
    assert said[:16:2] == [("WEIGHT_SELECT", [n]) for n in range(8)]
    assert said[1:16:2] == [("WEIGHT_DATA", [n] * one.size) for n, one in enumerate(held)]
    assert said[16:] == [("LFSR_0", [0x9ABC_DEF0, 0x1234_5678]), *stage]


def test_words_are_signed_in_their_own_formats() -> None:
    bus = Bus({"momentum": 2})
    sizes = [int(np.prod(one.shape)) for one in memory_map(bus.d)]
    forms = [one.format for one in memory_map(bus.d)]
    for form in set(forms):
        assert form.lowest < form.highest
    bus.words = [
        word & 0xFFFFFFFF
        for size, form in zip(sizes, forms, strict=True)
        for word in ([form.lowest, form.highest, -1, 0] * size)[:size]
    ]
    for found, form in zip(bus.contents(), forms, strict=True):
        assert (
            found.ravel().tolist()
            == ([form.lowest, form.highest, -1, 0] * found.size)[: found.size]
        )


def test_what_is_read_after_an_update() -> None:
    bus = Bus({"directions": 1, "scope": "global"})
    bus.words = [0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x80000000, 5, 1, 3]
    record = bus.record()
    assert (record.loss, record.jvp, record.flags) == (-1, (5 + 2**32,), 3)
    assert record.lfsr == 0x80000000_FFFFFFFF, "a state has no sign"
    bus.words = [7, 0]
    assert bus.read_wide("LOSS") == 7


def test_inference_ends_with_a_stop() -> None:
    bus = Bus({})
    bus.outputs([np.zeros((2, 2), np.int64)], 2)
    assert bus.said() == [("INFER", []), ("CONTROL", [Command.STOP])]


def test_batches_are_repeated_for_passes() -> None:
    d = describe(
        {
            "network": NETWORK,
            "learning": {"batch": 2, "directions": 4, "scope": "global"},
            "hardware": {"lanes": 2},
        },
        "test",
    )
    assert d.passes == 2
    inputs, target = np.arange(8).reshape(4, 2), np.arange(4).reshape(4, 1)
    for given, rows in zip(streams(d, [inputs], target), (inputs, target), strict=True):
        assert given.tolist() == rows[[0, 1, 0, 1, 2, 3, 2, 3]].tolist()


def test_targets_of_a_grid_come_one_by_one() -> None:
    """Rows of every part by themselves, function after function, and weights of functions."""
    tables = {
        "operator": {"kind": "deeponet", "parts": [{"layers": [n, 2, 2]} for n in (2, 1)]},
        "learning": {"batch": [2, 3], "floor": 0.5},
    }
    d = describe(tables, "test")
    branch, trunk = np.zeros((4, 2), int), np.zeros((6, 1), int)
    target = np.arange(12).reshape(4, 3)
    found = streams(d, [branch, trunk], target, np.arange(4))
    assert [one.shape for one in found] == [(4, 2), (6, 1), (12, 1), (4, 1)]
    assert found[2].ravel().tolist() == list(range(12))
