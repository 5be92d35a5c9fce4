"""The mutation score: ``python -m dualspike.testbench.mutants FOLDER``.

Plants mutants in a case of every bench's component and in two whole cores, and lets benches and
co-simulation look for them. mutants.jsonl in FOLDER gets a line for each as it ends; what is in it
already is not tried again, unless the component has changed since, or the mutant has survived and
the benches have.
Prints a table by component, and the survivors that have no reason (`reasons`): with any, exit
status 1.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from dualspike.testbench.arguments import folder_of
from dualspike.testbench.mutants.campaign import Outcome, line_of, outcomes, proofs
from dualspike.testbench.mutants.cores import CORE_COUNT, CORES, core_outcomes
from dualspike.testbench.mutants.results import read, table
from dualspike.testbench.mutants.targets import COUNT, TARGETS


def _ending(results: Path) -> Iterator[Outcome]:
    """All mutants before their benches, and then what no bench has found before the solver."""
    for target in TARGETS:
        known = {one.mutant for one in target.still(read(results))}
        yield from outcomes(target, COUNT, known)
    for core in CORES:
        known = {one.mutant for one in core.still(read(results))}
        yield from core_outcomes(core, CORE_COUNT, known)
    for target in (*TARGETS, *CORES):
        own = target.still(read(results))
        yield from proofs(
            target, [one.mutant for one in own if one.survives and one.proved is None]
        )


def main(arguments: Sequence[str]) -> int:
    """Try them."""
    folder = folder_of(arguments, "mutants", __doc__)
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "mutants.jsonl"
    with results.open("a", encoding="utf-8") as file:
        for outcome in _ending(results):
            file.write(line_of(outcome))
            file.flush()
    found = read(results)
    targets = (*TARGETS, *CORES)
    lines, survivors = table([one for target in targets for one in target.still(found)])
    print("\n".join(lines))
    for one in survivors:
        print(f"{one.where}: {one.mutant}", file=sys.stderr)
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
