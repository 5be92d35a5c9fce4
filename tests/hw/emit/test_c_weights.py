"""The C header of the weights compiles, and holds the words of the hex files in their order."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dualspike.api.chip import Chip
from dualspike.model.description.load import describe

TINY = {"name": "tiny", "network": {"layers": [2, 3, 1], "time_steps": 4}}
MAIN = """\
#include <stdio.h>
#include "tiny_weights.h"
#define SHOW(array) \\
  for (unsigned n = 0; n < sizeof array / sizeof *array; n++) \\
    printf(#array " %d\\n", (int)array[n]);
int main(void) { ARRAYS return 0; }
"""


@pytest.mark.parametrize("rule", [{}, {"rule": "none"}], ids=["learns", "infers"])
def test_a_c_program_reads_the_words_of_the_hex_files(tmp_path: Path, rule: dict[str, str]):
    d = describe(TINY | ({"learning": rule} if rule else {}), "tiny.toml")
    Chip(d).generate(tmp_path)
    bits = d.formats.weight.bits
    expected: list[str] = []
    for file in sorted(tmp_path.glob("*.hex")):
        words = [int(word, 16) for word in file.read_text().split()]
        signed = (word - (word >> bits - 1 << bits) for word in words)
        expected += [f"tiny_{file.stem} {word}" for word in signed]
    shown = "".join(f"SHOW(tiny_{file.stem}) " for file in sorted(tmp_path.glob("*.hex")))
    (tmp_path / "main.c").write_text(MAIN.replace("ARRAYS", shown))
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    command = [compiler, *flags, "main.c", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    out = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines() == expected
    assert len(expected) == 2 * 3 + 3 + 3 + 1
