"""The soak takes the draws that cover all pairs first, goes on where it ended, and can fail."""

from itertools import count, islice
from pathlib import Path

import pytest

from dualspike.testbench.cosim.compare import Difference
from tests.soak import __main__ as command
from tests.soak import runs
from tests.soak.runs import Run, draws, left, line_of, read
from tests.testbench.random.pairs import COVER, DRAWS, Draw, covering

GOOD = Run("online", COVER["online"][0], "hash", 50, 50, 1234, 0.5, "commit")


def test_all_pairs_are_first_and_nothing_comes_twice() -> None:
    first = list(islice(draws(), len(covering()) + 100))
    assert first[: len(covering())] == covering()
    assert len(set(first)) == len(first)
    others = first[len(covering()) :]
    assert [kind for kind, _ in others[:4]] == list(DRAWS)
    for kind, covered in COVER.items():
        seeds = [seed for other, seed in others if other == kind]
        assert seeds == list(islice((n for n in count() if n not in covered), len(seeds)))


def test_what_is_done_is_not_run_again() -> None:
    draw = (GOOD.draw, GOOD.seed)
    number = len(covering())
    assert len(left(number, 50, [])) == number
    assert set(covering()) - set(left(number, 50, [GOOD])) == {draw}
    assert draw in left(number, 51, [GOOD])


def test_a_line_that_was_not_written_whole_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "soak.jsonl"
    assert read(path) == []
    path.write_text(line_of(GOOD) + line_of(GOOD)[:-9], "utf-8")
    assert read(path) == [GOOD]


def test_the_command_runs_what_is_left_and_fails_for_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[Draw] = []

    def run(draw: Draw, updates: int, commit: str) -> Run:
        taken.append(draw)
        difference = "LOSS" if len(taken) == 3 else ""
        return Run(*draw, "hash", updates, updates, 100, 0.1, commit, difference)

    monkeypatch.setattr(command, "run", run)
    assert command.main(["2", "10", str(tmp_path)]) == 0
    assert command.main(["2", "10", str(tmp_path)]) == 0
    assert taken == covering()[:2]
    assert command.main(["3", "10", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == (
        "3 descriptions, 30 updates, 300 clocks, 1 of them not as the model"
    )
    assert err == f"description {covering()[2][1]}: LOSS\n"


def test_a_run_names_the_turn_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[tuple[int, int]] = []

    def differs(d: object, simulation: object, updates: int, seed: int, stall: int) -> object:
        turns.append((updates, stall))
        return Difference(7, "LOSS", 1, 2) if len(turns) == 3 else None

    monkeypatch.setattr(runs, "cosimulate", differs)
    monkeypatch.setattr(runs, "Simulation", Simulated)
    assert runs.run(("online", 2), 110, "").difference == (
        "turn 2: update 7: LOSS is 2, the model has 1"
    )
    assert turns == [(50, 0), (50, 0), (10, runs.STALL)]


class Simulated:
    cycles = 5

    @classmethod
    def of(cls, *_: object, **__: object) -> "Simulated":
        return cls()

    def __enter__(self) -> "Simulated":
        return self

    def __exit__(self, *_: object) -> None: ...
