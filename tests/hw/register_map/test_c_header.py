import re
import subprocess
from pathlib import Path

from dualspike.hw.emit.driver.interface import driver_header
from dualspike.hw.emit.register_map.c_header import c_header
from dualspike.model.description.load import describe, load_preset
from dualspike.model.interface.register import Command, Flag
from dualspike.model.interface.registers import register_map

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
SOC = Path(__file__).parents[3] / "docs" / "soc.md"
NET = {"network": {"layers": [2, 3, 1]}, "hardware": {"lanes": 5}}


def test_a_c_program_sees_the_same_map(tmp_path: Path) -> None:
    registers = register_map(describe(NET, "test"))
    (tmp_path / "tiny.h").write_text(c_header("tiny", registers))
    expected: dict[str, int] = {}
    for register in registers:
        expected[f"TINY_{register.name}_OFFSET"] = 4 * register.address
        if register.reset is not None:
            expected[f"TINY_{register.name}_RESET"] = register.reset
    expected |= {f"TINY_FLAGS_{flag.name}_SHIFT": int(flag) for flag in Flag}
    expected |= {f"TINY_FLAGS_{flag.name}_MASK": 1 << flag for flag in Flag}
    expected |= {f"TINY_CONTROL_MODE_{command.name}": int(command) for command in Command}
    expected |= {"TINY_CONTROL_MODE_MASK": 3, "TINY_STATUS_BUSY_MASK": 1}
    expected |= {"TINY_MASK_4_LAYERS_MASK": 3, "TINY_SHIFT_1_VALUE_MASK": 63}
    lines = [f'    printf("{name} %lu\\n", (unsigned long){name});' for name in expected]
    (tmp_path / "map.c").write_text(
        "\n".join(
            [
                *("#include <stdio.h>", '#include "tiny.h"', '#include "tiny.h"'),
                "int main(void) {",
                "    enum tiny_control_mode mode = TINY_CONTROL_MODE_LEARN;",
                "    if (mode != 2) return 1;",
                *lines,
                "    return 0;",
                "}\n",
            ]
        )
    )
    subprocess.run(["gcc", *STRICT, "map.c", "-o", "map"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [tmp_path / "map"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    printed = dict(line.split() for line in done.stdout.splitlines())
    assert {name: int(value) for name, value in printed.items()} == expected


def test_masks_are_given_for_parts_of_a_register_only() -> None:
    text = c_header("tiny", register_map(describe(NET, "test")))
    assert "TINY_MAGIC_VALUE" not in text and "TINY_SHIFT_0_VALUE_MASK 0x3fu" in text


def test_the_example_in_the_documents_compiles(tmp_path: Path) -> None:
    example = re.search(r"^```c\n(.*?)^```", SOC.read_text("utf-8"), re.M | re.S)
    assert example
    (tmp_path / "example.c").write_text(example[1])
    hat = load_preset("hat")
    (tmp_path / "hat.h").write_text(c_header("hat", register_map(hat)))
    (tmp_path / "hat_driver.h").write_text(driver_header(hat, "axi"))
    subprocess.run(["gcc", *STRICT, "-c", "example.c"], cwd=tmp_path, check=True)
