"""Mutants that survive, and why none of the benches need find them.

A key is a target's name and a line of Yosys; a test fails when there is no such mutant any more.
"""

_CREDITS = (
    "what comes to a credit buffer has a place there, as is proved of it, so ready is 1 by then"
)
_UNREAD = "signs of structure factored go by chunk and group, and nothing asks where a pass ends"
_LOWER = (
    "half a unit is added to a product before its last bits are cut off, so only the bit of that"
    " half and those above it are ever seen"
)
_OWN = "a tangent that begins here is at most 1 a step, so in four steps it comes to no end"
_USED = "a mean is summed in the clock after it was taken and never again, so it may change then"
_PLACES = (
    "a group comes only where all its rows have places behind the serializer, as `admission` shows,"
    " so no row ever stands there"
)
_FINER = "the products read the six upper bits of eight, the others are there for changes"
_MUTANTS = {
    ("mac_array-folded-1", _UNREAD): [
        "const1 -module mac_array_sign_walk -cell $and$whole.v:1277$381"
        " -port Y -portbit 0 -wire last_row -wirebit 0",
    ],
    ("inference-rest", _USED): [
        "const0 -module core_part_1_dense_1_requantizer -cell $procmux$3766 -port A -portbit 15",
    ],
    ("neuron-folded-0", _LOWER): [
        "inv -module neuron_multiplier_0_0 -cell multiplier_s9_u7_1"
        " -port product_0 -portbit 3 -wire product -wirebit 3",
    ],
    ("perturbed_neuron-sample-1", _LOWER): [
        "const1 -module perturbed_neuron_neuron_multiplier_0_0 -cell multiplier_s6_u8_2"
        " -port product_0 -portbit 2 -wire product -wirebit 2",
    ],
    ("perturbed_neuron-sample-1", _OWN): [
        "cnot0 -module perturbed_neuron_neuron -cell $ternary$whole.v:1048$604"
        " -port A -portbit 1 -ctrlbit 4 -wire _127_ -wirebit 1",
    ],
    ("dense-folded-0", _PLACES): [
        "cnot1 -module dense_serializer -cell $procmux$1351 -port A -portbit 2 -ctrlbit 15",
    ],
    ("matrix_feedback-matrix-1", _FINER): [
        "cnot0 -module matrix_feedback -cell matrix"
        " -port words -portbit 17 -ctrlbit 9 -wire words -wirebit 17",
    ],
    ("step_error-lanes", _CREDITS): [
        "const1 -module step_error_results_buffer_buffer -cell $and$whole.v:1146$481"
        " -port B -portbit 0 -wire inputs__ready -wirebit 0",
    ],
}

REASONS: dict[tuple[str, str], str] = {
    (where, f"mutate -mode {line}"): reason
    for (where, reason), lines in _MUTANTS.items()
    for line in lines
}
