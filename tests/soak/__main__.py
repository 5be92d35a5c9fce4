"""Co-simulate random descriptions for long; exit status 1 if a bit ever differed.

python -m tests.soak COUNT UPDATES FOLDER

So many descriptions, so many updates each, one after the other. soak.jsonl in FOLDER gets a line
for each as it ends; what is in it already is not run again. Simulators are built in FOLDER/cache.
"""

import argparse
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "NUMBA")})

from dualspike.testbench.arguments import count, folder
from tests.soak.runs import commit_of, left, line_of, read, run


def asked(words: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("count", type=count, metavar="COUNT", help="descriptions")
    parser.add_argument("updates", type=count, metavar="UPDATES", help="of each")
    parser.add_argument("folder", type=folder, metavar="FOLDER", help="where results are kept")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run what is left, and sum all that there is."""
    what = asked(words)
    what.folder.mkdir(parents=True, exist_ok=True)
    results, commit = what.folder / "soak.jsonl", commit_of(Path(__file__).parent)
    with results.open("a", encoding="utf-8") as file:
        for draw in left(what.count, what.updates, read(results)):
            one = run(draw, what.updates, commit)
            file.write(line_of(one))
            file.flush()
            if one.difference:
                print(f"{one.draw} {one.seed}: {one.difference}", file=sys.stderr)
    found = read(results)
    wrong = sum(bool(one.difference) for one in found)
    total = f"{sum(one.updates for one in found):,} updates, {sum(one.clocks for one in found):,}"
    print(f"{len(found)} descriptions, {total} clocks, {wrong} of them not as the model")
    return int(bool(wrong))


if __name__ == "__main__":
    cache = asked(sys.argv[1:]).folder / "cache"
    os.environ.setdefault("DUALSPIKE_CACHE", str(cache.resolve()))
    sys.exit(main(sys.argv[1:]))
