"""Every proof there is."""

from dualspike.testbench.formal.claims import Proof
from dualspike.testbench.formal.proofs import (
    bridges,
    fork,
    membranes,
    numbers,
    protection,
    queues,
    random_words,
)

_FILES = (queues, fork, bridges, numbers, membranes, random_words, protection)

PROOFS: list[Proof] = [proof for file in _FILES for proof in file.PROOFS]
FAMILIES = [file.FAMILY for file in _FILES]
