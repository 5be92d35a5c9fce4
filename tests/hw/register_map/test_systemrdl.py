from pathlib import Path
from typing import Any

import pytest
from systemrdl.compiler import RDLCompiler
from systemrdl.node import AddrmapNode
from systemrdl.rdltypes.builtin_enums import OnReadType, OnWriteType

from dualspike.hw.emit.register_map.systemrdl import systemrdl
from dualspike.model.description.load import describe
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map

CHIPS = {
    "plain": {"network": {"layers": [2, 3, 1]}},
    "many": {"network": {"layers": [2, 3, 3, 3, 1]}, "hardware": {"lanes": 20}},
}


def compiled(path: Path, text: str) -> AddrmapNode:
    path.write_text(text)
    compiler = RDLCompiler()
    compiler.compile_file(str(path))
    return compiler.elaborate().top


@pytest.mark.parametrize("chip", CHIPS)
def test_a_compiler_reads_the_same_map(chip: str, tmp_path: Path) -> None:
    registers = register_map(describe(CHIPS[chip], "test"))
    top = compiled(tmp_path / "map.rdl", systemrdl("field", registers))
    assert top.inst_name == "field_registers"
    found = {r.inst_name: r for r in top.registers()}
    assert list(found) == [r.name for r in registers]
    for register in registers:
        one = found[register.name]
        assert one.absolute_address == 4 * register.address
        assert one.get_property("regwidth") == 32
        assert one.get_property("desc") == register.meaning
        fields: list[Any] = list(one.fields())
        assert [(f.inst_name, f.low, f.width) for f in fields] == [
            (f.name, f.low, f.bits) for f in register.fields
        ]
        for field in fields:
            assert field.is_sw_readable == ("r" in register.access)
            assert field.is_sw_writable == ("w" in register.access)
            assert field.is_hw_writable == register.live
        resets = [f.get_property("reset") for f in fields]
        if register.reset is None:
            assert resets == [None] * len(fields)
        else:
            assert sum(r << f.low for r, f in zip(resets, fields, strict=True)) == register.reset


def test_side_effects_and_names_of_numbers(tmp_path: Path) -> None:
    registers = register_map(describe(CHIPS["plain"], "test"))
    top = compiled(tmp_path / "map.rdl", systemrdl("tiny", registers))
    field: dict[str, Any] = {r.inst_name: next(iter(r.fields())) for r in top.registers()}
    commands = {value.name: value.value for value in field["CONTROL"].get_property("encode")}
    assert commands == {command.name.lower(): int(command) for command in Command}
    effects = {
        name: (f.get_property("onread"), f.get_property("onwrite"), f.external)
        for name, f in field.items()
        if f.get_property("onread") or f.get_property("onwrite") or f.external
    }
    assert effects == {
        "CONTROL": (None, OnWriteType.wuser, True),
        "FLAGS": (None, OnWriteType.wclr, False),
        "IRQ_STATUS": (None, OnWriteType.woclr, False),
        "WEIGHT_SELECT": (None, OnWriteType.wuser, True),
        "WEIGHT_DATA": (OnReadType.ruser, OnWriteType.wuser, True),
    }
