"""2,000 damaged files; ``make hostile`` tries 100,000."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from . import trial
from .damages import DAMAGES, damaged
from .planted import PLANTED
from .trial import Good, Kind, tried

ROOT = Path(__file__).parents[2]
CASES = 2000


def test_no_damage_is_fatal_silent_or_forgotten() -> None:
    """In a process of its own, which forks; its last lines are the faults and a table."""
    command = [sys.executable, "-m", "tests.hostile", str(CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", PLANTED, ids=lambda kind: kind.name)
def test_every_sort_of_fault_is_found(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MEMORY", 2**28)
    if kind.name == "hang":
        monkeypatch.setattr(trial, "SECONDS", 0.5)
    case = tried(Good.of(kind, tmp_path), 1)
    if kind.name == "refuse":
        assert case.fault is None
        assert case.outcome.status == trial.BAD_INPUT
    else:
        assert case.fault is not None
        assert case.fault.startswith(f"{kind.name}: ")


def test_damages_repeat_and_change_something_everywhere() -> None:
    content = Random(0).randbytes(300)
    drawn = [damaged(Random(f"kind {n}"), content) for n in range(2000)]
    assert drawn[:50] == [damaged(Random(f"kind {n}"), content) for n in range(50)]
    assert all(left != content for _, left in drawn)
    assert {name for name, _ in drawn} == {damage.__name__ for damage in DAMAGES}
    cuts = {len(left) for name, left in drawn if name == "cut"}
    assert min(cuts) == 0
    assert max(cuts) == 299
    places = [_first_difference(content, left) for _, left in drawn]
    assert all(any(start <= place < start + 30 for place in places) for start in range(0, 300, 30))


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
