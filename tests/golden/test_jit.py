"""What Numba keeps of compiled code, and when it is stale."""

import subprocess
import sys
from pathlib import Path

OUTER = """
from dualspike.golden.jit import njit
from inner import value

@njit()
def doubled():
    return 2 * value()

print(doubled())
"""
INNER = """
from dualspike.golden.jit import njit

@njit()
def value():
    return {}
"""


def doubled(folder: Path, value: int) -> int:
    (folder / "inner.py").write_text(INNER.format(value))
    command = [sys.executable, "-P", "-c", "import sys; sys.path.insert(0, '.'); import outer"]
    return int(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)


def test_what_calls_a_changed_file_is_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "outer.py").write_text(OUTER)
    assert doubled(tmp_path, 1) == 2
    assert doubled(tmp_path, 10) == 20
