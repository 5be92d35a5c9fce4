import re
from pathlib import Path

from dualspike.hw.emit.register_map.markdown import field_table, markdown, register_table
from dualspike.model.description.load import describe, load_preset
from dualspike.model.interface.registers import register_map

HARDWARE = Path(__file__).parents[3] / "docs" / "hardware.md"


def test_the_table_in_the_documents_is_that_of_the_hat() -> None:
    table = re.search(r"^\| number \| offset .*?\n\n", HARDWARE.read_text("utf-8"), re.M | re.S)
    assert table and table[0] == register_table(register_map(load_preset("hat"))) + "\n"


def test_rows_say_what_a_register_is() -> None:
    registers = register_map(describe({"network": {"layers": [2, 3, 1]}}, "test"))
    text = markdown("tiny", registers)
    assert text.startswith("# Registers of tiny\n")
    rows = (
        "| 8 | 0x20 | `WEIGHT_DATA` | rw | next weight, row by row (neuron, then input);"
        " moves on |",
        "| `CONTROL` | 1:0 | mode | 0x0 | 0 stop, 1 infer, 2 learn; writing is a command |",
        "| `FLAGS` | 2 | weight | 0x0 | a weight was clipped; writing clears,"
        " whatever is written |",
        "| `WEIGHT_DATA` | 31:0 | value | not known | reading moves to the next word; writing"
        " moves to the next word |",
        "| `IRQ_STATUS` | 1 | flag | 0x0 | a bit of FLAGS has gone up, other than floor;"
        " writing clears the bits in which a 1 is written |",
        "| `MASK_1` | 1:0 | layers | 0x2 |  |",
    )
    for row in rows:
        assert row in text.splitlines()
    assert len(field_table(registers).splitlines()) == 2 + len(registers) + 6
