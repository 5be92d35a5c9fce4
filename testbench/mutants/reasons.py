"""Mutants that survive, and why none of the benches need find them.

A key is a target's name and a line of Yosys; a test fails when there is no such mutant any more.
"""

_TRACES = (
    "a trace is read back for two steps at most, and this bit is 0 in all that it may be by then"
)
_CREDITS = (
    "what comes to a credit buffer has a place there, as is proved of it, so ready is 1 by then"
)
_SIGNS = (
    "2 neurons in one group, of 3 inputs: two bits of a row's word are read, a pass takes six of"
    " the register, and where a group starts is never gone back to; the bench of `signs` goes on"
)
_FINER = "the products read the six upper bits of eight, the others are there for changes"
_MUTANTS = {
    ("mac_array-plain-1", _SIGNS): [
        "cnot0 -module mac_array_sign_source -cell $procmux$378 -port Y -portbit 14 -ctrlbit 6",
        "inv -module mac_array_sign_source -cell $procdff$500"
        " -port Q -portbit 26 -wire group_ahead_1 -wirebit 24",
        "const1 -module mac_array_sign_source -cell $procmux$372"
        " -port A -portbit 22 -wire word_1_0 -wirebit 22",
        "const1 -module mac_array_sign_source -cell $xor$whole.v:444$115"
        " -port A -portbit 0 -wire _14_ -wirebit 0",
        "const1 -module mac_array_sign_source -cell $procmux$368"
        " -port A -portbit 5 -wire word_0_0 -wirebit 5",
    ],
    ("matrix_feedback-matrix-1", _FINER): [
        "cnot0 -module matrix_feedback -cell matrix"
        " -port words -portbit 17 -ctrlbit 9 -wire words -wirebit 17",
    ],
    ("step_error-lanes", _CREDITS): [
        "const1 -module step_error_results_buffer_buffer -cell $and$whole.v:1146$481"
        " -port B -portbit 0 -wire inputs__ready -wirebit 0",
    ],
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
