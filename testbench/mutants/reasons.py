"""Mutants that survive, and why none of the benches need find them.

A key is a target's name and a line of Yosys; a test fails when there is no such mutant any more.
"""

_TRACES = (
    "a trace is read back for two steps at most, and this bit is 0 in all that it may be by then"
)
_MUTANTS = {
    ("traces-lanes-1", _TRACES): [
        "const0 -module late_traces -cell $sub$whole.v:76$18"
        " -port Y -portbit 3 -wire _05_ -wirebit 3",
        "const0 -module late_traces_held -cell memory_4x24"
        " -port write__data -portbit 7 -wire written -wirebit 7",
        "cnot1 -module late_traces_held_memory_4x24 -cell $procdff$163"
        " -port Q -portbit 10 -ctrlbit 16 -wire signature_data -wirebit 10",
        "const0 -module late_traces -cell held -port word -portbit 1 -wire word -wirebit 1",
    ],
}

REASONS: dict[tuple[str, str], str] = {
    (where, f"mutate -mode {line}"): reason
    for (where, reason), lines in _MUTANTS.items()
    for line in lines
}
