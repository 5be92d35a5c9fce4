"""Damage files and see what dualspike makes of them; the exit status is 1 if it was ever wrong.

python -m tests.hostile all CASES [JOBS]         so many over all kinds, in so many processes
python -m tests.hostile one KIND NUMBER DIR      one case once more; its files stay in DIR
"""

import argparse
import gc
import os
import shlex
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "NUMBA")})

from dualspike.testbench.arguments import count, folder

from .kinds import KINDS
from .trial import Case, Good, Kind, tried

CHUNK = 20
"""Cases that a process is given at once."""

SHOWN = 3
"""Faults of a kind and sort that are printed."""

Task = tuple[str, range]

goods: dict[str, Good] = {}
"""What processes find here when they begin."""


def asked(words: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="all | one")
    every = commands.add_parser("all", description="Cases over all kinds.")
    every.add_argument("cases", type=count, metavar="CASES")
    every.add_argument("jobs", type=count, nargs="?", default=1, metavar="JOBS")
    one = commands.add_parser("one", description="One case once more.")
    one.add_argument("kind", choices=[kind.name for kind in KINDS], metavar="KIND")
    one.add_argument("number", type=int, metavar="NUMBER")
    one.add_argument("keep", type=folder, metavar="DIR", help="where its files stay")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    what = asked(words)
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        if what.command == "one":
            return again(what.kind, what.number, what.keep, Path(name))
        return many(what.cases, what.jobs, Path(name))


def many(wanted: int, jobs: int, room: Path, kinds: tuple[Kind, ...] = KINDS) -> int:
    """Try ``wanted`` cases over all kinds, print the faults, then a table."""
    began = time.monotonic()
    for kind in kinds:
        goods[kind.name] = Good.of(kind, room)
    print(f"{len(goods)} kinds of good files in {time.monotonic() - began:.0f} s", flush=True)
    gc.freeze()  # or every child would copy all pages at its first collection
    each = -(-wanted // len(goods))
    chunks = [
        (name, range(n, min(n + CHUNK, each))) for name in goods for n in range(0, each, CHUNK)
    ]
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in goods}
    with get_context("fork").Pool(jobs) as pool:
        for cases in pool.imap(_tried, chunks):
            for case in cases:
                _note(case, outcomes[case.kind])
    faults = _table(outcomes)
    spent = time.monotonic() - began
    print(f"{each * len(goods):,} cases in {spent:.0f} s, {faults} of them wrong")
    return 1 if faults else 0


def again(kind_name: str, number: int, keep: Path, room: Path) -> int:
    """Try one case and print all that came of it."""
    kind = next(kind for kind in KINDS if kind.name == kind_name)
    case = tried(Good.of(kind, room), number, keep)
    print(f"{kind.file} is in {keep}, damage: {case.damage}")
    print(f"exit status {case.outcome.status}, {case.outcome.peak >> 20} MiB")
    print(case.outcome.stderr, end="")
    print(f"fault: {case.fault}" if case.fault else "as it must be")
    return 1 if case.fault else 0


def _tried(task: Task) -> list[Case]:
    name, numbers = task
    return [tried(goods[name], number) for number in numbers]


def _note(case: Case, counts: Counter[str]) -> None:
    status = case.outcome.status
    word = case.fault.partition(":")[0] if case.fault else {0: "read", 2: "refused"}[status or 0]
    counts[word] += 1
    if case.fault and counts[word] <= SHOWN:
        once_more = shlex.join([case.kind, str(case.number)])
        print(
            f"{case.fault} ({case.damage}): python -m tests.hostile one {once_more} DIR", flush=True
        )


def _table(outcomes: dict[str, Counter[str]]) -> int:
    """Print the outcomes of every kind; returns how many were faults."""
    words = ["read", "refused"]
    words += sorted({word for counts in outcomes.values() for word in counts} - set(words))
    widest = max(map(len, outcomes))
    print(" " * widest, *(f"{word:>9}" for word in words))
    for name, counts in outcomes.items():
        print(f"{name:{widest}}", *(f"{counts[word]:9,}" for word in words))
    return sum(counts[word] for counts in outcomes.values() for word in words[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
