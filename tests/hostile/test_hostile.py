"""500 damaged files; ``make hostile`` tries 100,000."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from . import trial
from .damages import DAMAGES, damaged
from .planted import PLANTED

ROOT = Path(__file__).parents[2]
CASES = 500


def test_no_damage_is_fatal_silent_or_forgotten() -> None:
    """In a process of its own, which forks; its last lines are the faults and a table."""
    command = [sys.executable, "-m", "tests.hostile", "all", str(CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [kind.name for kind in PLANTED])
def test_every_sort_of_fault_is_found(name: str, tmp_path: Path) -> None:
    """In a process of its own, too: a small one, in which nothing else runs."""
    command = [sys.executable, "-m", "tests.hostile.planted", name, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    expected = f"None; {trial.BAD_INPUT}\n" if name == "refuse" else f"{name}: "
    assert done.stdout.startswith(expected)


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
