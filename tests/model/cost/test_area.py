"""The forecast of a core's area: against Yosys, and rules that every forecast keeps."""

from dataclasses import astuple
from pathlib import Path

import pytest

from dualspike.boards.flow.synthesis import synthesise
from dualspike.hw.emit.files import core_verilog
from dualspike.model.cost.area import memory_area, multiplier_area
from dualspike.model.cost.devices import DEVICES, ECP5
from dualspike.model.cost.estimate import chip_area
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.components import MemorySize, Multiplier
from dualspike.testbench.unit.benches.shapes import described
from tests.few import few


def small(*, local: bool) -> Description:
    return describe(
        {
            "name": "core",
            "network": {"layers": [2, 3, 1], "time_steps": 4},
            "learning": {"batch": 2, "scope": "global", "local": local},
            "formats": {"tangent": "s11.0"},
        },
        "test",
    )


OPERATOR = described("triple")
ONLINE = describe(
    {
        "name": "online",
        "network": {"layers": [2, 3, 2], "time_steps": 4},
        "learning": {"rule": "online", "batch": 2},
    },
    "test",
)


SMALL = {
    "core": small(local=False),
    "local": small(local=True),
    "operator": OPERATOR,
    "online": ONLINE,
}


@pytest.mark.parametrize("d", few(SMALL, ["core", "online"]))
def test_a_small_core_comes_out_of_yosys_as_estimated(d: Description, tmp_path: Path) -> None:
    area = chip_area(d)
    cells = synthesise(core_verilog(d), d.name, "ecp5", ECP5, tmp_path)
    tables = cells["LUT4"] + 2 * cells["CCU2C"] + 4 * cells["TRELLIS_DPR16X4"]
    assert area.lut4 == pytest.approx(tables, rel=0.15)
    assert area.ff == pytest.approx(cells["TRELLIS_FF"], rel=0.15)
    assert (area.dsp, area.bram) == (cells["MULT18X18D"], 0)


@pytest.mark.parametrize(
    ("a", "b", "blocks"),
    [(18, 18, 1), (18, 19, 2), (21, 21, 4), (35, 18, 2), (36, 18, 3), (2, 9, 1)],
)
def test_products_are_cut_into_blocks(a: int, b: int, blocks: int) -> None:
    assert multiplier_area(Multiplier(3, a, b), ECP5).dsp == 3 * blocks
    assert multiplier_area(Multiplier(3, b, a), ECP5).dsp == 3 * blocks


def test_small_rests_of_a_product_are_made_of_tables() -> None:
    family = DEVICES["ice40-up5k"].family
    assert multiplier_area(Multiplier(1, 18, 18), family).dsp == 3
    assert multiplier_area(Multiplier(1, 5, 5), family).dsp == 0


def test_without_multipliers_products_are_made_of_tables() -> None:
    area = multiplier_area(Multiplier(1, 10, 10), DEVICES["ice40-hx8k"].family)
    assert area.dsp == 0 and area.lut4 >= 100


@pytest.mark.parametrize(
    ("device", "depth", "width", "clocked", "blocks"),
    [
        ("ecp5-85f", 16, 18, True, 0),
        ("ecp5-85f", 512, 18, True, 1),
        ("ecp5-85f", 512, 36, True, 1),
        ("ecp5-85f", 1024, 18, True, 1),
        ("ecp5-85f", 1025, 18, True, 2),
        ("ecp5-85f", 16384, 1, True, 1),
        ("ecp5-85f", 512, 18, False, 0),
        ("ice40-up5k", 256, 16, True, 1),
        ("ice40-up5k", 256, 18, True, 2),
        ("ice40-up5k", 2048, 2, True, 1),
        ("ice40-up5k", 8, 16, False, 1),
        ("ice40-up5k", 4, 16, True, 0),
        ("ice40-hx8k", 8, 9, False, 1),
        ("ice40-hx8k", 5, 32, False, 2),
        ("ice40-hx8k", 5, 33, False, 0),
    ],
)
def test_memories_take_block_rams(
    device: str, depth: int, width: int, clocked: bool, blocks: int
) -> None:
    memory = MemorySize("weights", 2, depth, width, clocked)
    area = memory_area(memory, DEVICES[device].family)
    assert area.bram == 2 * blocks
    assert (area.lut4 > 0) == (blocks == 0)


@pytest.mark.parametrize(
    ("depth", "width", "blocks"),
    [(60, 18, 0), (114, 18, 1), (1024, 18, 1), (1024, 19, 2), (1025, 18, 2), (2048, 9, 1)],
)
def test_memories_with_a_register_are_cut_as_they_are_written(
    depth: int, width: int, blocks: int
) -> None:
    area = memory_area(MemorySize("traces", 3, depth, width, True), ECP5)
    assert area.bram == 3 * blocks
    assert (area.ff >= 3 * 2 * width) == (blocks == 0)


def test_more_of_anything_takes_no_less() -> None:
    def area(lanes: int, pe: int, simd: int) -> tuple[float, ...]:
        learning = {"scope": "global", "directions": lanes}
        hardware = {"pe": [2, pe, 1], "simd": [1, simd, 1]}
        network = {"layers": [2, 16, 16, 1]}
        tables = {"network": network, "learning": learning, "hardware": hardware}
        return astuple(chip_area(describe(tables, "test")))

    small = area(1, 4, 1)
    for more in (area(2, 4, 1), area(1, 8, 1), area(1, 4, 2)):
        assert all(a >= b for a, b in zip(more, small, strict=True)) and more != small
