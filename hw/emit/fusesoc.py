"""The FuseSoC description of a generated core (CAPI2, a file ``<top>.core``)."""

from dualspike.model.interface.identity import VERSION


def core_file(top: str, about: str) -> str:
    """YAML that lists ``<top>.v`` and its waivers; ``about`` is one line of plain text.

    Target ``default`` is what a core that depends on this one gets, ``lint`` runs Verilator. The
    waivers are in both without a condition: flows set no flag ``tool_verilator``, and tools that
    do not know them leave them out. The module's name is quoted: YAML reads ``on`` as true.
    """
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

targets:
  default:
    filesets: [rtl, waivers]
    toplevel: "{top}"
  lint:
    filesets: [rtl, waivers]
    toplevel: "{top}"
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
"""
