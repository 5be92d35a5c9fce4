"""All proofs, one after the other: ``python -m dualspike.testbench.formal FOLDER``.

Prints a row for each family and writes proofs.json there, with the claims of every proof, how they
are proved, and the solver. Exit status 1 with the name of the first that does not hold.
"""

import json
import sys
import time
from collections.abc import Sequence

from dualspike.boards.flow.tools import YOSYS, release
from dualspike.testbench.arguments import folder_of
from dualspike.testbench.formal.prove import NotProvedError, prove
from dualspike.testbench.formal.table import FAMILIES, PROOFS


def main(arguments: Sequence[str]) -> int:
    """Prove them in ``arguments[0]``."""
    folder = folder_of(arguments, "formal", __doc__)
    folder.mkdir(parents=True, exist_ok=True)
    print("| family | proofs | claims | by induction | seconds |\n|---|--:|--:|--:|--:|")
    for family in FAMILIES:
        proofs = [proof for proof in PROOFS if proof.family == family]
        begin = time.monotonic()
        try:
            prove(proofs, folder)
        except NotProvedError as failed:
            print(failed, file=sys.stderr)
            return 1
        claims = [len(proof.claims) for proof in proofs]
        by_induction = sum(n for n, one in zip(claims, proofs, strict=True) if one.steps)
        seconds = time.monotonic() - begin
        print(f"| {family} | {len(proofs)} | {sum(claims)} | {by_induction} | {seconds:.0f} |")
    record = {
        "tool": release(YOSYS),
        "proofs": [
            {
                "name": proof.name,
                "family": proof.family,
                "method": "induction" if proof.steps else "all inputs",
                "claims": proof.claims,
            }
            for proof in PROOFS
        ],
    }
    (folder / "proofs.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
