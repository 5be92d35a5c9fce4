"""Mutants are found by benches, harmless ones by proof, and reasons name mutants that there are."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dualspike.hw.emit.generate import to_verilog
from dualspike.testbench.mutants import __main__ as command
from dualspike.testbench.mutants import cores, equality, results
from dualspike.testbench.mutants.campaign import STOPPED, Outcome, Target, line_of, outcomes
from dualspike.testbench.mutants.cores import CORE_COUNT, CORES
from dualspike.testbench.mutants.equality import harmless
from dualspike.testbench.mutants.planting import plant
from dualspike.testbench.mutants.reasons import REASONS
from dualspike.testbench.mutants.results import read, table
from dualspike.testbench.mutants.targets import COUNT, TARGETS
from dualspike.testbench.unit.benches import bench_skid_buffer

TARGET = Target("skid_buffer", {"bits": 8})

# y is a, whatever b is; z is not.
REDUNDANT = """module redundant (input a, b, output y, z);
  assign y = a | (a & b);
  assign z = a & b;
endmodule
"""


def test_a_bench_finds_mutants_and_known_ones_are_not_tried_again() -> None:
    found = list(outcomes(TARGET, 4, set()))
    assert len(found) == 4
    assert all(one.found and not one.survives for one in found)
    assert {one.where for one in found} == {TARGET.name}
    assert not list(outcomes(TARGET, 4, {one.mutant for one in found}))


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda *_: "LOSS", "LOSS"),
        (lambda *_: "", ""),
        (lambda *_: os._exit(1), "broke off"),
        (lambda *_: time.sleep(60), STOPPED),
    ],
    ids=["differs", "equal", "dies", "never ends"],
)
# Other tests of this process may have loaded JAX, which warns of every fork.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_a_core_is_tried_in_a_process_of_its_own(
    does: Callable[..., str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "_difference", does)
    monkeypatch.setattr(cores, "_SECONDS", 0.5 if said == STOPPED else 60)
    monkeypatch.setattr(cores, "build", lambda *_, **__: tmp_path)
    monkeypatch.setattr(cores, "Chip", lambda *_: None)
    monkeypatch.setattr(cores, "plain_verilog", lambda *_: "a core")
    monkeypatch.setattr(cores, "plant", lambda *_: (["mutate 1", "mutate 2"], "a core with them"))
    plain = cores.Core("one", CORES[0].tables)
    if said:
        with pytest.raises(RuntimeError, match=f"without a mutant: {said}"):
            list(cores.core_outcomes(plain, 2, set()))
    else:
        found = list(cores.core_outcomes(plain, 2, set()))
        assert [one.survives for one in found] == [True, True]
        assert plain.still(found) == found
        assert not list(cores.core_outcomes(plain, 2, {one.mutant for one in found}))


def test_mutants_are_always_the_same(tmp_path: Path) -> None:
    verilog = to_verilog(bench_skid_buffer.component(8), "skid_buffer")
    first, planted = plant(verilog, "skid_buffer", 3, tmp_path)
    assert plant(verilog, "skid_buffer", 3, tmp_path) == (first, planted)
    assert "mutant == 12'h003" in planted
    assert not any("whole.v:1:" in one or "-src" in one for one in first)


def test_a_harmless_mutant_is_proved_to_be_so(tmp_path: Path) -> None:
    plant(REDUNDANT, "redundant", 60, tmp_path)
    line = "mutate -mode const0 -module redundant -cell $and$whole.v:{}${} -port B -portbit 0"
    assert harmless(line.format(2, 1), "redundant", tmp_path)
    assert not harmless(line.format(3, 3), "redundant", tmp_path)


# Nine words, read at places beyond them too.
MEMORY = """module store (input clk, w, input [3:0] at, data, output reg [3:0] y);
  reg [3:0] words [8:0];
  always @(posedge clk) begin
    if (w) words[at] <= data;
    y <= words[at] | (words[at] & data);
  end
endmodule
"""


def test_proofs_are_found_where_a_memory_is_read_beyond_its_end(tmp_path: Path) -> None:
    plant(MEMORY, "store", 60, tmp_path)
    cells = (tmp_path / "plain.il").read_text("utf-8")
    found = dict(re.findall(r"cell \$(and|or) (\S+)", cells))
    line = "mutate -mode {} -module store -cell {} -port {} -portbit 0"
    assert harmless(line.format("const0", found["and"], "B"), "store", tmp_path)
    assert not harmless(line.format("inv", found["or"], "A"), "store", tmp_path)
    assert "asserted" in (tmp_path / "abc.log").read_text("utf-8")


# The inner module has b at 1 wherever it is.
AROUND = """module inner (input a, b, output y);
  assign y = a & b;
endmodule
module middle (input a, output y);
  inner one (.a(a), .b(1'b1), .y(y));
endmodule
module around (input a, b, output y, z);
  middle first (.a(a), .y(y));
  middle second (.a(b), .y(z));
endmodule
"""


def test_a_module_is_compared_as_what_is_around_it_drives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(equality, "_WHOLE", "no such command")
    plant(AROUND, "around", 60, tmp_path)
    line = "mutate -mode {} -module inner -cell $and$whole.v:2$1 -port {} -portbit 0"
    assert harmless(line.format("const1", "B"), "around", tmp_path)
    assert not harmless(line.format("inv", "A"), "around", tmp_path)
    assert not harmless(line.format("const1", "A"), "around", tmp_path)


def test_what_was_not_written_whole_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "mutants.jsonl"
    assert not read(path)
    one, two = Outcome("a-1", "mutate 1", "", False), Outcome("a-1", "mutate 2", "test", False)
    path.write_text(line_of(one) + line_of(two) + line_of(one)[:20], "utf-8")
    assert read(path) == [one, two]


def test_a_later_line_of_a_mutant_counts(tmp_path: Path) -> None:
    path = tmp_path / "mutants.jsonl"
    alive, proved = Outcome("a-1", "mutate 1", "", None), Outcome("a-1", "mutate 1", "", True)
    path.write_text(line_of(alive) + line_of(proved), "utf-8")
    assert read(path) == [proved]
    assert alive.survives
    assert not proved.survives


def test_survivors_are_those_without_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Outcome("a-1", "mutate 1", "", False),
        Outcome("a-1", "mutate 2", "", True),
        Outcome("b-1", "mutate 3", "test", False),
        Outcome("b-1", "mutate 4", "", False),
    ]
    monkeypatch.setattr(results, "REASONS", {("b-1", "mutate 4"): "reason"})
    lines, survivors = table(found)
    assert survivors == found[:1]
    assert lines[-1] == "| **all** | 4 | 1 | 1 | 1 | 1 |"


def test_the_command_fails_with_a_survivor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alive = Outcome(TARGET.name, "mutate 1", "", False, **TARGET.digests)
    stale = replace(alive, mutant="mutate 2", component="another")
    (tmp_path / "mutants.jsonl").write_text(line_of(alive) + line_of(stale), "utf-8")
    monkeypatch.setattr(command, "TARGETS", [TARGET])
    monkeypatch.setattr(command, "CORES", [])
    monkeypatch.setattr(command, "outcomes", lambda *_: [])
    assert command.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{TARGET.name}: mutate 1\n"


def test_components_can_be_tried_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(command, "TARGETS", [TARGET])
    monkeypatch.setattr(command, "CORES", CORES[:1])
    monkeypatch.setattr(command, "outcomes", lambda one, *_: tried.append(one.name) or [])
    monkeypatch.setattr(command, "core_outcomes", lambda one, *_: tried.append(one.name) or [])
    assert command.main([str(tmp_path), CORES[0].name]) == 0
    assert tried == [CORES[0].name]
    assert command.main([str(tmp_path)]) == 0
    assert tried[1:] == [TARGET.name, CORES[0].name]
    with pytest.raises(SystemExit, match="2"):
        command.main([str(tmp_path), "skid_buffer"])
    assert f"'skid_buffer' is none of {TARGET.name}, {CORES[0].name}\n" in capsys.readouterr().err


def test_an_outcome_stands_while_its_component_and_for_survivors_the_benches_do() -> None:
    alive = Outcome(TARGET.name, "mutate 1", "", False, **TARGET.digests)
    dead = replace(alive, mutant="mutate 2", found="test")
    assert TARGET.still([alive, dead]) == [alive, dead]
    assert TARGET.still([replace(one, bench="other") for one in (alive, dead)]) == [
        replace(dead, bench="other")
    ]
    assert TARGET.still([replace(one, component="other") for one in (alive, dead)]) == []
    assert replace(TARGET, part="one").still([dead]) == []


def test_mutants_are_in_the_part_that_was_asked_for(tmp_path: Path) -> None:
    target = next(one for one in TARGETS if one.part)
    mutants, _ = target.planted(3, tmp_path)
    assert len(mutants) == 3
    assert all(f" -module {target.part} " in one for one in mutants)


def test_a_part_has_the_tests_of_all_that_is_around_it_too() -> None:
    target = next(one for one in TARGETS if one.part)
    alone = replace(target, further="")
    assert target.modules == [alone.module, *Target(target.further, target.given).modules]
    assert target.digests["component"] == alone.digests["component"]
    assert target.digests["bench"] != alone.digests["bench"]


def test_a_reason_names_a_mutant_that_there_is(tmp_path: Path) -> None:
    wheres = {where for where, _ in REASONS}
    targets = [(one, COUNT) for one in TARGETS] + [(one, CORE_COUNT) for one in CORES]
    targets = [(one, count) for one, count in targets if one.name in wheres]
    assert {one.name for one, _ in targets} == wheres
    there = {
        (one.name, mutant) for one, count in targets for mutant in one.planted(count, tmp_path)[0]
    }
    assert set(REASONS) <= there
