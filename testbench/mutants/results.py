"""The results file, and the table made of it."""

import json
from collections.abc import Iterable
from pathlib import Path

from dualspike.testbench.mutants.campaign import Outcome
from dualspike.testbench.mutants.reasons import REASONS


def read(path: Path) -> list[Outcome]:
    """The outcomes in a file, a mutant's last line counts; none if there is no file."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").splitlines(keepends=True)
    found = [Outcome(**json.loads(line)) for line in lines if line.endswith("\n")]
    return list({(one.where, one.mutant): one for one in found}.values())


def table(found: Iterable[Outcome]) -> tuple[list[str], list[Outcome]]:
    """Lines by component and in all, and the survivors without a reason."""
    by_name: dict[str, list[Outcome]] = {}
    for one in found:
        by_name.setdefault(one.where, []).append(one)
    by_name["**all**"] = [one for group in by_name.values() for one in group]
    lines = [
        "| component | mutants | harmless, proved | found | with a reason | survivors |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, group in by_name.items():
        proved = sum(bool(one.proved) for one in group)
        killed = sum(bool(one.found) for one in group)
        alive = [one for one in group if one.survives]
        reasoned = sum((one.where, one.mutant) in REASONS for one in alive)
        counts = len(group), proved, killed, reasoned, len(alive) - reasoned
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |")
    everything = by_name["**all**"]
    return lines, [
        one for one in everything if one.survives and (one.where, one.mutant) not in REASONS
    ]
