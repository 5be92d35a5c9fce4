"""The files of a generated core: Verilog with its header, waivers, manifest, registers, weights."""

import hashlib
from collections.abc import Sequence
from functools import partial

from dualspike.hw.chip.core import Core
from dualspike.hw.emit.c_weights import c_weights
from dualspike.hw.emit.driver.interface import driver_header
from dualspike.hw.emit.driver.source import driver_source
from dualspike.hw.emit.fusesoc import core_file, synthesis
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.header import header, port_notes, widths
from dualspike.hw.emit.instance import meaning, template
from dualspike.hw.emit.manifest import manifest
from dualspike.hw.emit.mapping.blocks import mapped
from dualspike.hw.emit.register_map.c_header import c_header
from dualspike.hw.emit.register_map.json import register_json
from dualspike.hw.emit.register_map.markdown import markdown
from dualspike.hw.emit.register_map.systemrdl import systemrdl
from dualspike.hw.emit.testbench import Vectors, testbench_files
from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.hw.soc.soc import Soc, wrapped_registers
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.memory_map import apart

Words = Sequence[Sequence[int]]
"""Stored weights and biases of every layer, in the order of WEIGHT_SELECT."""

# What Verilator's -Wall says of this style of Verilog, and why it is harmless.
_WAIVERS = {
    "CASEOVERLAP": "priority selection, written as casez with overlapping patterns",
    "DECLFILENAME": "all modules are in one file",
    "PROCASSINIT": "registers carry their power-up value, as FPGA flows want it",
    "UNOPTFLAT": "bits of a vector made from others of it; Amaranth has ruled out real loops",
    "UNUSEDSIGNAL": "named signals of which only some bits are read",
    "VARHIDDEN": "a port or wire has the name of the module instance it belongs to",
    "WIDTHEXPAND": "operands are extended by the rules of Verilog, as intended",
    "WIDTHTRUNC": "counters wrap, and conditions may be wider than a bit",
}


def top_name(d: Description, wrap: str | None = None) -> str:
    """Name of the top module, and of the files that belong to it."""
    return f"{d.name}_{wrap}" if wrap else d.name


def core_verilog(
    d: Description, *, probes: bool = False, wrap: str | None = None, baked: Words = ()
) -> str:
    """Verilog of a chip with a header that says what it is. The same bytes on every run.

    ``wrap`` is one of `hw.soc.soc.WRAPS`, or None for the chip as it is, with ``probes`` if wanted.
    The words ``baked``, if any, are in its memories at power-up.
    """
    held = baked_digest(d, baked)
    if wrap:
        soc = Soc.of(d, wrap, baked)
        return header(d, soc.notes(), held) + to_verilog(
            soc, top_name(d, wrap), partial(meaning, d)
        )
    core = Core(d, config_word(d), probes=probes, contents=baked)
    return header(d, port_notes(d), held) + to_verilog(core, d.name, partial(meaning, d))


def core_files(
    d: Description,
    wrap: str | None = None,
    words: Words = (),
    *,
    baked: bool = False,
    vectors: Vectors | None = None,
) -> dict[str, str]:
    """Names and texts of all files of a chip that has, or starts from, these ``words``.

    With ``baked`` they are in its memories at power-up; without words there are no files of them,
    without ``vectors`` there is no testbench.
    """
    top, held = top_name(d, wrap), words if baked else ()
    verilog = core_verilog(d, wrap=wrap, baked=held)
    ecp5 = mapped(verilog, "ecp5")
    bench = testbench_files(d, vectors, wrap) if vectors else {}
    files = {
        f"{top}.v": verilog,
        f"{top}.vlt": waivers(d, wrap),
        **({f"{top}_ecp5.v": ecp5} if ecp5 else {}),
        f"{top}_template.vh": template(d, top, ports_of(verilog, top)),
        **companions(d, wrap, ecp5=bool(ecp5), testbench=list(bench)),
        **(software(d, words, wrap) if words else {}),
        **bench,
    }
    return {"manifest.json": manifest(d, top, wrap, files, baked_digest(d, held)), **files}


def software(d: Description, words: Words, wrap: str | None) -> dict[str, str]:
    """What software loads, hexadecimal words by layer and C arrays, and the driver that does."""
    weights, biases, _ = apart(words, d.n_layers)
    kinds = {"weights": weights, "biases": biases}
    files = {
        f"{kind}_{layer}.hex": hex_words(values, d.formats.weight.bits)
        for kind, layers in kinds.items()
        for layer, values in enumerate(layers)
    }
    return files | {
        f"{d.name}_weights.h": c_weights(d, kinds),
        f"{d.name}_driver.h": driver_header(d, wrap),
        f"{d.name}_driver.c": driver_source(d, wrap),
    }


def baked_digest(d: Description, baked: Words) -> str | None:
    """SHA-256 of what is in the memories at power-up; None for none.

    It is that of the files weights_0.hex, biases_0.hex, weights_1.hex, ... one after the other.
    """
    text = "".join(hex_words(values, d.formats.weight.bits) for values in baked)
    return hashlib.sha256(text.encode()).hexdigest() if baked else None


def waivers(d: Description, wrap: str | None = None) -> str:
    """Verilator configuration under which `core_verilog` is clean at -Wall."""
    top = top_name(d, wrap)
    lines = ["`verilator_config", f"// Waivers for {top}.v and no other file."]
    for rule, reason in _WAIVERS.items():
        places = f"{top}.v", f"*/{top}.v"
        lines += [f"// {reason}", *(f'lint_off -rule {rule} -file "{place}"' for place in places)]
    return "\n".join(lines) + "\n"


def companions(
    d: Description, wrap: str | None = None, *, ecp5: bool, testbench: Sequence[str] = ()
) -> dict[str, str]:
    """Files that other tools read, by name: the register map in four formats, and for FuseSoC.

    ``ecp5`` and ``testbench``: see `hw.emit.fusesoc.core_file`.
    """
    purpose = "that learns on the chip" if d.learns else "for inference alone"
    network = "spiking network" if d.kind == "mlp" else f"{d.kind} of spiking networks"
    name, top, registers = d.name, top_name(d, wrap), wrapped_registers(d, wrap)
    return {
        "registers.json": register_json(name, registers),
        "registers.md": markdown(name, registers),
        f"{name}.rdl": systemrdl(name, registers),
        f"{name}.h": c_header(name, registers),
        f"{top}.core": core_file(
            top, f"{network} {widths(d)} {purpose}", ecp5=ecp5, testbench=testbench
        ),
        f"{top}_synth.sh": synthesis(top, ecp5=ecp5),
    }


def hex_words(values: Sequence[int], bits: int) -> str:
    """Stored integers as two's complement hexadecimal, one a line, for WEIGHT_DATA in order."""
    digits = ceil_div(bits, 4)
    return "".join(f"{value & (1 << bits) - 1:0{digits}x}\n" for value in values)
