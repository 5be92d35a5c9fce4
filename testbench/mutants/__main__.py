"""The mutation score: ``python -m dualspike.testbench.mutants FOLDER [COMPONENT ...]``.

Plants mutants in a case of every bench's component and in two whole cores, and lets benches and
co-simulation look for them. mutants.jsonl in FOLDER gets a line for each as it ends; what is in it
already is not tried again, unless the component has changed since, or the mutant has survived and
the benches have. Components, by their names in the table, are tried alone if any are given.
Prints a table by component, and the survivors that have no reason (`reasons`): with any, exit
status 1.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from dualspike.testbench.arguments import folder_parser
from dualspike.testbench.mutants.campaign import Outcome, Target, line_of, outcomes, proofs
from dualspike.testbench.mutants.cores import CORE_COUNT, CORES, Core, core_outcomes
from dualspike.testbench.mutants.results import read, table
from dualspike.testbench.mutants.targets import COUNT, TARGETS


def _ending(results: Path, chosen: Sequence[Target | Core]) -> Iterator[Outcome]:
    """All mutants before their tests, and then what no test has found before the solver."""
    for target in chosen:
        known = {one.mutant for one in target.still(read(results))}
        if isinstance(target, Core):
            yield from core_outcomes(target, CORE_COUNT, known)
        else:
            yield from outcomes(target, COUNT, known)
    for target in chosen:
        own = target.still(read(results))
        yield from proofs(
            target, [one.mutant for one in own if one.survives and one.proved is None]
        )


def _named(text: str) -> Target | Core:
    """One of them by its name in the table."""
    there = {one.name: one for one in (*TARGETS, *CORES)}
    if text not in there:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(there)}")
    return there[text]


def main(arguments: Sequence[str]) -> int:
    """Try them."""
    parser = folder_parser("mutants", __doc__)
    parser.add_argument(
        "only", type=_named, nargs="*", metavar="COMPONENT", help="not all: this one"
    )
    given = parser.parse_args(arguments)
    folder, chosen = given.folder, given.only or (*TARGETS, *CORES)
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "mutants.jsonl"
    with results.open("a", encoding="utf-8") as file:
        for outcome in _ending(results, chosen):
            file.write(line_of(outcome))
            file.flush()
    found = read(results)
    lines, survivors = table([one for target in chosen for one in target.still(found)])
    print("\n".join(lines))
    for one in survivors:
        print(f"{one.where}: {one.mutant}", file=sys.stderr)
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
