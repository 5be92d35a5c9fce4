"""The FuseSoC description of a generated core (CAPI2, a file ``<top>.core``)."""

from dualspike.model.interface.identity import VERSION


def core_file(top: str, about: str, *, ecp5: bool) -> str:
    """YAML that lists ``<top>.v`` and its waivers; ``about`` is one line of plain text.

    Target ``default`` is what a core that depends on this one gets, ``lint`` runs Verilator. The
    waivers are in both without a condition: flows set no flag ``tool_verilator``, and tools that
    do not know them leave them out. The module's name is quoted: YAML reads ``on`` as true.

    ``ecp5``: there is ``<top>_ecp5.v`` as well, with the blocks of an ECP5 (`hw.emit.blocks`).
    Target ``ecp5`` synthesises it with Yosys, and with the flag ``ecp5`` a core that depends on
    this one gets it in place of the plain one. The iCE40 has none: FuseSoC has Yosys read with
    ``-defer``, which takes the parameters from the black box there.
    """
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
{_fileset(top) if ecp5 else ""}
targets:
  default:
    filesets: [{chosen}, waivers]
    toplevel: "{top}"
  lint:
    filesets: [rtl, waivers]
    toplevel: "{top}"
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
{_target(top) if ecp5 else ""}"""


def _fileset(top: str) -> str:
    return f"""\
  ecp5:
    files: [{top}_ecp5.v]
    file_type: verilogSource
"""


def _target(top: str) -> str:
    return f"""\
  ecp5:
    filesets: [ecp5]
    toplevel: "{top}"
    flow: generic
    flow_options:
      tool: yosys
      arch: ecp5
      output_format: json
"""
