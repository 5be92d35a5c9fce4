import json
import re
from pathlib import Path

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.generate import to_rtlil
from dualspike.hw.emit.rtlil import deduplicate_modules
from dualspike.testbench.unit.benches import bench_core

# Hardware from a file, flat, as ``name``.
LOAD = """
read_rtlil {file}
hierarchy -top \\top
proc
flatten
memory
opt_clean -purge
rename \\top {name}
design -stash {name}
"""
PROVE = """
design -copy-from before before
design -copy-from after after
equiv_make before after both
hierarchy -top both
opt_clean -purge
equiv_struct
equiv_simple -undef
equiv_induct -undef
equiv_status -assert
"""


class Counter(wiring.Component):
    """Counts from ``start`` by what the parent says in two bits that no signal holds."""

    step: In(2)
    count: Out(4)

    def __init__(self, start: int) -> None:
        super().__init__()
        self._start = start

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(4, init=self._start)
        m.d.comb += self.count.eq(held)
        m.d.sync += held.eq(held + self.step)
        return m


class Pair(wiring.Component):
    """Two counters, one after the other."""

    a: In(4)
    count: Out(4)

    def __init__(self, *starts: int) -> None:
        super().__init__()
        self._starts = starts

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.first = first = Counter(self._starts[0])
        m.submodules.second = second = Counter(self._starts[1])
        m.d.comb += [
            first.step.eq(Cat(self.a.any(), self.a.all())),
            second.step.eq(Cat(first.count.any(), first.count.all())),
            self.count.eq(second.count),
        ]
        return m


class Top(wiring.Component):
    """Pairs of counters, side by side."""

    a: In(4)
    counts: Out(12)

    def __init__(self, *starts: tuple[int, int]) -> None:
        super().__init__()
        self._starts = starts

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for n, starts in enumerate(self._starts):
            m.submodules[f"pair_{n}"] = pair = Pair(*starts)
            m.d.comb += [pair.a.eq(self.a), self.counts[4 * n : 4 * n + 4].eq(pair.count)]
        return m


def yosys(script: str, folder: Path) -> None:
    (folder / "script.ys").write_text(script)
    run(YOSYS, ["-q", "script.ys"], folder)


def same_hardware(before: str, after: str, folder: Path) -> bool:
    """What Yosys proves of two texts."""
    script = ""
    for name, text in (("before", before), ("after", after)):
        (folder / f"{name}.il").write_text(text)
        script += LOAD.format(file=f"{name}.il", name=name)
    try:
        yosys(script + PROVE, folder)
    except RuntimeError as error:
        assert "unproven $equiv" in str(error)
        return False
    return True


def cells(text: str, folder: Path) -> dict[str, int]:
    """How many there are of each kind of cell in the whole tree."""
    (folder / "flat.il").write_text(text)
    script = (
        LOAD.format(file="flat.il", name="flat") + "design -load flat\ntee -o stat stat -json\n"
    )
    yosys(script, folder)
    stat = (folder / "stat").read_text()
    return json.loads(stat[stat.index("{") :])["design"]["num_cells_by_type"]


def modules(text: str) -> list[str]:
    return re.findall(r"^module \\(\S+)", text, re.MULTILINE)


def test_equal_subtrees_are_one_and_others_stay(tmp_path: Path) -> None:
    before = to_rtlil(Top((1, 2), (1, 2), (2, 2)), "top")
    after = deduplicate_modules(before)
    assert len(modules(before)) == 10
    kept = ["top", "top.pair_0", "top.pair_0.first", "top.pair_0.second", "top.pair_2"]
    assert modules(after) == kept
    pair = after[after.index("module \\top.pair_2") :]
    assert pair.count("cell \\top.pair_0.second ") == 2
    assert same_hardware(before, after, tmp_path)


def test_ports_have_names_and_stand_in_their_order() -> None:
    after = deduplicate_modules(to_rtlil(Top((1, 2)), "top"))
    assert "port$" not in after
    counter = after[after.index("module \\top.pair_0.first") :]
    counter = counter[: counter.index("\nend\n")]
    ports = re.findall(r"(?:in|out)put (\d+) +\\(\S+)", counter)
    assert ports == [("1", "clk"), ("2", "count"), ("3", "rst"), ("4", "step.0"), ("5", "step.1")]


def test_a_core_has_the_same_cells_in_fewer_modules(tmp_path: Path) -> None:
    before = to_rtlil(bench_core.component("odd"), "top")
    after = deduplicate_modules(before)
    assert len(modules(after)) < len(modules(before))
    counts = cells(before, tmp_path)
    assert counts["$mul"] > 1
    assert cells(after, tmp_path) == counts


def test_the_proof_sees_a_wrong_part(tmp_path: Path) -> None:
    before = to_rtlil(Top((1, 2), (2, 2)), "top")
    after = deduplicate_modules(before)
    wrong = after.replace("cell \\top.pair_0.first ", "cell \\top.pair_0.second ")
    assert wrong != after
    assert not same_hardware(before, wrong, tmp_path)
