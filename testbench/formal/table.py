"""Every proof there is."""

from dualspike.testbench.formal.claims import Proof
from dualspike.testbench.formal.proofs import (
    axi_streams,
    bridges,
    fork,
    frames,
    groups,
    interrupts,
    link,
    membranes,
    memories,
    multipliers,
    numbers,
    protection,
    queues,
    random_words,
    sequencers,
)

_FILES = (
    queues,
    fork,
    frames,
    groups,
    memories,
    sequencers,
    bridges,
    interrupts,
    axi_streams,
    link,
    numbers,
    multipliers,
    membranes,
    random_words,
    protection,
)

PROOFS: list[Proof] = [proof for file in _FILES for proof in file.PROOFS]
FAMILIES = [file.FAMILY for file in _FILES]
