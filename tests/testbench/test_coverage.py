"""Coverage: Verilator's file, sums over runs and designs, and exclusions, on planted data."""

import json
from collections import Counter
from pathlib import Path

import pytest
from amaranth.hdl import Fragment

from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.learn.sequencer_config import SequencerConfig
from dualspike.hw.soc.axi_lite import AxiLiteBridge
from dualspike.testbench.coverage.__main__ import machine_table, main, survey, table
from dualspike.testbench.coverage.machines import Watched
from dualspike.testbench.coverage.points import Point, merged, read_points
from dualspike.testbench.coverage.recording import FOLDER
from dualspike.testbench.coverage.unreachable import Unreachable
from dualspike.testbench.unit.benches import bench_fickle
from dualspike.testbench.unit.benches.online import taught
from dualspike.testbench.unit.benches.shapes import described
from dualspike.testbench.unit.run import run_bench

VERILOG = """\
module unit (input s, output q);
  assign q = s ? 1'h1 : 1'h0;
endmodule
"""
THEN = Point(2, 15, "branch", "unit", "cond_then")
ELSE = Point(2, 16, "branch", "unit", "cond_else")
RISE = Point(1, 20, "toggle", "unit", "s:0->1")


def entry(point: Point, count: int, instance: str = "TOP.unit") -> str:
    fields = {
        "f": "unit.v",
        "l": point.line,
        "n": point.column,
        "t": point.kind,
        "page": f"v_{point.kind}/{point.module}",
        "o": point.what,
        "h": instance,
    }
    return "C '" + "".join(f"\x01{k}\x02{v}" for k, v in fields.items()) + f"' {count}\n"


def data(*counts: int, extra: str = "") -> str:
    pairs = zip((THEN, ELSE, RISE), counts, strict=True)
    return "# SystemC::Coverage-3\n" + "".join(entry(point, n) for point, n in pairs) + extra


def planted(folder: Path, design: str, *runs: str, component: str = "unit") -> None:
    place = folder / component / design
    place.mkdir(parents=True)
    (place / "design.v").write_text(VERILOG)
    for number, run in enumerate(runs):
        (place / f"run-{number}.dat").write_text(run)


def test_instances_of_a_module_count_together() -> None:
    text = data(1, 0, 4, extra=entry(ELSE, 3, "TOP.other"))
    assert read_points(text) == {THEN: 1, ELSE: 3, RISE: 4}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must begin with"),
        ("# SystemC::Coverage-2\n", "must begin with"),
        ("# SystemC::Coverage-3\nC 'x' y\n", "line 2 of the coverage data is no entry"),
    ],
)
def test_another_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_points(text)


def test_runs_of_a_design_add_up() -> None:
    runs = [read_points(data(1, 0, 2)), read_points(data(4, 0, 0))]
    assert merged(runs) == {THEN: 5, ELSE: 0, RISE: 2}
    with pytest.raises(ValueError, match="same points"):
        merged([runs[0], Counter({THEN: 1})])


def test_designs_of_a_component_add_up(tmp_path: Path) -> None:
    planted(tmp_path, "one", data(1, 0, 0), data(0, 2, 0))
    planted(tmp_path, "two", data(3, 0, 1))
    planted(tmp_path, "one", data(1, 1, 1), component="other")
    found = survey(tmp_path, [])
    lines, toggles = found.lines["unit"], found.toggles["unit"]
    assert (lines.reached, lines.reachable, toggles.reached, toggles.reachable) == (3, 4, 1, 2)
    assert [str(one) for one in lines.missed] == [
        "two:2 unit cond_else: assign q = s ? 1'h1 : 1'h0;"
    ]
    assert table(found)[2:] == [
        "| other | 1 | 2 / 2 | 100.0 % | 1 / 1 | 100.0 % | 0 |",
        "| unit | 2 | 3 / 4 | 75.0 % | 1 / 2 | 50.0 % | 0 |",
        "| **all** | 3 | 5 / 6 | 83.3 % | 2 / 3 | 66.7 % | 0 |",
    ]


def test_a_part_with_a_bench_of_its_own_counts_there(tmp_path: Path) -> None:
    inner = Point(2, 15, "branch", "unit_dense_0_skid", "cond_then")
    planted(tmp_path, "one", data(1, 1, 1, extra=entry(inner, 0)))
    assert survey(tmp_path, []).lines["unit"].reachable == 2


def test_what_cannot_be_reached_is_left_out_and_stale_if_it_was(tmp_path: Path) -> None:
    planted(tmp_path, "one", data(1, 0, 1))
    never = Unreachable("unit", "one|two", r"assign q = .*", "cond_else", "s is tied to 1")
    found = survey(tmp_path, [never])
    assert (found.lines["unit"].reachable, found.lines["unit"].left_out) == (1, 1)
    assert found.stale == []
    planted(tmp_path, "two", data(1, 1, 1))
    (stale,) = survey(tmp_path, [never]).stale
    assert stale.startswith("two:2 unit cond_else") and "s is tied to 1" in stale
    gone = Unreachable("unit", "one|two", r"assign r = .*", "cond_else", "r was removed")
    assert "r was removed" in survey(tmp_path, [gone]).stale[0]


MACHINE = [{"states": ["IDLE", "WRITE", "READ"], "arcs": [[0, 1], [0, 2], [1, 0], [2, 0]]}]
ARCS = (
    "IDLE -> WRITE, IDLE -> READ, WRITE -> IDLE, READ -> IDLE",
    "IDLE -> DRAW, DRAW -> PRIME, PRIME -> RUN, RUN -> PAIR, PAIR -> STEP, PAIR -> DONE,"
    " STEP -> START, START -> SWEEP, SWEEP -> PAIR, SWEEP -> DONE, DONE -> IDLE, DONE -> DRAW",
    "IDLE -> DRAW, DRAW -> START, START -> RUN, RUN -> DONE, DONE -> IDLE, DONE -> DRAW",
)
"""What is written in state machines of chips."""
WATCHED = "module unit;\n" + "".join(
    f"  fsm_watched_0_from_{a}_to_{b}: cover property (@(posedge clk) x);\n"
    for a, b in MACHINE[0]["arcs"]
)


def walks(folder: Path, design: str, *counts: int) -> None:
    """A run of a design with a state machine, which took its transitions so often."""
    points = [Point(n + 2, 1, "user", "unit", f"arc {n}") for n in range(len(counts))]
    lines = "".join(map(entry, points, counts))
    planted(folder, design, data(0, 0, 0) + lines)
    (folder / "unit" / design / "design.v").write_text(WATCHED)
    (folder / "unit" / design / "machines.json").write_text(json.dumps(MACHINE))


def test_transitions_of_all_shapes_add_up_and_the_missed_have_names(tmp_path: Path) -> None:
    walks(tmp_path, "one", 2, 0, 2, 0)
    (found,) = survey(tmp_path, []).machines
    assert (found.missed, found.unvisited) == (["IDLE -> READ", "READ -> IDLE"], ["READ"])
    assert machine_table(survey(tmp_path, []))[-1] == "| unit | 3 | 2 | 4 | 2 |"
    walks(tmp_path, "two", 0, 1, 0, 1)
    (found,) = survey(tmp_path, []).machines
    assert not found.missed and not found.unvisited


@pytest.mark.parametrize("which", range(len(ARCS)))
def test_machines_are_read_from_what_is_written(which: int) -> None:
    """A change of a machine shows here, and every state is in some transition."""
    bridge, configured = AxiLiteBridge(5), SequencerConfig.of(described("plain"))
    parts = bridge, Sequencer(configured), OnlineSequencer(taught("lanes", 0)[0])
    watched = [Watched(part) for part in parts]
    for one in watched:
        Fragment.get(one, None)
    (machine,) = watched[which].machines
    assert {machine.arc(*arc) for arc in machine.arcs} == set(ARCS[which].split(", "))
    assert {state for arc in machine.arcs for state in arc} == set(range(len(machine.states)))


def test_nothing_recorded_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no coverage was recorded"):
        survey(tmp_path, [])


def test_a_branch_that_no_bench_reaches_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    for _ in range(2):
        run_bench(bench_fickle, quick=True, fault="sleeps")
    (design,) = (tmp_path / "fickle").iterdir()
    runs = [read_points(path.read_text()) for path in design.glob("*.dat")]
    assert len(runs) == 2 and runs[0] == runs[1]
    assert merged(runs) == {point: 2 * count for point, count in runs[0].items()}
    (missed,) = survey(tmp_path, []).lines["fickle"].missed
    assert missed.point.what == "cond_then" and "8'h63" in missed.statement
    assert main([str(tmp_path)]) == 1
    assert f"fickle {missed}" in capsys.readouterr().out
