"""The slowest path by components: from a report as nextpnr writes it, and what is advised."""

from typing import Any

import pytest

from dualspike.boards.flow.slowest import SlowestPath, component, settings, slowest_path
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe

MACS = "system.core.dense_1.macs"
PRODUCT = f"{MACS}.multiplier_0_1_of_2.multiplier_s12_s18_1.of_part_0.part_0_block"
CHUNK = f"{MACS}.chunk_53_TRELLIS_FF_Q_31"
STEPS = [
    ("clk-to-q", 0.52, CHUNK, CHUNK),
    ("routing", 4.3, CHUNK, f"{MACS}.chunk_53_LUT4_A_Z"),
    ("logic", 0.24, f"{MACS}.chunk_53_LUT4_A_Z", f"{MACS}.chunk_53_LUT4_A_Z"),
    ("routing", 3.8, f"{MACS}.chunk_53_LUT4_A_Z", PRODUCT),
    ("setup", 3.44, PRODUCT, PRODUCT),
]


def path(clock: str, steps: list[tuple[str, float, str, str]]) -> dict[str, Any]:
    parts = [
        {
            "type": kind,
            "delay": delay,
            "from": {"cell": before, "loc": [1, 2], "port": "Q"},
            "to": {"cell": after, "loc": [3, 4], "port": "B13"},
        }
        for kind, delay, before, after in steps
    ]
    return {"from": f"posedge {clock}", "to": f"posedge {clock}", "path": parts}


def report(made: float, board: float) -> dict[str, Any]:
    """Two clocks, the paths inside both, and one from a pin."""
    return {
        "fmax": {
            "$glbnet$made": {"achieved": made, "constraint": 100.0},
            "$glbnet$board": {"achieved": board, "constraint": 25.0},
        },
        "critical_paths": [
            path("$glbnet$board", [("routing", 9.0, "reset.stage1_TRELLIS_FF_Q", "rst_LUT4")]),
            path("$glbnet$made", STEPS),
            path("$glbnet$made", STEPS) | {"from": "<async>"},
        ],
    }


def net(rule: str = "rfg", **hardware: Any) -> Description:
    tables = {"network": {"layers": [2, 8, 8, 1]}, "hardware": hardware, "learning": {"rule": rule}}
    return describe(tables, "test")


def test_components_delay_and_wires_are_those_of_the_clock_that_misses_most() -> None:
    found = slowest_path(report(81.3, 110))
    assert found == SlowestPath(["dense_1.macs", "dense_1.macs.multiplier"], 12.3, 8.1)
    assert str(found) == "dense_1.macs -> dense_1.macs.multiplier, 12.3 ns, of it 8.1 ns wires"
    assert slowest_path(report(120, 20)) == SlowestPath(["system"], 9.0, 9.0)


def test_a_report_without_a_path_inside_the_clock_has_none() -> None:
    assert slowest_path(report(81.3, 110) | {"critical_paths": []}) is None


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("system.core.dense_0.macs.store.bank_3.0_TRELLIS_DPR16X4", "dense_0.macs.store"),
        ("system.core.dense_0.macs.store.bank_3.0.1", "dense_0.macs.store"),
        ("system.core.neurons_2.membranes_0_TRELLIS_FF_Q_1", "neurons_2"),
        ("core.neurons_2.membranes_0.0.0", "neurons_2.membranes_0"),
        ("system.link.rx_buffer.ring.0.0", "link.rx_buffer.ring"),
        ("system.rst_TRELLIS_FF_Q", "system"),
        ("rst_LUT4", "system"),
        ("system.core.errors.multiplier_2.multiplier_s18_s17_1.of_part_1.x", "errors.multiplier"),
    ],
)
def test_a_cell_is_in_a_component(cell: str, name: str) -> None:
    assert component(cell) == name


WIRES, LOGIC = "more --seeds: most of it are wires", "a lower --clock: most of it is logic"
LANES = "fewer learning.directions or hardware.lanes"


@pytest.mark.parametrize(
    ("names", "wires", "d", "lines"),
    [
        (
            ["dense_1.macs", "dense_1.macs.multiplier"],
            9.0,
            net(pe=[1, 4, 1]),
            [
                "a --clock above 41: products get a register before them",
                "a smaller hardware.pe[1]",
                LANES,
                "narrower formats.tangent and formats.weight",
                WIRES,
            ],
        ),
        (
            ["dense_1.macs", "dense_1.macs.multiplier"],
            5.0,
            net(pe=[1, 1, 1], clock=100),
            [LANES, "narrower formats.tangent and formats.weight", LOGIC],
        ),
        (
            ["neurons_0", "neurons_0.membranes_0"],
            5.0,
            net("none", pe=[1, 4, 1]),
            ["narrower formats.membrane and formats.weight", LOGIC],
        ),
        (["errors", "errors.multiplier"], 9.0, net(clock=100), [LANES, "narrower", WIRES]),
        (["sequencer"], 9.0, net(), [LANES, WIRES]),
        (["link.handler", "system"], 9.0, net(), [WIRES]),
    ],
)
def test_the_advice_names_settings_that_can_still_be_made_smaller(
    names: list[str], wires: float, d: Description, lines: list[str]
) -> None:
    found = settings(SlowestPath(names, 12.0, wires), d)
    assert len(found) == len(lines)
    assert all(one.startswith(line) for one, line in zip(found, lines, strict=True)), found


def test_the_advice_for_another_device_has_its_clock() -> None:
    d = net(device="ice40-up5k")
    first, *_ = settings(SlowestPath(["dense_0.macs", "dense_0.macs.multiplier"], 30.0, 9.0), d)
    assert first == "a --clock above 58: products get a register before them"
